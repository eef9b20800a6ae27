package probe_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
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
	uses    int
	starts  int       // how often it was started anew, which ends all sessions
	ready   time.Time // when a slow one will have done what it was given so far
	most    int       // sessions that were open at once
	changed chan struct{}
}

type mood int

const (
	well     mood = iota
	refusing      // answers every write with a refusal
	hanging       // accepts connections and answers nothing
	gone          // nothing answers at its address
	broken        // ends every session at its next use
	patchy        // hangs for one use in twenty
	slow          // opens one session after the other, also those given up
)

// opening is what a slow server takes to open a session.
const opening = 30 * ms

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
	if err := s.queue(ctx); err != nil {
		s.count(-1)
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return &session{s: s, start: s.starts}, nil
}

// queue waits until a slow server has come to opening a session.
func (s *server) queue(ctx context.Context) error {
	s.mu.Lock()
	if s.mood != slow {
		s.mu.Unlock()
		return nil
	}
	if now := time.Now(); s.ready.Before(now) {
		s.ready = now
	}
	s.ready = s.ready.Add(opening)
	turn := time.NewTimer(time.Until(s.ready))
	s.mu.Unlock()
	defer turn.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-turn.C:
		return nil
	}
}

func (s *server) count(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.open += n
	s.opened += max(n, 0)
	s.most = max(s.most, s.open)
}

type session struct {
	s     *server
	start int // of the server
	once  sync.Once
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
	c.s.uses++
	if c.start != c.s.starts {
		return errors.Join(errors.New("connection reset"), driver.ErrBroken)
	}
	if c.s.mood == patchy && c.s.uses%20 == 0 {
		c.s.mu.Unlock()
		<-ctx.Done()
		c.s.mu.Lock()
		return errors.Join(ctx.Err(), driver.ErrBroken)
	}
	switch c.s.mood {
	case refusing:
		return fmt.Errorf("%w: read-only", driver.ErrRefused)
	case broken:
		return errors.Join(errors.New("connection reset"), driver.ErrBroken)
	case well, hanging, gone, patchy, slow:
	}
	return nil
}

func (c *session) Write(ctx context.Context, _ driver.Token) (driver.Ack, error) {
	return driver.Ack{Member: "b", Epoch: 7}, c.use(ctx)
}

func (c *session) Read(ctx context.Context, _ string, _ int) (driver.Seen, error) {
	return driver.Seen{Seq: 3, Member: "a"}, c.use(ctx)
}

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
