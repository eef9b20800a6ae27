package fake_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"drillbook/fixtures/fake"
	"drillbook/harness/host"
	"drillbook/harness/measure"
	"drillbook/harness/record"
	"drillbook/harness/secret"
	"drillbook/reports"
	"drillbook/scenarios/dsl"
)

// checkDrills looks at the verdict of both trials, and at their steps: all are carried
// out, but for the third if somebody is to blame for it.
func checkDrills(t *testing.T, s *dsl.Suite, want measure.Verdict, blame record.Blame) {
	t.Helper()
	drills := s.Report().Drills
	if len(drills) != 2 {
		t.Fatalf("%d drills, want 2 trials", len(drills))
	}
	for i, d := range drills {
		if d.Result.Verdict != want {
			t.Errorf("verdict = %s, want %s: %+v", d.Result.Verdict, want, d.Result.Reasons)
		}
		if d.Record.Head.Trial != i+1 || d.Record.Head.Trials != 2 {
			t.Errorf("trial %d of %d, want %d of 2", d.Record.Head.Trial, d.Record.Head.Trials, i+1)
		}
		for _, s := range d.Result.Steps {
			want, who := measure.Passed, record.BlameService
			if s.Number == 3 && blame != "" {
				want, who = measure.Failed, blame
			}
			if s.Outcome != want || s.Blame != who {
				t.Errorf("step %d %s, %q to blame, want %s, %q: %s", s.Number, s.Outcome, s.Blame, want, who, s.Err)
			}
		}
	}
	if s.Broken() != nil || s.Interrupted() {
		t.Errorf("broken = %v, interrupted = %v", s.Broken(), s.Interrupted())
	}
}

// checkRows looks at how the rows of the first step were answered in both trials.
func checkRows(t *testing.T, s *dsl.Suite, want ...measure.RowOutcome) {
	t.Helper()
	drills := s.Report().Drills
	if len(drills) != 2 {
		t.Fatalf("%d drills, want 2 trials", len(drills))
	}
	for _, d := range drills {
		got := make([]measure.RowOutcome, 0, len(d.Result.Steps[0].Answers))
		for _, r := range d.Result.Steps[0].Answers {
			got = append(got, r.Outcome)
		}
		if !slices.Equal(got, want) {
			t.Errorf("rows are %q, want %q", got, want)
		}
	}
}

// endsWithin is how long a drill that cannot go on may take after that; to wait for
// the promise alone takes 30 s.
const endsWithin = 20 * time.Second

// checkDeclined: a step that a person did not want is shown as not carried out, and
// why, and the drill ends at once and proves nothing.
func checkDeclined(t *testing.T, s *dsl.Suite) {
	t.Helper()
	for _, d := range s.Report().Drills {
		step := d.Result.Steps[1]
		if d.Result.Verdict != measure.Unmeasurable || step.Outcome != measure.Skipped || step.Err != "not now" {
			t.Errorf("verdict %s, step %+v, want it not carried out: %+v", d.Result.Verdict, step, d.Result.Reasons)
		}
		checkSteps(t, d)
		asked := d.Result.Consents
		if len(asked) != 1 || asked[0].By != "li.wei" || asked[0].Step != 2 || asked[0].Answer != "no" ||
			asked[0].Err != "not now" || asked[0].Answered < asked[0].Asked {
			t.Errorf("consents = %+v, want that li.wei did not give it for step 2", asked)
		}
	}
	if s.Broken() != nil || s.Interrupted() {
		t.Errorf("broken = %v, interrupted = %v", s.Broken(), s.Interrupted())
	}
}

// checkGone: the place is to blame, and is said to be broken.
func checkGone(t *testing.T, s *dsl.Suite) {
	t.Helper()
	for _, d := range s.Report().Drills {
		step := d.Result.Steps[1]
		if d.Result.Verdict != measure.Unmeasurable || step.Blame != record.BlamePlace {
			t.Errorf("verdict %s, step %+v, want the place blamed: %+v", d.Result.Verdict, step, d.Result.Reasons)
		}
		checkSteps(t, d)
	}
	if !errors.Is(s.Broken(), host.ErrGone) {
		t.Errorf("broken = %v, want it said that the place does not answer", s.Broken())
	}
}

// checkSteps makes sure that every step that began has ended, none is there that the
// runbook does not have, and that the drill ended soon.
func checkSteps(t *testing.T, d reports.Drill) {
	t.Helper()
	var last time.Duration
	for _, e := range d.Record.Events {
		if e.Kind == record.Ended || e.Kind == record.Skipped {
			last = e.At
			if e.Step == 0 {
				t.Errorf("%+v is about no step", e)
			}
		}
	}
	if took := d.Record.Tail.At - last; took > endsWithin {
		t.Errorf("it ended %s after the last step, want %s at most", took, endsWithin)
	}
}

// hides makes sure that what a person typed in a drill is in its files, and that
// the secret within is in none of them; one that is planted must be found.
func hides(t *testing.T, out string, run reports.Run) {
	t.Helper()
	if err := reports.Write(out, run, "zh"); err != nil {
		t.Fatal(err)
	}
	known := fake.New(fake.Config{}).Secrets()
	logged := 0 // the fake prints the password
	for _, d := range run.Drills {
		logged += len(d.Record.Logs)
	}
	if logged == 0 {
		t.Error("no log of a node was kept")
	}
	for _, file := range []string{"*/record.jsonl", "*/" + reports.PageFile} {
		all, err := filepath.Glob(filepath.Join(out, file))
		if err != nil || len(all) == 0 {
			t.Fatalf("%s: %v, %v", file, all, err)
		}
		for _, name := range all {
			text, err := os.ReadFile(name)
			if err != nil || !strings.Contains(string(text), known[0].String()) {
				t.Errorf("%s: %v; want the mask of the password that was typed", name, err)
			}
		}
	}
	if found, err := secret.Leaks(os.DirFS(out), known...); err != nil || len(found) > 0 {
		t.Errorf("leaks = %q, %v", found, err)
	}
	planted := filepath.Join(out, "node.log")
	if err := os.WriteFile(planted, []byte("login "+known[0].Reveal()+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if found, err := secret.Leaks(os.DirFS(out), known...); err != nil || len(found) != 1 {
		t.Errorf("leaks with one that was planted = %q, %v", found, err)
	}
}

// checkBroken looks at what a suite says of a place that failed both of its
// trials: in its report, on disk, and as an error.
func checkBroken(t *testing.T, s *dsl.Suite, want reports.Breakage, why error, drills int) {
	t.Helper()
	run := s.Report()
	if len(run.Drills) != drills || len(run.Broken) != 2 {
		t.Fatalf("%s: %d drills and %d breakages, want %d and 2", want, len(run.Drills), len(run.Broken), drills)
	}
	for _, b := range run.Broken {
		if b.What != want || !strings.Contains(b.Why, why.Error()) || b.Runbook != "fake/lost-primary" ||
			b.Host != "memory" {
			t.Errorf("%s: broken = %+v", want, b)
		}
	}
	if !errors.Is(s.Broken(), why) {
		t.Errorf("%s: Broken = %v, want %v", want, s.Broken(), why)
	}
}
