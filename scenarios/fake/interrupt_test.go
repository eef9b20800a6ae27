package fake_test

import (
	"testing"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"drillbook/harness/measure"
	"drillbook/harness/phrase"
	"drillbook/harness/record"
	"drillbook/harness/wait"
	"drillbook/scenarios/dsl"
)

// interruptedIn is a body whose second step is cut short, by a person who ends the run
// while it waits, or in which nothing is to be done.
func interruptedIn(stop chan struct{}) func(d *dsl.Drill) {
	return func(d *dsl.Drill) {
		It(d.Step("Lose it"), func(SpecContext) {
			d.NothingToDo(phrase.Quote("it is lost already"))
		})
		It(d.Step("Promote"), func(ctx SpecContext) {
			close(stop)
			Expect(wait.Duration(ctx, time.Minute)).To(d.Succeed())
		})
		It(d.Step("Rejoin"), func(SpecContext) {})
	}
}

// A step that a person cuts short has not failed, one in which there was nothing to do has
// not passed, and neither is a reason to call the promise missed.
func tryInterrupted(t *testing.T) {
	t.Helper()
	stop, view := make(chan struct{}), &silent{}
	s := suiteUntil(t, stop, view, interruptedIn(stop))
	var f failed
	RegisterFailHandler(Fail)
	s.Run(&f)
	drills := s.Report().Drills
	if len(drills) != 1 || !s.Interrupted() {
		t.Fatalf("%d drills, interrupted = %v, want one that was interrupted", len(drills), s.Interrupted())
	}
	r := drills[0].Result
	if r.Verdict != measure.Unmeasurable || r.Reasons[0].Code != measure.WasInterrupted {
		t.Errorf("verdict %s, want it interrupted: %+v", r.Verdict, r.Reasons)
	}
	want := []measure.Outcome{measure.NotNeeded, measure.Interrupted, measure.Skipped}
	for i, step := range r.Steps {
		if step.Outcome != want[i] {
			t.Errorf("step %d is %s, want %s: %s", step.Number, step.Outcome, want[i], step.Err)
		}
	}
	if why := r.Steps[0].Needless; why != "it is lost already" {
		t.Errorf("there was nothing to do in step 1 because %q", why)
	}
	if who := r.Steps[1].Blame; who != record.BlamePerson {
		t.Errorf("step 2 is due to %q, want a person", who)
	}
}
