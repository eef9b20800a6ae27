package measure_test

import (
	"slices"
	"testing"
	"time"

	"drillbook/harness/measure"
	"drillbook/harness/record"
)

// These are about what must not be held against the service, and about what
// must be although every answer came in time.

// sent adds an event at a time in milliseconds.
func (s *story) at(at int, e record.Event) *story {
	e.At = time.Duration(at) * ms
	s.rec.Events = append(s.rec.Events, e)
	return s
}

// serve adds writes every 10 ms from one time to another, with an outcome.
func (s *story) serve(from, to int, o record.Outcome, more ...func(*record.Attempt)) *story {
	for at := from; at < to; at += 10 {
		s.attempt(0, uint32(at/10), at, o, append(more, by(1, 1))...)
	}
	return s
}

func reason(r measure.Result, code measure.Code) (measure.Reason, bool) {
	i := slices.IndexFunc(r.Reasons, func(x measure.Reason) bool { return x.Code == code })
	if i < 0 {
		return measure.Reason{}, false
	}
	return r.Reasons[i], true
}

func TestOutagesBeforeTheDrillAreIgnored(t *testing.T) {
	s := tell().serve(100, 400, record.Refused).serve(400, 5000, record.Acked)
	if got := s.measure().Downtime.Count; got != 1 {
		t.Errorf("%d outages, want the one at the beginning", got)
	}
	s.at(1500, record.Event{Kind: record.Healthy})
	if got := s.measure().Downtime; got.Count != 0 {
		t.Errorf("downtime = %+v, want none: it was over before the drill began", got)
	}
}

func TestBaselineIgnoresAttemptsInTheDisturbance(t *testing.T) {
	s := tell()
	s.rec.Head.Settings.Baseline = time.Second
	s.serve(100, 2000, record.Acked, took(200*ms)).serve(2000, 2200, record.Unknown, took(20*ms)).
		serve(2200, 6000, record.Acked, took(200*ms)).decided("b", 2020)
	if why, ok := reason(s.measure(), measure.BaselineSlow); ok {
		t.Errorf("baseline = %d of %d, want those left out that could not be answered yet", why.Count, why.Most)
	}
}

func TestBrownOut(t *testing.T) {
	slow := func(from, to int) *story {
		s := tell().serve(100, from, record.Acked).serve(from, to, record.Acked, took(150*ms)).
			serve(to, 9000, record.Acked).decided("b", from)
		s.rec.Head.Promise.RTO = 2 * time.Second
		return s
	}
	for _, tt := range []struct {
		name     string
		story    *story
		want     int
		verdicts bool // the promise is missed by it
	}{
		{"none", slow(2000, 2000), 0, false},
		{"too short to be one", slow(2000, 2900), 0, false},
		{"shorter than promised", slow(2000, 3500), 1, false},
		{"longer than promised", slow(2000, 5000), 1, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := tt.story.measure()
			if len(got.Brownouts) != tt.want {
				t.Fatalf("brown-outs = %+v, want %d", got.Brownouts, tt.want)
			}
			if _, ok := reason(got, measure.BrownOut); ok != tt.verdicts {
				t.Errorf("reasons = %+v, want a brown-out among them: %v", got.Reasons, tt.verdicts)
			}
			if tt.verdicts {
				if b := got.Brownouts[0]; b.Least > 3*time.Second || b.Most < 3*time.Second || b.Most-b.Least > 30*ms {
					t.Errorf("brown-out = %s to %s, want 3s in between", b.Least, b.Most)
				}
			}
		})
	}
}

// One of which nobody can tell whether it was longer than promised is not met.
func TestBrownOutOfUncertainLength(t *testing.T) {
	for _, tt := range []struct {
		name string
		over time.Duration // of the promise, over the middle of the bracket
		want measure.Verdict
	}{
		{"certainly longer", -100 * ms, measure.Missed},
		{"perhaps longer", 0, measure.Unmeasurable},
		{"certainly shorter", 100 * ms, measure.Met},
	} {
		s := sound()
		s.rec.Head.Steps = nil
		for i := range s.rec.Attempts {
			if a := &s.rec.Attempts[i]; a.Intended >= 3300*ms && a.Intended < 5300*ms {
				a.Done = a.Sent + 150*ms
			}
		}
		b := s.measure().Brownouts[0]
		s.rec.Head.Promise.RTO = (b.Least+b.Most)/2 + tt.over
		got := s.measure()
		if _, ok := reason(got, measure.BrownOut); got.Verdict != tt.want || ok != (tt.want != measure.Met) {
			t.Errorf("%s: %s to %s where %s is promised is %s, want %s; reasons %+v", tt.name, b.Least, b.Most,
				s.rec.Head.Promise.RTO, got.Verdict, tt.want, got.Reasons)
		}
	}
}

// Slow service is no brown-out if it was never quicker.
func TestAlwaysSlowServiceIsNoBrownOut(t *testing.T) {
	got := tell().serve(100, 9000, record.Acked, took(150*ms)).decided("b", 3000).measure()
	if len(got.Brownouts) != 0 {
		t.Errorf("brown-outs = %+v, want none", got.Brownouts)
	}
}

// unhealed is a fault that was to be healed after so long, and was not, or was.
func unhealed(healed bool) *story {
	f := func(k record.Kind) record.Event { return record.Event{Kind: k, Fault: "a is frozen"} }
	s := tell().serve(100, 2000, record.Acked).serve(2000, 9000, record.Refused).
		at(2000, f(record.Prepared)).at(2000, f(record.Injected)).at(2000, f(record.Confirm)).at(2500, f(record.Heal))
	s.rec.Head.Promise.RTO = time.Second
	if healed {
		h := f(record.Healed)
		h.Answer = "it runs"
		return s.at(2600, h)
	}
	return s
}

func TestServiceIsNotBlamedForFaultsThatStay(t *testing.T) {
	got := unhealed(true).measure()
	if _, ok := reason(got, measure.RTOMissed); !ok {
		t.Errorf("reasons = %+v, want %s: the fault was gone, the outage was not", got.Reasons, measure.RTOMissed)
	}
	got = unhealed(false).measure()
	if _, ok := reason(got, measure.RTOMissed); ok || got.Verdict != measure.Unmeasurable {
		t.Errorf("verdict %s, reasons %+v, want it unmeasurable", got.Verdict, got.Reasons)
	}
	late := unhealed(false)
	late.rec.Events[3].At = 8 * time.Second
	if got := late.measure(); got.Verdict != measure.Missed {
		t.Errorf("verdict %s, want it missed: the outage was too long before anybody healed", got.Verdict)
	}
}

// TestBlameForAFailedStep: a step that failed is missed only if the service answers
// for it. Whatever its error says, who is to blame is in the record; of one that
// does not say, the error's words tell whether a fault is.
func TestBlameForAFailedStep(t *testing.T) {
	const fails = "heal x: still cut"
	for _, tt := range []struct {
		name   string
		schema int
		fault  string // that a note of the same error is about
		blame  record.Blame
		want   measure.Verdict
	}{
		{"the service", 2, "", record.BlameService, measure.Missed},
		{"a fault", 2, "x", record.BlameFault, measure.Unmeasurable},
		{"a fault that no note is about", 2, "", record.BlameFault, measure.Unmeasurable},
		{"the place", 2, "", record.BlamePlace, measure.Unmeasurable},
		{"the harness", 2, "", record.BlameHarness, measure.Unmeasurable},
		{"a person", 2, "", record.BlamePerson, measure.Unmeasurable},
		{"somebody of a later version", 2, "", "the moon", measure.Unmeasurable},
		{"the service, in the words of a fault", 2, "x", record.BlameService, measure.Missed},
		{"an older record, a fault", 1, "x", "", measure.Unmeasurable},
		{"an older record, the service", 1, "", "", measure.Missed},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := tell().serve(100, 3000, record.Acked)
			s.rec.Head.Schema = tt.schema
			s.rec.Head.Steps = []record.Step{{Number: 1}}
			s.at(2000, record.Event{Kind: record.Began, Step: 1}).
				at(2100, record.Event{Kind: record.Note, Step: 1, Fault: tt.fault, Err: "still cut"}).
				at(2200, record.Event{Kind: record.Ended, Step: 1, Err: fails, Blame: tt.blame})
			why, ok := reason(s.measure(), measure.StepFailed)
			if !ok || why.Verdict != tt.want {
				t.Errorf("reason = %+v, want %s with %s", why, measure.StepFailed, tt.want)
			}
		})
	}
}

// Between two answers nobody knows what a member would have said.
func TestRoleOverlapCountsStatedRoles(t *testing.T) {
	role := func(member, what string, since time.Duration) record.Event {
		return record.Event{Kind: record.Role, Member: member, What: what, Took: since}
	}
	s := tell().at(0, role("a", "primary", 0)).at(1000, role("b", "primary", 50*ms))
	if got := s.at(1040, role("a", "", 90*ms)).measure().Split.RoleOverlap; got != 0 {
		t.Errorf("overlap = %s, want none: a was not heard again once b had said it", got)
	}
	s.rec.Events[2].At, s.rec.Events[2].Took = 1540*ms, 40*ms
	if got := s.measure().Split.RoleOverlap; got != 500*ms {
		t.Errorf("overlap = %s, want 500ms", got)
	}
	s.rec.Head.Members = append(s.rec.Head.Members, "c")
	s.at(800, role("c", "primary", 0)).at(1800, role("c", "", 0))
	if got := s.measure().Split.RoleOverlap; got != time.Second {
		t.Errorf("overlap of three = %s, want 1s: what three say at once is not said longer", got)
	}
}

// stand adds a time in milliseconds in which the harness stood still.
func (s *story) stand(from, to int) *story {
	return s.at(to, record.Event{Kind: record.Stall, Took: time.Duration(to-from) * ms})
}

// A short outage, in which the harness stands still: how long answers took to be
// read then says nothing of how long the service was out.
func TestStallInAnOutageProvesNothingOfItsLength(t *testing.T) {
	for _, tt := range []struct {
		name  string
		story *story
	}{
		{"a refusal read late", tell().serve(100, 3000, record.Acked).serve(3000, 3050, record.Refused).
			serve(3050, 3060, record.Refused, took(450*ms))},
		{"an answer read late", tell().serve(100, 3000, record.Acked).serve(3000, 3050, record.Refused).
			serve(3050, 3060, record.Acked, took(450*ms))},
		{"too many at once behind it", tell().serve(100, 3000, record.Acked).serve(3000, 3050, record.Refused).
			serve(3060, 3500, record.Refused, func(a *record.Attempt) {
				a.Sent, a.Done, a.Expired = 3500*ms, 3500*ms, true
			})},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := tt.story.serve(3510, 6000, record.Acked).decided("b", 3000).stand(3051, 3499).measure().Downtime
			if o := got.Longest; got.Count != 1 || o.Least > 60*ms || o.Most < 500*ms {
				t.Errorf("downtime = %+v, want one outage of at least 60 ms or less", got)
			}
		})
	}
}

// A fault that could not be healed at first was in force for longer than meant.
// Before that, and once it was healed, the service is to blame.
func TestServiceIsNotBlamedForFaultsThatStayedTooLong(t *testing.T) {
	for _, tt := range []struct {
		name          string
		tried, healed int
		again         int // healed once more, for nothing; 0: not
		want          measure.Verdict
	}{
		{"healed when it was tried again", 2500, 8500, 0, measure.Unmeasurable},
		{"tried too late", 4500, 8500, 0, measure.Missed},
		{"out for too long behind it", 2500, 7000, 0, measure.Missed},
		{"healed long before", 1500, 1600, 0, measure.Missed},
		{"healed at once", 2500, 2500, 8500, measure.Missed},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := unhealed(true)
			s.rec.Events = s.rec.Events[:3]
			heal := record.Event{Kind: record.Heal, Fault: "a is frozen"}
			if tt.healed > tt.tried {
				s.at(tt.tried, record.Event{Kind: record.Note, Fault: "a is frozen", Err: "no answer"})
			}
			s.at(tt.healed, heal).
				at(tt.healed, record.Event{Kind: record.Healed, Fault: "a is frozen", Answer: "it runs"})
			if tt.again > 0 {
				s.at(tt.again, heal)
			}
			got := s.measure()
			if got.Verdict != tt.want || *got.Faults[0].Healed != time.Duration(tt.healed)*ms {
				t.Errorf("verdict %s, healed at %s, want %s; reasons %+v", got.Verdict, got.Faults[0].Healed, tt.want,
					got.Reasons)
			}
		})
	}
}

// The same goes for answers that come late.
func TestServiceIsNotBlamedForSlownessThatStays(t *testing.T) {
	s := unhealed(false)
	s.rec.Attempts = nil
	s.serve(100, 2000, record.Acked).serve(2000, 9000, record.Acked, took(150*ms))
	if got := s.measure(); len(got.Brownouts) != 1 || got.Verdict != measure.Unmeasurable {
		t.Errorf("verdict %s, reasons %+v, want it unmeasurable", got.Verdict, got.Reasons)
	}
}
