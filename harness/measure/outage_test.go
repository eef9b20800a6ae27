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

func TestOutageHoldsTheTruth(t *testing.T) {
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

func TestOutageHoldsTheTruthOverAStall(t *testing.T) {
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

// What expired while the harness itself stood still says nothing of the
// service.
func TestStall(t *testing.T) {
	w := world{interval: 5 * ms, latency: ms, jitter: ms, reply: 250 * ms, length: 6 * time.Second}
	stall := measure.Span{From: 3 * time.Second, To: 3500 * ms}
	rec := w.record(rand.New(rand.NewPCG(1, 1)))
	for i := range rec.Attempts {
		a := &rec.Attempts[i]
		if a.Intended < stall.From || a.Intended >= stall.To {
			continue
		}
		a.Sent = stall.To
		a.Done = stall.To + 3*ms
		if i%7 == 0 { // under way when it began: the deadline was over before the answer was read
			a.Sent, a.Done, a.Outcome, a.Expired = a.Intended, stall.To, record.Unknown, true
		}
	}
	rec.Events = append(rec.Events, record.Event{At: stall.To, Kind: record.Stall, Took: stall.To - stall.From})
	got := measure.Of(rec)
	for _, o := range got.Outages {
		if !o.Unmeasured || o.Least > 0 {
			t.Errorf("outage %+v, want none that is certain", o)
		}
	}
	if len(got.Stalls) != 1 || got.Stalls[0] != stall {
		t.Errorf("stalls = %v, want %v", got.Stalls, stall)
	}
}

// One answer that comes a little late, by a pause of the machine too short to be
// noticed, does not make an outage longer than its failures prove.
func TestAPauseBehindAnOutageIsNoPartOfIt(t *testing.T) {
	s := tell().serve(100, 2000, record.Acked).serve(2000, 3000, record.Refused)
	s.attempt(0, 300, 3000, record.Acked, took(12*ms), by(1, 1))
	got := s.serve(3010, 6000, record.Acked).decided("b", 1995).measure().Downtime
	if got.Count != 1 || got.Longest.Least > 990*ms {
		t.Errorf("downtime = %+v, want one outage that is certain from the first to the last refusal only", got)
	}
	if got.Longest.Most < 1012*ms {
		t.Errorf("most = %s, want the late answer in it", got.Longest.Most)
	}
}

// flapping is a service that is up for 20 ms of every 900 ms, for 20 s.
func flapping(how manner) world {
	w := world{
		interval: 5 * ms, latency: 800 * time.Microsecond, jitter: 400 * time.Microsecond, reply: 250 * ms,
		length: 26 * time.Second,
	}
	for from := 2 * time.Second; from < 22*time.Second; from += 900 * ms {
		w.downs = append(w.downs, down{from: from, to: from + 880*ms, how: how})
	}
	return w
}

// Stalls make it less certain for how long a service was out, and no more than that:
// they must not take its outage apart.
func TestStallsDoNotTakeAnOutageApart(t *testing.T) {
	const truth = 22*900*ms + 880*ms
	for _, tt := range []struct {
		how    manner
		stalls bool
		want   []measure.Verdict
	}{
		{swallows, false, []measure.Verdict{measure.Missed}},
		{swallows, true, []measure.Verdict{measure.Missed, measure.Unmeasurable}},
		{refuses, true, []measure.Verdict{measure.Missed}}, // refusals prove it all the same
	} {
		t.Run(fmt.Sprintf("%s, stalls: %v", tt.how, tt.stalls), func(t *testing.T) {
			w, r := flapping(tt.how), rand.New(rand.NewPCG(1, 1))
			rec := w.record(r)
			rec.Head.Promise.RTO = 5 * time.Second
			for at := 100 * ms; tt.stalls && at < w.length; at += 200 * ms {
				w.stand(r, rec, measure.Span{From: at, To: at + 12*ms})
			}
			got := measure.Of(rec)
			if l := got.Downtime.Longest; l.Open || l.Least > truth || l.Most < truth {
				t.Errorf("downtime %+v, want a bracket around %s", got.Downtime, truth)
			}
			verdict := measure.Met // of the outage alone: nobody read the copies back
			for _, why := range got.Reasons {
				switch why.Code { //nolint:exhaustive // the others are not about it
				case measure.RTOMissed:
					verdict = measure.Missed
				case measure.RTOUnclear:
					verdict = measure.Unmeasurable
				}
			}
			if !slices.Contains(tt.want, verdict) {
				t.Errorf("%s, want %v; outages %+v", verdict, tt.want, got.Outages)
			}
		})
	}
}

// What may have been the harness alone, between two outages, makes them one at most,
// and not for certain.
func TestDoubtfulFailuresProveNoOutageTogether(t *testing.T) {
	s := tell().serve(100, 2000, record.Acked).serve(2000, 2100, record.Refused).serve(2100, 2800, record.Acked).
		serve(2800, 2810, record.Unknown, func(a *record.Attempt) { a.Done, a.Expired = a.Sent+100*ms, true }).
		serve(2810, 3500, record.Acked).serve(3500, 3600, record.Refused).serve(3600, 9000, record.Acked).
		decided("b", 2000).stand(2850, 2865)
	got := s.measure().Downtime
	if l := got.Longest; got.Count != 1 || l.Most < 1600*ms || l.Least > 100*ms || l.Least < 80*ms {
		t.Errorf("downtime %+v, want one outage of at least 100 ms and at most 1.6 s", got)
	}
	if got.Main.Failed != 21 || got.Main.Relapses != 2 {
		t.Errorf("%d failed, %d relapses, want 21 and 2", got.Main.Failed, got.Main.Relapses)
	}
}

// What nobody asked for in a stall may have been served or not: that makes two outages
// one at most, and not for certain.
func TestAStallBetweenOutages(t *testing.T) {
	for _, tt := range []struct {
		name        string
		story       *story
		least, most time.Duration // no more than least is certain, and most may be
	}{
		{"it covers all that was served", tell().serve(100, 2000, record.Acked).serve(2000, 2300, record.Refused).
			serve(2300, 2390, record.Acked).serve(2390, 2400, record.Acked, took(1711*ms)).
			serve(4120, 5000, record.Refused).serve(5000, 9000, record.Acked).stand(2400, 4100), 900 * ms, 3000 * ms},
		{"service came back in it", tell().serve(100, 2000, record.Acked).serve(2000, 3850, record.Refused).
			serve(4700, 5500, record.Acked, took(12*ms)).serve(5500, 5600, record.Refused).
			serve(5600, 9000, record.Acked).stand(3850, 4699), 1850 * ms, 3600 * ms},
		{"service ended in it", tell().serve(100, 2000, record.Acked).serve(2000, 2300, record.Refused).
			serve(2300, 2400, record.Acked).serve(3400, 5000, record.Refused).serve(5000, 9000, record.Acked).
			stand(2400, 3400), 1600 * ms, 3000 * ms},
		{"service came back and ended in it", tell().serve(100, 2000, record.Acked).serve(2000, 2300, record.Refused).
			serve(4300, 5000, record.Refused).serve(5000, 9000, record.Acked).stand(2300, 4300), 700 * ms, 3000 * ms},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := tt.story.decided("b", 2000).measure().Downtime
			if l := got.Longest; got.Count != 1 || l.Least > tt.least || l.Most < tt.most {
				t.Errorf("downtime = %+v, want one outage of which %s at most is certain, and %s may be", got, tt.least,
					tt.most)
			}
		})
	}
}

// A stall in which service cannot have come back for good takes nothing apart.
func TestAShortStallInAnOutage(t *testing.T) {
	got := tell().serve(100, 2000, record.Acked).serve(2000, 2300, record.Refused).serve(3200, 5000, record.Refused).
		serve(5000, 9000, record.Acked).stand(2300, 3200).decided("b", 2000).measure().Downtime
	if got.Count != 1 || got.Longest.Least < 2980*ms {
		t.Errorf("downtime = %+v, want one outage of certainly 3 s", got)
	}
}

// An attempt that waited while service went twice may have failed by either.
func TestAFailureThatMetTwoGapsMakesThemOne(t *testing.T) {
	s := tell().serve(100, 2000, record.Acked).attempt(0, 201, 2010, record.Refused, took(190*ms)).
		serve(2170, 2190, record.Acked).serve(2390, 6000, record.Acked).decided("b", 2000)
	if got := s.measure().Downtime; got.Count != 1 || got.Longest.Most < 391*ms || got.Main.Relapses != 0 {
		t.Errorf("downtime = %+v, want one outage of 391 ms at most", got)
	}
}

// A probe that falls silent while the procedure goes on shows nothing of what its
// clients would have suffered: what it did not ask for is no proof of service.
func TestSilenceIsNoService(t *testing.T) {
	for _, from := range []int{3000, 3400, 3900} {
		s := sound()
		s.rec.Attempts = slices.DeleteFunc(s.rec.Attempts, func(a record.Attempt) bool {
			silent := a.Intended >= time.Duration(from)*ms
			if silent {
				s.without(a.Seq, 0, 1)
			}
			return silent
		})
		got := s.measure()
		if got.Verdict != measure.Unmeasurable || !got.Downtime.Open {
			t.Errorf("nobody asked from %d ms on: %s, downtime %+v, want it unmeasurable and open; reasons %+v",
				from, got.Verdict, got.Downtime, got.Reasons)
		}
	}
	if got := sound().measure(); got.Verdict != measure.Met {
		t.Errorf("a sound drill is %s: %+v", got.Verdict, got.Reasons)
	}
}
