package probe_test

import (
	"context"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"drillbook/harness/driver"
	"drillbook/harness/probe"
	"drillbook/harness/record"
)

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

// A server that is slow for a few is not asked to open everybody's sessions anew.
func TestSessionsThatAnswerAreKept(t *testing.T) {
	var opened, failed int
	_, err := run(t, stream(record.Write, ""), func(b *bench) {
		after(time.Second)
		b.mu.Lock()
		b.mood, b.uses = patchy, 0
		before := b.opened
		b.mu.Unlock()
		after(3 * time.Second)
		b.mu.Lock()
		defer b.mu.Unlock()
		opened, failed = b.opened-before, b.uses/20
	})
	if err != nil {
		t.Error(err)
	}
	if failed < 20 || opened > failed+5 {
		t.Errorf("%d sessions were opened for %d that failed", opened, failed)
	}
}

// The first sessions are open before the first attempt leaves.
func TestFirstSessionsAreOpen(t *testing.T) {
	var opened int
	_, err := run(t, stream(record.Write, ""), func(b *bench) {
		b.mu.Lock()
		defer b.mu.Unlock()
		opened = b.opened
	})
	if err != nil || opened < 2 {
		t.Errorf("%d sessions are open as the probe starts (%v), want some", opened, err)
	}
}

// A server that was busy with something else for a moment must get out of what
// its clients then asked of it, and gave up.
func TestBusyServerIsNotOverloaded(t *testing.T) {
	st := stream(record.Write, "")
	_, err := run(t, st, func(b *bench) {
		after(time.Second)
		b.mu.Lock()
		b.mood, b.ready = slow, time.Now().Add(3*st.Connect)
		b.starts++
		b.mu.Unlock()
		after(3 * time.Second)
		if h, now := b.probe.Health(0); !h.Served(now, 500*ms) {
			t.Errorf("not served 3 s later: %+v", h)
		}
	})
	if err != nil {
		t.Error(err)
	}
}

// When it comes back, a server must be able to: only few sessions may be
// opened at the same time.
func TestReopeningIsBounded(t *testing.T) {
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

// deaf does not obey its context.
type deaf struct{ driver.Session }

func (deaf) Write(context.Context, driver.Token) (driver.Ack, error) {
	<-time.After(time.Hour)
	return driver.Ack{}, nil
}

func (deaf) Close() error { return nil }

func TestStopDoesNotWaitForHungSessions(t *testing.T) {
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
