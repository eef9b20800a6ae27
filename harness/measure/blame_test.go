package measure_test

import (
	"testing"
	"time"

	"drillbook/harness/measure"
	"drillbook/harness/record"
)

// The harness carries the procedure out. What it stood still in the middle of an
// outage, nobody is to blame for who was drilled; what is beyond that is.
func TestServiceIsNotBlamedForPausesOfTheHarness(t *testing.T) {
	for _, tt := range []struct {
		name          string
		until         int // the outage, from 2000
		stood, resume int // the pause
		want          measure.Verdict
	}{
		{"no pause", 10200, 0, 0, measure.Missed},
		{"nearly all of it", 10200, 2100, 10100, measure.Unmeasurable},
		{"a part of it", 10200, 2100, 4100, measure.Missed},
		{"before it", 10200, 100, 1900, measure.Missed},
		{"and the promise was kept", 4000, 2100, 3900, measure.Met},
	} {
		t.Run(tt.name, func(t *testing.T) {
			held := all(10, 2000, tt.until, tt.until+3000)
			s := tell().serve(10, 2000, record.Acked).serve(2000, tt.until, record.Refused).
				serve(tt.until, tt.until+3000, record.Acked).decided("b", 2000).
				holds("b", "primary", held...).holds("a", "standby", held...)
			if tt.resume > 0 {
				s.stand(tt.stood, tt.resume)
			}
			s.rec.Head.Promise.RTO = 5 * time.Second
			got := s.measure()
			if got.Verdict != tt.want {
				t.Errorf("verdict %s, want %s: %+v", got.Verdict, tt.want, got.Reasons)
			}
			if _, ok := reason(got, measure.HarnessPaused); ok != (tt.want == measure.Unmeasurable) {
				t.Errorf("reasons %+v do not say whether the harness was paused", got.Reasons)
			}
		})
	}
}

// all are the numbers of the writes that serve makes in the two times.
func all(from, to, again, until int) []uint32 {
	var seqs []uint32
	for at := from; at < to; at += 10 {
		seqs = append(seqs, uint32(at/10))
	}
	for at := again; at < until; at += 10 {
		seqs = append(seqs, uint32(at/10))
	}
	return seqs
}

// A step that fails on a machine on which the harness hardly runs shows nothing of
// the service, least of all before anything was done to that.
func TestFailedStepsOfAStarvedHarness(t *testing.T) {
	for _, tt := range []struct {
		name    string
		touched bool // by the drill, before
		stood   int  // in milliseconds, of the step's 5 s
		late    time.Duration
		want    measure.Verdict

		accepted bool // the product did what it must refuse
	}{
		{"it ran all the time", false, 0, 0, measure.Missed, false},
		{"a stall now and then", false, 90, 0, measure.Missed, false},
		{"starved before anything was done", false, 200, 0, measure.Unmeasurable, false},
		{"attempts that left late before anything was done", false, 0, 30 * ms, measure.Unmeasurable, false},
		{"hardly touched by it afterwards", true, 200, 0, measure.Missed, false},
		{"late afterwards", true, 0, 30 * ms, measure.Missed, false},
		{"stopped afterwards", true, 600, 0, measure.Unmeasurable, false},
		{"starved, and it was no wait", false, 600, 30 * ms, measure.Missed, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := tell().serve(100, 8000, record.Acked, func(a *record.Attempt) { a.Sent += tt.late; a.Done += tt.late })
			s.rec.Head.Steps = []record.Step{{Number: 1}}
			s.at(2000, record.Event{Kind: record.Began, Step: 1})
			if tt.touched {
				s.decided("b", 1000)
			}
			if tt.stood > 0 {
				s.stand(3000, 3000+tt.stood)
			}
			got := s.at(7000, record.Event{
				Kind: record.Ended, Step: 1, Err: "not so within 5s", Accepted: tt.accepted,
			}).measure()
			if why, ok := reason(got, measure.StepFailed); !ok || why.Verdict != tt.want {
				t.Errorf("reasons = %+v, want %s of the step", got.Reasons, tt.want)
			}
		})
	}
}

// A check that fails with nothing done to the cluster, while clients were not served
// either, shows a cluster that was not well to begin with, as on a machine at its limit.
func TestFailedFirstCheckIsUnmeasurable(t *testing.T) {
	for _, tt := range []struct {
		name            string
		served          bool
		earlier, second bool // the drill did something before; a step before passed
		want            measure.Verdict
	}{
		{"clients were served all the time", true, false, false, measure.Missed},
		{"clients were not served either", false, false, false, measure.Unmeasurable},
		{"nor after something was done to it", false, true, false, measure.Missed},
		{"nor in a later step", false, false, true, measure.Missed},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := tell().serve(100, 8000, record.Acked).holds("b", "primary").holds("a", "standby")
			s.rec.Head.Settings.Baseline = time.Second
			s.rec.Head.Steps = []record.Step{{Number: 1}}
			for i := range s.rec.Attempts {
				s.with(record.Stored{Seq: s.rec.Attempts[i].Seq}, 0, 1)
			}
			if !tt.served {
				s.refuse(3000, 5500)
			}
			if tt.earlier {
				s.decided("b", 2500)
			}
			if tt.second {
				s.rec.Head.Steps = []record.Step{{Number: 2}, {Number: 1}}
				s.at(1500, record.Event{Kind: record.Began, Step: 2})
				s.at(1900, record.Event{Kind: record.Ended, Step: 2})
			}
			s.at(2000, record.Event{Kind: record.Began, Step: 1})
			got := s.at(7000, record.Event{Kind: record.Ended, Step: 1, Err: "not so within 5s"}).measure()
			_, ok := reason(got, measure.BaselineFailed)
			if got.Verdict != tt.want || ok != (tt.want == measure.Unmeasurable) {
				t.Errorf("%s, reasons %+v, want %s", got.Verdict, got.Reasons, tt.want)
			}
		})
	}
}

// Whatever comes after a step that could not be carried out, because the place
// broke or a person did not want it, proves nothing.
func TestAbortedProcedureIsUnmeasurable(t *testing.T) {
	ended := record.Event{Kind: record.Ended, Step: 2, Err: "cannot connect to the engine"}
	skipped := record.Event{Kind: record.Skipped, Step: 2, Err: "consent was not given"}
	for _, tt := range []struct {
		name  string
		event record.Event
		blame record.Blame
		want  measure.Verdict
		step  measure.Outcome
	}{
		{"the service failed", ended, record.BlameService, measure.Missed, measure.Failed},
		{"the place broke", ended, record.BlamePlace, measure.Unmeasurable, measure.Failed},
		{"the harness failed", ended, record.BlameHarness, measure.Unmeasurable, measure.Failed},
		{"a person ended the run", ended, record.BlamePerson, measure.Unmeasurable, measure.Interrupted},
		{"a person did not want it", skipped, record.BlamePerson, measure.Unmeasurable, measure.Skipped},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := tell().serve(100, 2000, record.Acked).serve(2000, 12000, record.Refused)
			s.rec.Head.Promise.RTO = 5 * time.Second
			s.rec.Head.Schema = 2
			s.rec.Head.Steps = []record.Step{{Number: 1}, {Number: 2}}
			s.at(1900, record.Event{Kind: record.Began, Step: 1}).decided("b", 2000)
			s.at(2100, record.Event{Kind: record.Ended, Step: 1})
			if tt.event.Kind == record.Ended {
				s.at(2200, record.Event{Kind: record.Began, Step: 2})
			}
			tt.event.Blame = tt.blame
			got := s.at(2300, tt.event).measure()
			if got.Verdict != tt.want {
				t.Errorf("verdict %s, want %s: %+v", got.Verdict, tt.want, got.Reasons)
			}
			if step := got.Steps[1]; step.Outcome != tt.step || step.Err != tt.event.Err || step.Blame != tt.blame {
				t.Errorf("step = %+v, want it %s", step, tt.step)
			}
		})
	}
}

// Clients of which there are more than the product is known to bear may keep each
// other out. A member that takes what is sent straight to it shows that.
func TestOverloadByTheProbe(t *testing.T) {
	for _, tt := range []struct {
		name   string
		usual  time.Duration
		direct int // when b takes what is sent straight to it; 0: never
		want   measure.Verdict
	}{
		{"as many as are usual", 10 * ms, 3000, measure.Missed},
		{"more, while nobody could be served", 20 * ms, 0, measure.Missed},
		{"more, while the member took others", 20 * ms, 3000, measure.Unmeasurable},
		{"more, and it came too late in any case", 20 * ms, 9000, measure.Missed},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := tell().serve(100, 2000, record.Acked).decided("b", 2000).
				serve(2000, 12000, record.Refused, func(a *record.Attempt) { a.Expired = true })
			s.rec.Head.Promise.RTO, s.rec.Head.Settings.Usual, s.rec.Head.Schema = 5*time.Second, tt.usual, 2
			s.rec.Head.Steps = []record.Step{{Number: 1}}
			s.at(2000, record.Event{Kind: record.Began, Step: 1}).
				at(11000, record.Event{Kind: record.Ended, Step: 1, Err: "clients are not served"})
			for at := 2000; at < 12000; at += 10 {
				outcome := record.Refused
				if tt.direct > 0 && at >= tt.direct {
					outcome = record.Acked
				}
				s.attempt(2, uint32(at/10), at, outcome, by(2, 2))
			}
			got := s.measure()
			why, overload := reason(got, measure.ProbeOverload)
			if overload && (why.Count != 100 || why.Most != 50 || why.Detail != "b") {
				t.Errorf("reason = %+v, want 100 writes a second instead of 50, and b", why)
			}
			if got.Verdict != tt.want {
				t.Errorf("verdict %s, want %s: %+v", got.Verdict, tt.want, got.Reasons)
			}
		})
	}
}

// TestReasonHasTheMeasuredBracket: what is not held against the service does not make
// another outage of the one that was measured; the reason says how much it is.
func TestReasonHasTheMeasuredBracket(t *testing.T) {
	for _, tt := range []struct {
		stalled int // until
		code    measure.Code
	}{{0, measure.RTOMissed}, {3900, measure.RTOUnclear}, {3200, measure.RTOMissed}} {
		s := sound().refuse(3000, 5400)
		s.rec.Head.Promise.RTO = 2 * time.Second
		age := 0 * ms
		if tt.stalled > 0 {
			s.stand(3100, tt.stalled)
			age = time.Duration(tt.stalled-3100) * ms
		}
		got := s.measure()
		why, found := reason(got, tt.code)
		if !found || why.Bracket != got.Downtime.Longest.Bracket || why.Age != age {
			t.Errorf("stalled until %d: reason %+v, want %s with %+v and %s; all %+v",
				tt.stalled, why, tt.code, got.Downtime.Longest.Bracket, age, got.Reasons)
		}
	}
}
