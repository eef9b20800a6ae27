package fake_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"drillbook/fixtures/fake"
	"drillbook/harness/driver"
	"drillbook/harness/fault"
	"drillbook/harness/host"
	"drillbook/harness/link"
	"drillbook/harness/measure"
	"drillbook/harness/phrase"
	"drillbook/harness/probe"
	"drillbook/harness/record"
	"drillbook/reports"
	"drillbook/runbooks"
	"drillbook/scenarios/dsl"
)

// silent is a view that only counts.
type silent struct {
	began, ended int
	said         strings.Builder
}

func (s *silent) DrillBegins(record.Head, func() (probe.Health, time.Duration, bool)) { s.began++ }
func (s *silent) Say(line string)                                                     { s.said.WriteString(line) }
func (s *silent) Event(record.Event, ...phrase.Phrase)                                {}
func (s *silent) DrillEnds(reports.Drill)                                             { s.ended++ }

// failed is what Ginkgo is given to fail, in place of the test: that the
// defective drill fails is what is tested.
type failed bool

func (f *failed) Fail() { *f = true }

// lingering is a host that cannot be removed.
type lingering struct{ *fake.DB }

var errLingers = errors.New("the engine does not answer: `drillbook heal` tries again")

func (l lingering) Close(ctx context.Context) error { return errors.Join(l.DB.Close(ctx), errLingers) }

var errFull = errors.New("no subnet is free")

// consent is what a person says before a step, if anybody is asked.
type consent func(context.Context, runbooks.Step, []fault.Fault) error

func suite(
	t *testing.T, out string, view dsl.View, place dsl.Place, loses string, body func(*dsl.Drill), ask consent,
) *dsl.Suite {
	t.Helper()
	return suiteOf(t, dsl.Options{
		Library: library(t), Place: place, Out: out, Trials: 2, View: view,
		Params: map[string]string{"loses": loses}, Consent: ask, Operator: "li.wei",
	}, body)
}

func library(t *testing.T) runbooks.Library {
	t.Helper()
	t.Setenv("XDG_CACHE_HOME", t.TempDir()) // what is stuck leaves its ledger of faults
	lib, err := runbooks.Load(fstest.MapFS{
		"fake/lost-primary.md":    {Data: []byte(page)},
		"fake/lost-primary.zh.md": {Data: []byte(page)},
	})
	if err != nil {
		t.Fatal(err)
	}
	return lib
}

// suiteUntil is a suite of trials that a person ends by closing stop.
func suiteUntil(t *testing.T, stop chan struct{}, view dsl.View, body func(*dsl.Drill)) *dsl.Suite {
	t.Helper()
	return suiteOf(t, dsl.Options{
		Library: library(t), Place: memory(), Out: t.TempDir(), Trials: 2, View: view,
		Params: map[string]string{"loses": "no"}, Stop: stop,
	}, body)
}

func suiteOf(t *testing.T, o dsl.Options, body func(*dsl.Drill)) *dsl.Suite {
	t.Helper()
	s := dsl.NewSuite(o)
	sc := dsl.Scenario{
		Runbook: "fake/lost-primary", Tier: dsl.Smoke, Members: []string{"a", "b"}, Driver: newDB, Body: body,
	}
	cannot := sc
	cannot.Needs = dsl.Always(dsl.Unplug)
	if err := s.Declare(sc, cannot); err != nil {
		t.Fatal(err)
	}
	return s
}

const (
	// alone names the case of TestSuite that a process of its own is to try.
	alone = "DRILLBOOK_TEST_SUITE"
	// atOnce is how many of them run at once. Their drills mostly wait, but must find
	// a processor when they do not.
	atOnce = 4
)

// A healthy and a defective database, and a place that fails, are each drilled in a
// suite of two trials. Ginkgo can run only once in a process, so each suite has one.
// The probe is calibrated in real time, so nothing else may run beside it.
func TestSuite(t *testing.T) {
	if testing.Short() {
		t.Skip("it measures time")
	}
	cases := []struct {
		name string
		try  func(*testing.T)
	}{ // those that take longest come first
		{"declined", tryDeclined},
		{"gone", tryGone},
		{"stuck", tryStuck},
		{"healthy", tryHealthy},
		{"defective", tryDefective},
		{"differing", tryDiffering},
		{"misplaced", tryMisplaced},
		{"left behind", tryLeft},
		{"interrupted", tryInterrupted},
		{"unopened", tryUnopened},
		{"adopted", tryAdopted},
	}
	if name := os.Getenv(alone); name != "" {
		for _, tt := range cases {
			if tt.name == name {
				tt.try(t)
				return
			}
		}
		t.Fatalf("there is no case %q", name)
	}
	said, failed := make([][]byte, len(cases)), make([]error, len(cases))
	turns := make(chan struct{}, atOnce)
	var trying sync.WaitGroup
	for i, tt := range cases {
		turns <- struct{}{}
		trying.Go(func() {
			defer func() { <-turns }()
			c := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+t.Name()+"$")
			c.Env = append(os.Environ(), alone+"="+tt.name)
			said[i], failed[i] = c.CombinedOutput()
		})
	}
	trying.Wait()
	for i, tt := range cases {
		t.Run(tt.name, func(t *testing.T) {
			if failed[i] != nil {
				t.Errorf("%v\n%s", failed[i], said[i])
			}
		})
	}
}

// carryOut runs a suite that must fail, or must not, and of whose two drills so
// many come to an end.
func carryOut(t *testing.T, s *dsl.Suite, view *silent, fails bool, ended int) {
	t.Helper()
	RegisterFailHandler(Fail)
	var f failed
	s.Run(&f)
	if bool(f) != fails {
		t.Errorf("the suite has failed: %v, want %v", f, fails)
	}
	if view.began != 2 || view.ended != ended {
		t.Errorf("%d drills began and %d ended, want 2 and %d", view.began, view.ended, ended)
	}
	skipped := s.Report().Skipped
	if len(skipped) != 1 || skipped[0].Host != "memory" || !strings.Contains(skipped[0].Why, "no cables") {
		t.Errorf("skipped = %v, want what needs cables, once", skipped)
	}
}

func tryHealthy(t *testing.T) {
	t.Helper()
	out, view := t.TempDir(), &silent{}
	s := suite(t, out, view, memory(), "no", lostPrimary, agrees)
	carryOut(t, s, view, false, 2)
	checkDrills(t, s, measure.Met, "")
	checkRows(t, s, measure.RowRight, measure.RowUnseen)
	hides(t, out, s.Report())
}

func tryDefective(t *testing.T) {
	t.Helper()
	view := &silent{}
	s := suite(t, t.TempDir(), view, memory(), "yes", lostPrimary, nil)
	carryOut(t, s, view, true, 2)
	checkDrills(t, s, measure.Missed, "")
}

// Every row is answered, also those behind the first that is wrong, and the step fails
// for all of them.
func tryDiffering(t *testing.T) {
	t.Helper()
	view := &silent{}
	s := suite(t, t.TempDir(), view, memory(), "no", differing, nil)
	carryOut(t, s, view, true, 2)
	checkRows(t, s, measure.RowWrong, measure.RowWrong)
	for _, d := range s.Report().Drills {
		step := d.Result.Steps[0]
		if step.Outcome != measure.Failed || !strings.Contains(step.Err, "b is primary") ||
			!strings.Contains(step.Err, "a job that b lacks") || strings.Contains(step.Err, "no cron") {
			t.Errorf("step %s: %s, want it failed for both of what is wrong", step.Outcome, step.Err)
		}
	}
}

// A row that is answered in another step's place is a mistake of the scenario, and the
// step that left it open proves nothing.
func tryMisplaced(t *testing.T) {
	t.Helper()
	view := &silent{}
	s := suite(t, t.TempDir(), view, memory(), "no", misplaced, nil)
	carryOut(t, s, view, true, 2)
	checkRows(t, s, measure.RowUnanswered, measure.RowUnanswered)
	for _, d := range s.Report().Drills {
		if err := d.Result.Steps[1].Err; !strings.Contains(err, "jobs is found for a row of step 1, in step 2") {
			t.Errorf("step 2: %q, want it said that the row is of step 1", err)
		}
	}
}

func tryStuck(t *testing.T) {
	t.Helper()
	view := &silent{}
	s := suite(t, t.TempDir(), view, memory(), "no", unhealed, nil)
	carryOut(t, s, view, true, 2)
	checkDrills(t, s, measure.Unmeasurable, record.BlameFault)
}

func tryDeclined(t *testing.T) {
	t.Helper()
	view := &silent{}
	s := suite(t, t.TempDir(), view, memory(), "no", lostPrimary, declines)
	carryOut(t, s, view, true, 2)
	checkDeclined(t, s)
}

func tryGone(t *testing.T) {
	t.Helper()
	view := &silent{}
	s := suite(t, t.TempDir(), view, memory(), "no", unreachable, nil)
	carryOut(t, s, view, true, 2)
	checkGone(t, s)
}

func tryUnopened(t *testing.T) {
	t.Helper()
	view, full := &silent{}, memory()
	full.Open = func(context.Context, string, driver.Driver, func(string)) (host.Host, link.Network, error) {
		return nil, nil, errFull
	}
	s := suite(t, t.TempDir(), view, full, "no", lostPrimary, nil)
	carryOut(t, s, view, true, 0)
	checkBroken(t, s, reports.NotBegun, errFull, 0)
}

func tryLeft(t *testing.T) {
	t.Helper()
	view, sticky := &silent{}, memory()
	sticky.Open = func(_ context.Context, _ string, d driver.Driver, _ func(string)) (host.Host, link.Network, error) {
		db := d.(*fake.DB)
		return lingering{db}, db.Links(), nil
	}
	s := suite(t, t.TempDir(), view, sticky, "no", lostPrimary, nil)
	carryOut(t, s, view, true, 2)
	checkBroken(t, s, reports.LeftBehind, errLingers, 2)
	if n := strings.Count(view.said.String(), errLingers.Error()); n != 2 {
		t.Errorf("it says %d times that a host is stuck, want 2:\n%s", n, view.said.String())
	}
}
