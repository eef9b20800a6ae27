package fake_test

import (
	"context"
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
		lost = fault.HostLoss(a)
		Expect(d.Inject(ctx, lost)).To(dsl.Work())
	})
	It(d.Step("Promote"), func(ctx SpecContext) {
		Expect(d.Promote(ctx, b)).To(dsl.Work())
		d.ConfirmServed(ctx)
	})
	It(d.Step("Rejoin"), func(ctx SpecContext) {
		Expect(d.Heal(ctx, lost)).To(dsl.Work())
		Expect(d.Rejoin(ctx, a, b, driver.Rewind)).To(dsl.Work())
	})
}

// silent is a view that only counts.
type silent struct{ began, ended int }

func (s *silent) DrillBegins(record.Head, func() (probe.Health, time.Duration, bool)) { s.began++ }
func (s *silent) Say(string)                                                          {}
func (s *silent) Event(record.Event)                                                  {}
func (s *silent) DrillEnds(reports.Drill)                                             { s.ended++ }

// failed is what Ginkgo is given to fail, in place of the test: that the
// defective drill fails is what is tested.
type failed bool

func (f *failed) Fail() { *f = true }

func suite(t *testing.T, view dsl.View, loses string) *dsl.Suite {
	t.Helper()
	lib, err := runbooks.Load(fstest.MapFS{
		"fake/lost-primary.md":    {Data: []byte(page)},
		"fake/lost-primary.zh.md": {Data: []byte(page)},
	})
	if err != nil {
		t.Fatal(err)
	}
	s := dsl.NewSuite(dsl.Options{
		Library: lib, Place: memory(), Out: t.TempDir(), Trials: 2, View: view,
		Params: map[string]string{"loses": loses},
	})
	sc := dsl.Scenario{
		Runbook: "fake/lost-primary", Tier: dsl.Smoke, Members: []string{"a", "b"}, Driver: newDB, Body: lostPrimary,
	}
	cannot := sc
	cannot.Needs = dsl.Always(dsl.Unplug)
	err = s.Declare(sc, cannot)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// A healthy and a defective database are drilled in one suite, two trials each:
// Ginkgo can run only once in a process.
func TestSuite(t *testing.T) {
	var view silent
	healthy, defective := suite(t, &view, "no"), suite(t, &view, "yes")
	var f failed
	RegisterFailHandler(Fail)
	healthy.Run(&f)
	if !f {
		t.Error("a missed promise did not fail the suite")
	}
	if view.began != 4 || view.ended != 4 {
		t.Errorf("%d drills began and %d ended, want 4 each", view.began, view.ended)
	}
	for _, tt := range []struct {
		suite *dsl.Suite
		want  measure.Verdict
	}{{healthy, measure.Met}, {defective, measure.Missed}} {
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
				if s.Outcome != measure.Passed {
					t.Errorf("step %d %s, want passed: %s", s.Number, s.Outcome, s.Err)
				}
			}
		}
	}
	if healthy.Broken() != nil || healthy.Interrupted() {
		t.Errorf("broken = %v, interrupted = %v", healthy.Broken(), healthy.Interrupted())
	}
}
