package probe_test

import (
	"strings"
	"testing"
	"time"

	"drillbook/harness/probe"
	"drillbook/harness/record"
)

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
