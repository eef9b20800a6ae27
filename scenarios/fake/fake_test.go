package fake_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
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
	"drillbook/harness/probe"
	"drillbook/harness/record"
	"drillbook/harness/secret"
	"drillbook/reports"
	"drillbook/runbooks"
	"drillbook/scenarios/dsl"
)

const page = `---
rto: 30s
rpo: 10
source: "a test"
needs: [promote, rejoin]
params:
  loses: {default: "no", allowed: ["no", "yes"]}
---
# The primary is lost

What it is about.

## 1. Lose it

Take the primary away.

## 2. Promote

` + "`consent=ask`" + `

Make the standby primary.

## 3. Rejoin

Bring the old primary back.
`

// newDB makes the database of the parameter loses.
func newDB(params map[string]string) (driver.Driver, error) {
	cfg := fake.Config{Latency: time.Millisecond, Delay: 2 * time.Millisecond}
	if params["loses"] == "yes" {
		cfg.Defects.LosesOnPromotion = 60
	}
	return fake.New(cfg), nil
}

// logIn has a person log in to a member, who types the password.
func logIn(ctx context.Context, m driver.Member) error {
	known := fake.New(fake.Config{}).Secrets()
	answer, err := m.Run(ctx, host.Command{
		Argv: []string{"login"}, Typed: "dba/" + known[0].String() + "\n", Secrets: known,
	})
	if err == nil && !strings.Contains(answer.Stdout, "dba has logged in") {
		err = errors.New(answer.Stdout)
	}
	return err
}

func memory() dsl.Place {
	return dsl.Place{
		Name: "memory", Lacks: map[dsl.Need]string{dsl.Unplug: "there are no cables"},
		Open: func(_ context.Context, _ string, d driver.Driver, _ func(string)) (host.Host, link.Network, error) {
			db := d.(*fake.DB)
			return db, db.Links(), nil
		},
	}
}

func lostPrimary(d *dsl.Drill) {
	var a, b driver.Member
	var lost fault.Fault
	It(d.Step("Lose it"), func(ctx SpecContext) {
		a, b = d.PairInSync(ctx)
		Expect(logIn(ctx, b)).To(Succeed())
		lost = fault.HostLoss(a)
		Expect(d.Inject(ctx, lost)).To(d.Work())
	})
	It(d.Step("Promote"), func(ctx SpecContext) {
		Expect(d.Promote(ctx, b)).To(d.Work())
		d.ConfirmServed(ctx)
	})
	It(d.Step("Rejoin"), func(ctx SpecContext) {
		Expect(d.Heal(ctx, lost)).To(d.Work())
		Expect(d.Rejoin(ctx, a, b, driver.Rewind)).To(d.Work())
	})
}

// unhealed is lostPrimary whose host cannot be brought up at first.
func unhealed(d *dsl.Drill) {
	var lost fault.Fault
	var a, b driver.Member
	It(d.Step("Lose it"), func(ctx SpecContext) {
		a, b = d.PairInSync(ctx)
		lost = &stuckOnce{Fault: fault.HostLoss(a)}
		Expect(d.Inject(ctx, lost)).To(d.Work())
	})
	It(d.Step("Promote"), func(ctx SpecContext) {
		Expect(d.Promote(ctx, b)).To(d.Work())
		d.ConfirmServed(ctx)
	})
	It(d.Step("Rejoin"), func(ctx SpecContext) {
		defer func() { // so that nothing but the step is amiss
			Expect(d.Heal(ctx, lost)).To(Succeed())
			Expect(d.Rejoin(ctx, a, b, driver.Rewind)).To(Succeed())
		}()
		Expect(d.Heal(ctx, lost)).To(d.Work(), "bring the host up")
	})
}

// stuckOnce is a fault whose healing fails the first time.
type stuckOnce struct {
	fault.Fault
	tried bool
}

func (s *stuckOnce) Heal(ctx context.Context) error {
	if !s.tried {
		s.tried = true
		return errors.New("the host does not answer")
	}
	return s.Fault.Heal(ctx)
}

// silent is a view that only counts.
type silent struct {
	began, ended int
	said         strings.Builder
}

func (s *silent) DrillBegins(record.Head, func() (probe.Health, time.Duration, bool)) { s.began++ }
func (s *silent) Say(line string)                                                     { s.said.WriteString(line) }
func (s *silent) Event(record.Event)                                                  {}
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
type consent func(context.Context, runbooks.Step) error

func suite(
	t *testing.T, out string, view dsl.View, place dsl.Place, loses string, body func(*dsl.Drill), ask consent,
) *dsl.Suite {
	t.Helper()
	lib, err := runbooks.Load(fstest.MapFS{
		"fake/lost-primary.md":    {Data: []byte(page)},
		"fake/lost-primary.zh.md": {Data: []byte(page)},
	})
	if err != nil {
		t.Fatal(err)
	}
	s := dsl.NewSuite(dsl.Options{
		Library: lib, Place: place, Out: out, Trials: 2, View: view,
		Params: map[string]string{"loses": loses}, Consent: ask,
	})
	sc := dsl.Scenario{
		Runbook: "fake/lost-primary", Tier: dsl.Smoke, Members: []string{"a", "b"}, Driver: newDB, Body: body,
	}
	cannot := sc
	cannot.Needs = dsl.Always(dsl.Unplug)
	err = s.Declare(sc, cannot)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func agrees(context.Context, runbooks.Step) error { return nil }

func declines(context.Context, runbooks.Step) error { return errors.New("not now") }

// unreachable is lostPrimary on a place that ends in the middle.
func unreachable(d *dsl.Drill) {
	It(d.Step("Lose it"), func(ctx SpecContext) {
		a, _ := d.PairInSync(ctx)
		Expect(d.Inject(ctx, fault.HostLoss(a))).To(d.Work())
	})
	It(d.Step("Promote"), func(SpecContext) {
		Expect(fmt.Errorf("promote b: %w", host.ErrGone)).To(d.Work())
	})
	It(d.Step("Rejoin"), func(SpecContext) { Fail("it was carried out all the same") })
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

// A healthy and a defective database, and a place that fails, are drilled in one
// suite, two trials each: Ginkgo can run only once in a process.
func TestSuite(t *testing.T) {
	t.Setenv("XDG_CACHE_HOME", t.TempDir()) // what is stuck leaves its ledger of faults
	var view silent
	out := t.TempDir()
	healthy := suite(t, out, &view, memory(), "no", lostPrimary, agrees)
	defective := suite(t, t.TempDir(), &view, memory(), "yes", lostPrimary, nil)
	stuck := suite(t, t.TempDir(), &view, memory(), "no", unhealed, nil)
	declined := suite(t, t.TempDir(), &view, memory(), "no", lostPrimary, declines)
	gone := suite(t, t.TempDir(), &view, memory(), "no", unreachable, nil)
	full, sticky := memory(), memory()
	full.Open = func(context.Context, string, driver.Driver, func(string)) (host.Host, link.Network, error) {
		return nil, nil, errFull
	}
	sticky.Open = func(_ context.Context, _ string, d driver.Driver, _ func(string)) (host.Host, link.Network, error) {
		db := d.(*fake.DB)
		return lingering{db}, db.Links(), nil
	}
	unopened := suite(t, t.TempDir(), &view, full, "no", lostPrimary, nil)
	left := suite(t, t.TempDir(), &view, sticky, "no", lostPrimary, nil)
	var f failed
	RegisterFailHandler(Fail)
	healthy.Run(&f)
	if !f {
		t.Error("a missed promise did not fail the suite")
	}
	if view.began != 14 || view.ended != 12 {
		t.Errorf("%d drills began and %d ended, want 14, and all but two", view.began, view.ended)
	}
	if n := strings.Count(view.said.String(), errLingers.Error()); n != 2 {
		t.Errorf("it says %d times that a host is stuck, want 2:\n%s", n, view.said.String())
	}
	checkBroken(t, unopened, reports.NotBegun, errFull, 0)
	checkBroken(t, left, reports.LeftBehind, errLingers, 2)
	checkDeclined(t, declined)
	checkGone(t, gone)
	for _, tt := range []struct {
		suite *dsl.Suite
		want  measure.Verdict
		blame record.Blame // for the third step, which passes if nobody is to blame
	}{
		{healthy, measure.Met, ""}, {defective, measure.Missed, ""}, {stuck, measure.Unmeasurable, record.BlameFault},
	} {
		drills, skipped := tt.suite.Report().Drills, tt.suite.Report().Skipped
		if len(skipped) != 1 || skipped[0].Host != "memory" || !strings.Contains(skipped[0].Why, "no cables") {
			t.Errorf("skipped = %v, want what needs cables, once", skipped)
		}
		if len(drills) != 2 {
			t.Fatalf("%d drills, want 2 trials", len(drills))
		}
		for i, d := range drills {
			if d.Result.Verdict != tt.want {
				t.Errorf("verdict = %s, want %s: %+v", d.Result.Verdict, tt.want, d.Result.Reasons)
			}
			if d.Record.Head.Trial != i+1 || d.Record.Head.Trials != 2 {
				t.Errorf("trial %d of %d, want %d of 2", d.Record.Head.Trial, d.Record.Head.Trials, i+1)
			}
			for _, s := range d.Result.Steps {
				want, blame := measure.Passed, record.BlameService
				if s.Number == 3 && tt.blame != "" {
					want, blame = measure.Failed, tt.blame
				}
				if s.Outcome != want || s.Blame != blame {
					t.Errorf("step %d %s, %q to blame, want %s, %q: %s",
						s.Number, s.Outcome, s.Blame, want, blame, s.Err)
				}
			}
		}
	}
	hides(t, out, healthy.Report())
	if healthy.Broken() != nil || healthy.Interrupted() {
		t.Errorf("broken = %v, interrupted = %v", healthy.Broken(), healthy.Interrupted())
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
	for _, file := range []string{"*/record.jsonl", reports.PageFile} {
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
