package measure_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"drillbook/harness/measure"
	"drillbook/harness/record"
)

const ms = time.Millisecond

// manner is how a service is down.
type manner string

const (
	refuses   manner = "refuses"   // says no at once
	hangs     manner = "hangs"     // holds what it gets and answers when it is back
	swallows  manner = "swallows"  // what is sent is gone
	shuts     manner = "shuts"     // the same, but all after the first connect, and their driver gives up by itself
	untouched manner = "untouched" // it is not down at all
)

// down is a time in which the service is down.
type down struct {
	from, to time.Duration
	how      manner
}

// patience is how long a driver waits for a server that is shut.
const patience = 100 * ms

// world is a service and the stream that probes it, with times that are known.
type world struct {
	interval, latency, jitter, reply time.Duration
	length                           time.Duration
	downs                            []down
}

func (w world) at(t time.Duration) down {
	for _, d := range w.downs {
		if t >= d.from && t < d.to {
			return d
		}
	}
	return down{how: untouched}
}

// record plays the world.
func (w world) record(r *rand.Rand) *record.Record {
	rec := &record.Record{
		Head: record.Head{
			Schema: 1, Members: []string{"a", "b"}, Promise: record.Promise{RTO: time.Second, RPO: 0},
			Streams: []record.Stream{{
				Name: "write", Kind: record.Write, Interval: w.interval, Connect: w.reply, Reply: w.reply, Sessions: 50,
			}},
			Settings: record.Settings{Settle: time.Second, Baseline: time.Second},
		},
		Causes: []string{"", "refused"},
		Tail:   &record.Tail{At: w.length},
	}
	if len(w.downs) > 0 {
		rec.Events = []record.Event{{At: w.downs[0].from, Kind: record.Decided, Member: "b"}}
	}
	intended := time.Duration(r.Int64N(int64(w.interval)))
	for seq := uint32(1); intended < w.length-w.reply; seq++ {
		late := time.Duration(r.Int64N(int64(w.interval/10 + 1)))
		a := record.Attempt{Seq: seq, Intended: intended, Sent: intended + late}
		w.answer(&a, w.latency+time.Duration(r.Int64N(int64(w.jitter+1))))
		rec.Attempts = append(rec.Attempts, a)
		intended += w.interval
	}
	slices.SortStableFunc(rec.Attempts, func(a, b record.Attempt) int { return int(a.Done - b.Done) })
	return rec
}

// answer plays one attempt: it meets the service after half of its latency.
func (w world) answer(a *record.Attempt, latency time.Duration) {
	met := a.Sent + latency/2
	d := w.at(met)
	a.Done = a.Sent + latency
	switch d.how {
	case untouched:
		a.Outcome, a.Member, a.Epoch = record.Acked, 1, 1
		return
	case refuses:
		a.Outcome, a.Cause = record.Refused, 1
		return
	case hangs:
		if back := d.to + latency/2; back-a.Sent < w.reply {
			a.Done, a.Outcome, a.Member, a.Epoch = back, record.Acked, 1, 1
			return
		}
	case swallows:
	case shuts:
		if met < d.from+2*w.interval { // sessions are at hand
			break
		}
		back := d.to + w.interval // by then somebody has a session, which whoever waits may use
		if a.Done = back + latency; back-a.Sent < patience {
			a.Wait = uint32((back - a.Sent) / time.Microsecond)
			a.Outcome, a.Member, a.Epoch = record.Acked, 1, 1
			return
		}
		a.Done, a.Outcome, a.Cause = a.Sent+patience, record.Refused, 1
		return
	}
	a.Done, a.Outcome, a.Expired = a.Sent+w.reply, record.Unknown, true
}

func TestBracketHoldsTheTruth(t *testing.T) {
	for _, how := range []manner{refuses, hangs, swallows, shuts} {
		for _, rate := range []int{100, 200, 500} {
			for _, length := range []time.Duration{15 * ms, 60 * ms, 240 * ms, 700 * ms, 3 * time.Second} {
				t.Run(fmt.Sprintf("%s for %s at %d a second", how, length, rate), func(t *testing.T) {
					for seed := range uint64(20) {
						holdsTheTruth(t, seed, rate, down{from: 1500 * ms, to: 1500*ms + length, how: how})
					}
				})
			}
		}
	}
}

func holdsTheTruth(t *testing.T, seed uint64, rate int, d down) {
	t.Helper()
	r := rand.New(rand.NewPCG(seed, 1))
	shift := time.Duration(r.Int64N(int64(20 * ms)))
	d.from, d.to = d.from+shift, d.to+shift
	interval := time.Second / time.Duration(rate)
	w := world{
		interval: interval, latency: 800 * time.Microsecond, jitter: 400 * time.Microsecond, reply: 250 * ms,
		length: d.to + 2*time.Second, downs: []down{d},
	}
	got := measure.Of(w.record(r))
	truth := d.to - d.from
	if got.Downtime.Count != 1 {
		t.Fatalf("seed %d: %d outages, want 1: %+v", seed, got.Downtime.Count, got.Outages)
	}
	o := got.Downtime.Longest
	if o.Open || o.Least > truth || o.Most < truth {
		t.Errorf("seed %d: %s to %s (open %v), want a closed bracket around %s", seed, o.Least, o.Most, o.Open, truth)
	}
	if excess, bound := o.Most-truth, 2*interval+4*ms; excess > bound {
		t.Errorf("seed %d: the bracket ends %s above %s, want at most %s", seed, excess, truth, bound)
	}
	if short, bound := truth-o.Least, 2*interval+6*ms; short > bound {
		t.Errorf("seed %d: the bracket begins %s below %s, want at most %s", seed, short, truth, bound)
	}
}

// stand has the harness stand still: what was to leave meanwhile leaves behind it,
// and what arrived meanwhile is read then, or has expired.
func (w world) stand(r *rand.Rand, rec *record.Record, stall measure.Span) {
	meanwhile := func(t time.Duration) bool { return t >= stall.From && t < stall.To }
	behind := func() time.Duration { return stall.To + time.Duration(r.Int64N(int64(ms))) }
	for i := range rec.Attempts {
		a := &rec.Attempts[i]
		switch {
		case meanwhile(a.Sent):
			*a = record.Attempt{Seq: a.Seq, Intended: a.Intended, Sent: behind()}
			w.answer(a, w.latency)
		case meanwhile(a.Done):
			a.Done = behind()
			if a.Outcome == record.Acked && a.Done-a.Sent > w.reply && r.IntN(2) == 0 {
				a.Outcome, a.Expired, a.Member, a.Epoch = record.Unknown, true, 0, 0
			}
		}
	}
	slices.SortStableFunc(rec.Attempts, func(a, b record.Attempt) int { return int(a.Done - b.Done) })
	rec.Events = append(rec.Events, record.Event{At: stall.To, Kind: record.Stall, Took: stall.To - stall.From})
}

func TestBracketHoldsTheTruthOverAStall(t *testing.T) {
	for seed := range uint64(400) {
		r := rand.New(rand.NewPCG(seed, 9))
		how := []manner{refuses, hangs, swallows}[seed%3]
		truth := []time.Duration{15 * ms, 60 * ms, 240 * ms, 700 * ms, 3 * time.Second}[r.IntN(5)]
		d := down{from: 1500 * ms, to: 1500*ms + truth, how: how}
		w := world{
			interval: 5 * ms, latency: 800 * time.Microsecond, jitter: 400 * time.Microsecond, reply: 250 * ms,
			length: d.to + 2*time.Second, downs: []down{d},
		}
		rec := w.record(r)
		from := 1400*ms + time.Duration(r.Int64N(int64(truth+200*ms)))
		w.stand(r, rec, measure.Span{From: from, To: from + 15*ms + time.Duration(r.Int64N(int64(400*ms)))})
		got := measure.Of(rec)
		for _, o := range got.Outages {
			if o.Least > truth {
				t.Errorf("seed %d: %s for %s is measured as %+v", seed, how, truth, o)
			}
		}
	}
}

func TestHealthyServiceHasNoOutage(t *testing.T) {
	for seed := range uint64(50) {
		r := rand.New(rand.NewPCG(seed, 2))
		w := world{interval: 5 * ms, latency: ms, jitter: 3 * ms, reply: 250 * ms, length: 10 * time.Second}
		if got := measure.Of(w.record(r)); len(got.Outages) > 0 {
			t.Errorf("seed %d: outages %+v, want none", seed, got.Outages)
		}
	}
}

func play(downs ...down) measure.Result {
	w := world{interval: 5 * ms, latency: ms, jitter: ms, reply: 250 * ms, length: 10 * time.Second, downs: downs}
	return measure.Of(w.record(rand.New(rand.NewPCG(1, 1))))
}

func TestOutagesApartAndTogether(t *testing.T) {
	for _, tt := range []struct {
		name     string
		downs    []down
		count    int
		relapses int
	}{
		{"two that are far apart", []down{{2000 * ms, 2300 * ms, refuses}, {5000 * ms, 5200 * ms, refuses}}, 2, 0},
		{"a relapse while settling", []down{{2000 * ms, 2300 * ms, refuses}, {2800 * ms, 2900 * ms, refuses}}, 1, 1},
		{"just settled", []down{{2000 * ms, 2300 * ms, refuses}, {3400 * ms, 3500 * ms, refuses}}, 2, 0},
		{"flapping", []down{
			{2000 * ms, 2200 * ms, refuses},
			{2500 * ms, 2600 * ms, swallows},
			{3000 * ms, 3100 * ms, hangs},
			{3500 * ms, 4500 * ms, refuses},
		}, 1, 2}, // the short hang fails nobody, so it is no relapse
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := play(tt.downs...)
			if got.Downtime.Count != tt.count {
				t.Fatalf("%d outages, want %d: %+v", got.Downtime.Count, tt.count, got.Outages)
			}
			if o := got.Outages[0]; o.Relapses != tt.relapses {
				t.Errorf("%d relapses, want %d", o.Relapses, tt.relapses)
			}
			first, last := tt.downs[0], tt.downs[len(tt.downs)-1]
			if tt.count == 1 && got.Outages[0].Most < last.to-first.from {
				t.Errorf("most = %s, want at least %s", got.Outages[0].Most, last.to-first.from)
			}
		})
	}
}

func TestOpenOutage(t *testing.T) {
	for _, tt := range []struct {
		name  string
		down  down
		least time.Duration
	}{
		{"that never ends", down{4 * time.Second, time.Hour, refuses}, 5500 * ms},
		{"that never ends, swallowed", down{4 * time.Second, time.Hour, swallows}, 5500 * ms},
		{"that ended too late to say that it is over", down{4 * time.Second, 9500 * ms, refuses}, 5400 * ms},
		{"from the start", down{0, time.Hour, refuses}, 9500 * ms},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := play(tt.down)
			if got.Downtime.Count != 1 || !got.Downtime.Open {
				t.Fatalf("downtime = %+v, want one open outage", got.Downtime)
			}
			if got.Downtime.Longest.Least < tt.least {
				t.Errorf("least = %s, want at least %s", got.Downtime.Longest.Least, tt.least)
			}
			if got.Verdict == measure.Met {
				t.Error("an open outage was called met")
			}
		})
	}
}

// A service that hangs from the start may answer the first of all attempts last.
func TestOutageFromTheStart(t *testing.T) {
	s := tell().attempt(0, 1, 10, record.Acked, took(200*ms)).attempt(0, 20, 200, record.Acked)
	for at := 210; at < 4000; at += 10 {
		s.attempt(0, uint32(at/10), at, record.Acked)
	}
	slices.SortStableFunc(s.rec.Attempts, func(a, b record.Attempt) int { return int(a.Done - b.Done) })
	if got := s.decided("b", 3000).measure().Downtime; got.Count != 1 || got.Longest.Most != 191*ms {
		t.Errorf("downtime = %+v, want one outage from the first attempt to the first answer", got)
	}
}
