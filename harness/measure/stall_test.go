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
func TestPauseAfterAnOutageIsNotCounted(t *testing.T) {
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
func TestDoubtfulFailuresDoNotProveOneOutage(t *testing.T) {
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
func TestStallBetweenOutages(t *testing.T) {
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
func TestShortStallDoesNotSplitAnOutage(t *testing.T) {
	got := tell().serve(100, 2000, record.Acked).serve(2000, 2300, record.Refused).serve(3200, 5000, record.Refused).
		serve(5000, 9000, record.Acked).stand(2300, 3200).decided("b", 2000).measure().Downtime
	if got.Count != 1 || got.Longest.Least < 2980*ms {
		t.Errorf("downtime = %+v, want one outage of certainly 3 s", got)
	}
}

// An attempt that waited while service went twice may have failed by either.
func TestFailureAcrossTwoGapsJoinsThem(t *testing.T) {
	s := tell().serve(100, 2000, record.Acked).attempt(0, 201, 2010, record.Refused, took(190*ms)).
		serve(2170, 2190, record.Acked).serve(2390, 6000, record.Acked).decided("b", 2000)
	if got := s.measure().Downtime; got.Count != 1 || got.Longest.Most < 391*ms || got.Main.Relapses != 0 {
		t.Errorf("downtime = %+v, want one outage of 391 ms at most", got)
	}
}

// A probe that falls silent while the procedure goes on shows nothing of what its
// clients would have suffered: what it did not ask for is no proof of service.
func TestSilentProbeProvesNoService(t *testing.T) {
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
