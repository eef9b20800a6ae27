package fake_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"drillbook/fixtures/fake"
	"drillbook/harness/cluster"
	"drillbook/harness/driver"
	"drillbook/harness/fault"
	"drillbook/harness/host"
	"drillbook/harness/link"
	"drillbook/harness/measure"
	"drillbook/harness/record"
	"drillbook/runbooks"
	"drillbook/scenarios/dsl"
)

// staying is a place whose cluster is there before the drill begins.
func staying() dsl.Place {
	p := memory()
	p.Stays = true
	p.Open = func(ctx context.Context, _ string, d driver.Driver, _ func(string)) (host.Host, link.Network, error) {
		db := d.(*fake.DB)
		_, err := cluster.Start(ctx, cluster.Spec{
			Driver: db, Host: db, Members: []string{"db1", "db2"}, Within: time.Minute,
		})
		return db, db.Links(), err
	}
	return p
}

// tryAdopted drills a cluster that stays: a person is asked for each of its faults, and the
// record says what the page calls the members.
func tryAdopted(t *testing.T) {
	t.Helper()
	var asked []string
	view := &silent{}
	s := dsl.NewSuite(dsl.Options{
		Library: library(t), Place: staying(), Out: t.TempDir(), Trials: 1, View: view,
		Params: map[string]string{"loses": "no"}, Operator: "li.wei",
		Consent: func(_ context.Context, s runbooks.Step, faults []fault.Fault) error {
			said := make([]string, 0, 1+len(faults))
			said = append(said, s.Title.In("en"))
			for _, f := range faults {
				said = append(said, f.String())
			}
			asked = append(asked, strings.Join(said, ": "))
			return nil
		},
	})
	sc := dsl.Scenario{
		Runbook: "fake/lost-primary", Tier: dsl.Smoke, Members: []string{"a", "b"}, Driver: newDB, Body: lostPrimary,
		Faults: func(_ context.Context, f dsl.Foreseen) ([]dsl.StepFault, error) {
			return []dsl.StepFault{{Step: "Lose it", Fault: fault.HostLoss(f.Primary)}}, nil
		},
	}
	without := sc
	without.Faults = nil
	must(t, s.Declare(sc.Adopting([]string{"db1", "db2"}, newDB), without))
	RegisterFailHandler(Fail)
	var f failed
	if s.Run(&f); f {
		t.Error("the suite has failed")
	}
	if want := []string{"Lose it: host of db1 is lost", "Promote"}; !slices.Equal(asked, want) {
		t.Errorf("people were asked %q, want %q", asked, want)
	}
	if len(s.Skipped()) != 1 || !strings.Contains(s.Skipped()[0].Why, "which faults") {
		t.Errorf("skipped is %v, want what does not say its faults", s.Skipped())
	}
	d := s.Report().Drills[0]
	if d.Result.Verdict != measure.Met {
		t.Errorf("it is %s: %v", d.Result.Verdict, d.Result.Reasons)
	}
	if !slices.ContainsFunc(d.Record.Events, func(e record.Event) bool {
		return e.Kind == record.Finding && strings.HasPrefix(e.Answer, "a is db1 at ") &&
			strings.Contains(e.Answer, ", b is db2 at ")
	}) {
		t.Error("the record does not say what the page calls the members")
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
