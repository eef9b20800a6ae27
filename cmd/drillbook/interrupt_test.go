package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"drillbook/harness/measure"
	"drillbook/harness/record"
	"drillbook/reports"
	"drillbook/runbooks"
)

// everyStep, when set, has TestInterruptAfterSteps interrupt every runbook after
// each of its steps; otherwise it does so with one for each kind of fault, after the
// middle step, where most is in force.
const everyStep = "DRILLBOOK_EVERY_STEP"

// oneOfEachFault are runbooks with each kind of fault: a cut link, a relay that holds back,
// and a server that is stopped. That a host is lost, TestEndings has.
func oneOfEachFault() []string {
	return []string{"postgres/network-cut", "postgres/half-open", "postgres/wrong-order-shutdown"}
}

// TestInterruptAfterSteps interrupts drills of PostgreSQL after a step, each as a
// process of its own, and makes sure that everything is healed, saved, reported
// and removed.
func TestInterruptAfterSteps(t *testing.T) {
	takesLong(t)
	lib, err := runbooks.Load(runbooks.Embedded())
	must(t, err)
	prepared := t.TempDir()
	var all []task
	for _, book := range lib {
		if book.Product() != "postgres" {
			continue
		}
		steps := book.Steps
		if os.Getenv(everyStep) == "" {
			if !slices.Contains(oneOfEachFault(), book.Name) {
				continue
			}
			steps = steps[len(steps)/2 : len(steps)/2+1]
		}
		for _, s := range steps {
			all = append(all, task{fmt.Sprintf("%s/%d", book.Name, s.Number), func(t *testing.T) {
				t.Helper()
				interruptAfter(t, newProgram(t, prepared).on(t), book.Name, s)
			}})
		}
	}
	if len(all) < len(oneOfEachFault()) {
		t.Errorf("%d drills, want one of %v at least", len(all), oneOfEachFault())
	}
	together(t, 2, all) // each drill has two containers, whose state its steps wait for
}

func interruptAfter(t *testing.T, p program, book string, step runbooks.Step) {
	t.Helper()
	s := pipeOutlet.start(t, p.command(t, append([]string{"run", book}, patient()...)...))
	s.await(t, fmt.Sprintf("✔ %s ", step.Text("en")))
	s.interrupt(t)
	if code := s.code(t, endsWithin); code != exitInterrupted {
		t.Errorf("exit code = %d, want %d", code, exitInterrupted)
	}
	if !strings.Contains(s.said(), "interrupted: healing") {
		t.Error("it does not say that it was interrupted")
	}
	checkInterrupted(t, p.latest(), strings.ReplaceAll(book, "/", "-"), step.Number)
	if l := p.left(t); len(l) > 0 {
		t.Errorf("left behind: %q", l)
	}
	if t.Failed() {
		t.Log(s.said())
	}
}

// checkInterrupted looks at what an interrupted run has left: a whole record in
// which every fault is healed and reports that say what happened.
func checkInterrupted(t *testing.T, run, drill string, step int) {
	t.Helper()
	rec, err := record.ReadFile(filepath.Join(run, drill, "record.jsonl"))
	if err != nil || rec.Tail == nil {
		t.Fatalf("record = %v, want a whole one", err)
	}
	// After the last step, the drill may be over before the interrupt arrives.
	over := step == len(rec.Head.Steps) && !rec.Tail.Interrupted
	if !rec.Tail.Interrupted && !over {
		t.Error("the record does not say that the drill was interrupted")
	}
	res := measure.Of(rec)
	if res.Verdict != measure.Unmeasurable && !over {
		t.Errorf("verdict = %s, want %s", res.Verdict, measure.Unmeasurable)
	}
	for _, f := range res.Faults {
		if f.HealedBy == "" {
			t.Errorf("%s is not healed: %s", f.What, f.Err)
		}
	}
	for _, name := range []string{reports.PageFile, reports.SummaryFile, reports.ResultsFile} {
		if info, err := os.Stat(filepath.Join(run, name)); err != nil || info.Size() == 0 {
			t.Errorf("%s: %v, want a report", name, err)
		}
	}
}
