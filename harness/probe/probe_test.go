package probe_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"drillbook/harness/driver"
	"drillbook/harness/probe"
	"drillbook/harness/record"
)

const ms = time.Millisecond

// server is a service in memory whose behavior changes.
type server struct {
	mu      sync.Mutex // guards all below
	mood    mood
	opened  int
	open    int
	most    int // sessions that were open at once
	changed chan struct{}
}

type mood int

const (
	well     mood = iota
	refusing      // answers every write with a refusal
	hanging       // accepts connections and answers nothing
	gone          // nothing answers at its address
	broken        // ends every session at its next use
)

func newServer() *server { return &server{changed: make(chan struct{})} }

func (s *server) set(m mood) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mood = m
	close(s.changed)
	s.changed = make(chan struct{})
}

// until waits while the server is in one of the moods, or until ctx ends.
func (s *server) until(ctx context.Context, moods ...mood) error {
	for {
		s.mu.Lock()
		held := false
		for _, m := range moods {
			held = held || s.mood == m
		}
		changed := s.changed
		s.mu.Unlock()
		if !held {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-changed:
		}
	}
}

func (s *server) connect(ctx context.Context, reached func(context.Context) error) (driver.Session, error) {
	if err := s.until(ctx, gone); err != nil {
		return nil, err
	}
	if err := reached(ctx); err != nil {
		return nil, err
	}
	s.count(1)
	if err := s.until(ctx, hanging, gone); err != nil {
		s.count(-1)
		return nil, err
	}
	return &session{s: s}, nil
}

func (s *server) count(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.open += n
	s.opened += max(n, 0)
	s.most = max(s.most, s.open)
}

type session struct {
	s    *server
	once sync.Once
}

func (c *session) use(ctx context.Context) error {
	if err := c.s.until(ctx, hanging, gone); err != nil {
		return errors.Join(err, driver.ErrBroken)
	}
	t := time.NewTimer(ms)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
	}
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	switch c.s.mood {
	case refusing:
		return fmt.Errorf("%w: read-only", driver.ErrRefused)
	case broken:
		return errors.Join(errors.New("connection reset"), driver.ErrBroken)
	case well, hanging, gone:
	}
	return nil
}

func (c *session) Write(ctx context.Context, _ driver.Token) (driver.Ack, error) {
	return driver.Ack{Member: "b", Epoch: 7}, c.use(ctx)
}

func (c *session) Read(ctx context.Context, _ string, _ int) (uint32, error) { return 3, c.use(ctx) }

func (c *session) Role(ctx context.Context) (driver.Role, error) { return driver.Primary, c.use(ctx) }

func (c *session) Tokens(ctx context.Context, _ string) ([]driver.Stored, error) {
	return nil, c.use(ctx)
}

func (c *session) Close() error {
	c.once.Do(func() { c.s.count(-1) })
	return nil
}

// file is where records go. What is written need not outlive the test.
type file struct{ *os.File }

func (file) Sync() error { return nil }

func newFile(t *testing.T) file {
	t.Helper()
	f, err := os.Create(filepath.Join(t.TempDir(), "record"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	return file{f}
}

// bench runs a probe with one stream against a server, in virtual time.
type bench struct {
	*server
	probe *probe.Probe
}

func stream(kind record.StreamKind, member string) record.Stream {
	return record.Stream{
		Name: "probe", Kind: kind, Member: member, Interval: 5 * ms,
		Connect: 100 * ms, Reply: 250 * ms, Sessions: probe.Sessions(5*ms, 250*ms),
	}
}

// run probes while act changes the server, and returns what was recorded.
func run(t *testing.T, st record.Stream, act func(b *bench)) (rec *record.Record, stopped error) {
	t.Helper()
	out := newFile(t)
	synctest.Test(t, func(t *testing.T) {
		head := record.Head{Members: []string{"a", "b"}, Streams: []record.Stream{st}}
		j, err := record.NewWriter(out, head)
		if err != nil {
			t.Fatal(err)
		}
		b := &bench{server: newServer()}
		b.probe, err = probe.Start(t.Context(), probe.Config{
			Run: "run", Began: time.Now(), Members: head.Members, Journal: j,
			Streams: []probe.Stream{{Stream: st, Open: b.connect}},
		})
		if err != nil {
			t.Fatal(err)
		}
		act(b)
		stopped = b.probe.Stop()
		if err := j.Close(record.Tail{}); err != nil {
			t.Fatal(err)
		}
		b.mu.Lock()
		defer b.mu.Unlock()
		if b.open != 0 {
			t.Errorf("%d sessions are still open after Stop", b.open)
		}
	})
	rec, err := record.ReadFile(out.Name())
	if err != nil {
		t.Fatal(err)
	}
	return rec, stopped
}

// count counts the attempts of an outcome that were sent in a time.
func count(rec *record.Record, from, to time.Duration, o record.Outcome) int {
	n := 0
	for _, a := range rec.Attempts {
		if a.Sent >= from && a.Sent < to && a.Outcome == o {
			n++
		}
	}
	return n
}

func after(d time.Duration) { <-time.After(d) }

func TestOpenLoop(t *testing.T) {
	for _, tt := range []struct {
		name string
		mood mood
		want record.Outcome
	}{
		{"well", well, record.Acked},
		{"refusing", refusing, record.Refused},
		{"gone", gone, record.Refused}, // nothing was sent
		{"broken", broken, record.Unknown},
	} {
		t.Run(tt.name, func(t *testing.T) {
			rec, err := run(t, stream(record.Write, ""), func(b *bench) {
				after(time.Second)
				b.set(tt.mood)
				after(2 * time.Second)
				b.set(well)
				after(time.Second)
			})
			if err != nil {
				t.Error(err)
			}
			if got := len(rec.Attempts); got < 798 || got > 802 {
				t.Errorf("%d attempts in 4s at 200/s, whatever the service did; want 800", got)
			}
			if got := count(rec, 1300*ms, 2900*ms, tt.want); got < 318 {
				t.Errorf("%d of 320 attempts %s meanwhile, want all", got, tt.want)
			}
			if got := count(rec, 3300*ms, 4*time.Second, record.Acked); got < 138 {
				t.Errorf("%d of 140 attempts acked once it was well again", got)
			}
		})
	}
}

func TestUnansweredWritesAreUnknown(t *testing.T) {
	rec, err := run(t, stream(record.Write, ""), func(b *bench) {
		after(time.Second)
		b.set(hanging)
		after(time.Second)
		b.set(well)
		after(time.Second)
	})
	if err != nil {
		t.Error(err)
	}
	unknown := 0
	for _, a := range rec.Attempts {
		if a.Outcome != record.Unknown {
			continue
		}
		unknown++
		if took := a.Done - a.Sent; !a.Expired || took > 351*ms {
			t.Errorf("attempt %d was given up after %s (expired %v), want 350ms at the most", a.Seq, took, a.Expired)
		}
	}
	if unknown == 0 {
		t.Error("no write was unknown")
	}
	if got := count(rec, 2010*ms, 3*time.Second, record.Acked); got < 196 {
		t.Errorf("%d of 198 attempts acked right after it was well again", got)
	}
}

// Service is back with its first acknowledgement, which may come long after the
// last failure.
func TestServedCountsFromTheFirstAck(t *testing.T) {
	_, err := run(t, stream(record.Write, ""), func(b *bench) {
		after(time.Second)
		b.set(refusing)
		after(100 * ms)
		b.set(hanging)
		after(200 * ms) // within the deadline: nothing fails, nothing is acked
		b.set(well)
		after(100 * ms)
		if h, now := b.probe.Health(0); h.Served(now, 200*ms) || !h.Served(now, 50*ms) {
			t.Errorf("100ms after service was back: %+v at %s, want it served for that long", h, now)
		}
	})
	if err != nil {
		t.Error(err)
	}
}

// A server that hangs must not be buried, nor the probe: whatever it gives up,
// the sessions that the server knows of, the goroutines and the memory of the
// probe stay bounded.
func TestHangIsBounded(t *testing.T) {
	st := stream(record.Write, "")
	st.Interval = 2 * ms
	st.Sessions = probe.Sessions(st.Interval, st.Reply)
	hang := time.Hour
	if testing.Short() {
		hang = 2 * time.Minute
	}
	var most, goroutines int
	var early, late uint64
	began := time.Now()
	_, err := run(t, st, func(b *bench) {
		after(time.Second)
		b.set(hanging)
		after(time.Minute)
		early = heap()
		after(hang - time.Minute)
		late, goroutines = heap(), runtime.NumGoroutine()
		b.set(well)
		after(time.Second)
		if h, now := b.probe.Health(0); !h.Served(now, 500*ms) {
			t.Errorf("not served a second after it was well again: %+v", h)
		}
		b.mu.Lock()
		defer b.mu.Unlock()
		most = b.most
	})
	if err != nil {
		t.Error(err)
	}
	if most > st.Sessions {
		t.Errorf("%d sessions were open at once, want at most %d", most, st.Sessions)
	}
	if limit := 4*st.Sessions + 50; goroutines > limit {
		t.Errorf("%d goroutines after %s of hanging, want at most %d", goroutines, hang, limit)
	}
	const growth = 8 << 20
	if late > early+growth {
		t.Errorf("%d kB in use after %s of hanging, %d kB after a minute: it grows", late>>10, hang, early>>10)
	}
	t.Logf("%s of hang at %.0f/s took %s: at most %d sessions, %d goroutines; %d kB after a minute, %d kB in the end",
		hang, 1/st.Interval.Seconds(), time.Since(began).Round(time.Second), most, goroutines, early>>10, late>>10)
}

// heap is the memory in use.
func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// When it comes back, a server must be able to: only few sessions may be
// opened at the same time.
func TestReopeningIsGentle(t *testing.T) {
	_, err := run(t, stream(record.Write, ""), func(b *bench) {
		after(time.Second)
		b.set(broken)
		after(100 * ms)
		b.set(hanging) // accepts, and is slow to open
		after(90 * ms)
		b.mu.Lock()
		open := b.open
		b.mu.Unlock()
		if open > 8 {
			t.Errorf("%d sessions are being opened at once", open)
		}
		b.set(well)
		after(time.Second)
	})
	if err != nil {
		t.Error(err)
	}
}

func TestPinnedStreamKeepsItsSessionWhenRefused(t *testing.T) {
	var opened int
	rec, err := run(t, stream(record.Write, "b"), func(b *bench) {
		after(time.Second)
		b.set(refusing)
		after(5 * time.Second)
		b.mu.Lock()
		defer b.mu.Unlock()
		opened = b.opened
	})
	if err != nil {
		t.Error(err)
	}
	if opened > 5 {
		t.Errorf("%d sessions were opened for a member that only refuses", opened)
	}
	if got := count(rec, time.Second, 6*time.Second, record.Refused); got < 990 {
		t.Errorf("%d of 1000 attempts refused", got)
	}
}

func TestAcksSayWho(t *testing.T) {
	rec, _ := run(t, stream(record.Write, ""), func(*bench) { after(time.Second) })
	for _, a := range rec.Attempts {
		if a.Outcome == record.Acked && (a.Member != 2 || a.Epoch != 7) {
			t.Fatalf("attempt %+v, want member 2, which is b, and epoch 7", a)
		}
	}
	rec, _ = run(t, stream(record.Reading, ""), func(*bench) { after(time.Second) })
	if rec.Attempts[0].Saw != 3 {
		t.Errorf("read saw %d, want 3", rec.Attempts[0].Saw)
	}
}

func TestConnectStreamOpensAnewEachTime(t *testing.T) {
	var opened int
	rec, _ := run(t, stream(record.Connect, ""), func(b *bench) {
		after(time.Second)
		b.mu.Lock()
		defer b.mu.Unlock()
		opened = b.opened
	})
	if got := count(rec, 0, time.Second, record.Acked); got < 198 || opened < 198 {
		t.Errorf("%d attempts acked over %d sessions, want about 200 each", got, opened)
	}
}

// deaf does not obey its context.
type deaf struct{ driver.Session }

func (deaf) Write(context.Context, driver.Token) (driver.Ack, error) {
	<-time.After(time.Hour)
	return driver.Ack{}, nil
}

func (deaf) Close() error { return nil }

func TestStopDoesNotWaitForTheDeaf(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		st := stream(record.Write, "")
		st.Interval = 500 * ms
		out := newFile(t)
		j, err := record.NewWriter(out, record.Head{Streams: []record.Stream{st}})
		if err != nil {
			t.Fatal(err)
		}
		p, err := probe.Start(t.Context(), probe.Config{
			Run: "run", Began: time.Now(), Journal: j,
			Streams: []probe.Stream{{
				Stream: st,
				Open: func(context.Context, func(context.Context) error) (driver.Session, error) {
					return deaf{}, nil
				},
			}},
		})
		if err != nil {
			t.Fatal(err)
		}
		after(700 * ms)
		began := time.Now()
		if err := p.Stop(); err == nil || !strings.Contains(err.Error(), "does not end with its context") {
			t.Errorf("Stop = %v, want an error that names the fault", err)
		}
		if took := time.Since(began); took > 10*time.Second {
			t.Errorf("Stop took %s", took)
		}
		if err := j.Close(record.Tail{}); err != nil {
			t.Fatal(err)
		}
		rec, err := record.ReadFile(out.Name())
		if err != nil || len(rec.Attempts) != 1 || rec.Attempts[0].Outcome != record.Unknown {
			t.Errorf("record = %+v, %v, want one unknown attempt", rec.Attempts, err)
		}
		after(2 * time.Hour) // a bubble must not end before its goroutines
	})
}

func TestCheck(t *testing.T) {
	for _, tt := range []struct {
		name  string
		spoil func(*record.Stream)
		want  string
	}{
		{"a rate of a million", func(s *record.Stream) { s.Interval = time.Microsecond }, "shorter than 1ms"},
		{"a rate of nearly nothing", func(s *record.Stream) { s.Interval = time.Minute }, "outages would go unseen"},
		{"no deadline", func(s *record.Stream) { s.Reply = 0 }, "deadlines must be positive"},
		{"no sessions", func(s *record.Stream) { s.Sessions = 0 }, "0 sessions"},
		{"too many sessions", func(s *record.Stream) { s.Sessions = 5000 }, "must be 1 to 1000"},
	} {
		st := stream(record.Write, "")
		tt.spoil(&st)
		if err := probe.Check(st); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: Check = %v, want an error that contains %q", tt.name, err, tt.want)
		}
		if _, err := probe.Start(t.Context(), probe.Config{Streams: []probe.Stream{{Stream: st}}}); err == nil {
			t.Errorf("%s: it was started all the same", tt.name)
		}
	}
}
