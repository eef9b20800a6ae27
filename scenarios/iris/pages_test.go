package iris_test

import (
	"os"
	"slices"
	"strings"
	"testing"

	. "github.com/onsi/ginkgo/v2"
	"github.com/onsi/gomega"

	"drillbook/harness/measure"
	"drillbook/runbooks"
	"drillbook/scenarios/dsl"
	"drillbook/scenarios/iris"
)

// TestBadLengths: lengths that could show nothing are refused before anything is started, with the
// name of the parameter.
func TestBadLengths(t *testing.T) {
	for _, c := range []struct {
		sc     dsl.Scenario
		params map[string]string
		want   string
	}{
		{iris.Maintenance(), map[string]string{"qos": "8s", "pause": "12s", "longer": "40s"}, ""},
		{iris.Maintenance(), map[string]string{"qos": "8s", "pause": "soon", "longer": "40s"}, "pause=soon"},
		{iris.Maintenance(), map[string]string{"qos": "8s", "pause": "-1s", "longer": "40s"}, "pause=-1s"},
		{iris.Maintenance(), map[string]string{"qos": "8s", "pause": "12s", "longer": "20s"}, "longer=20s"},
		{iris.Maintenance(), map[string]string{"qos": "8s", "pause": "12s", "longer": "1h"}, "longer=1h"},
		{iris.Maintenance(), map[string]string{"qos": "8", "pause": "12s", "longer": "40s"}, "qos=8"},
		{iris.Maintenance(), map[string]string{"qos": "8s", "pause": "0", "longer": "40s"}, "pause=0 is too short"},
		{iris.Maintenance(), map[string]string{"qos": "8s", "pause": "2s", "longer": "40s"}, ""},
		{iris.RebuildMember(), map[string]string{"alone": "2s"}, ""},
		{iris.RebuildMember(), map[string]string{"alone": "1s"}, ""},
		{iris.RebuildMember(), map[string]string{"alone": "0"}, "alone=0 is too short to show anything: it must be 1s"},
		{iris.RebuildMember(), map[string]string{"alone": "999ms"}, "alone=999ms is too short"},
		{iris.RebuildMember(), map[string]string{"alone": "-1s"}, "alone=-1s is no duration"},
		{iris.RebuildMember(), map[string]string{"alone": "1d"}, "alone=1d"},
		{iris.RebuildMember(), map[string]string{"alone": "1h"}, "alone=1h"},
	} {
		_, err := c.sc.Driver(c.params)
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s, %v: %v, want %q", c.sc.Runbook, c.params, err, c.want)
		}
	}
}

// missedEnv is which of the drills of TestMissed to carry out: Ginkgo runs once in a process.
const missedEnv = "IRIS_MISSED"

// missed is a drill whose promise must not be kept.
type missed struct {
	sc     dsl.Scenario
	params map[string]string
	env    map[string]string
	code   measure.Code
	failed int // the step that must fail; 0: none may
}

func allMissed() map[string]missed {
	return map[string]missed{
		"pause": { // no false failover
			sc: iris.Maintenance(), params: map[string]string{"pause": "2s"}, code: measure.StepFailed, failed: 8,
		},
		"behind": {sc: iris.AsyncPromote(), params: map[string]string{"disaster": "behind"}, code: measure.RPOMissed},
		"forced": {sc: iris.RebuildMember(), params: map[string]string{"alone": "20s"}, code: measure.RPOMissed},
		"order": { // the product removes the primary before the others
			sc: iris.RemoveMirror(), params: map[string]string{"told": "yes"},
			env: map[string]string{"IRIS_STANDIN_ORDER": "any"}, code: measure.StepFailed, failed: 2,
		},
	}
}

// TestMissed carries out a drill whose promise must not be kept: what a page shows would else be
// shown by nothing.
func TestMissed(t *testing.T) {
	c, ok := allMissed()[os.Getenv(missedEnv)]
	if !ok {
		t.Skip("make scenarios does it")
	}
	for name, value := range c.env {
		t.Setenv(name, value)
	}
	lib, err := runbooks.Load(runbooks.Embedded())
	if err != nil {
		t.Fatal(err)
	}
	suite := dsl.NewSuite(dsl.Options{
		Library: lib, Place: dsl.Containers(), Trials: 1, Harness: "go test", View: said{t}, Out: t.TempDir(),
		Params: c.params,
	})
	if err := suite.Declare(c.sc); err != nil {
		t.Fatal(err)
	}
	gomega.RegisterFailHandler(Fail)
	suite.Run(steps{})
	if err := suite.Broken(); err != nil {
		t.Fatal(err)
	}
	for _, d := range suite.Report().Drills {
		judgeMissed(t, &c, &d.Result)
	}
}

// judgeMissed makes sure that a drill is missed for its reason, and that it is the right step that
// has failed, if any.
func judgeMissed(t *testing.T, c *missed, r *measure.Result) {
	t.Helper()
	if r.Verdict != measure.Missed || !slices.ContainsFunc(r.Reasons, func(w measure.Reason) bool {
		return w.Code == c.code && w.Verdict == measure.Missed
	}) {
		t.Errorf("%v: %s, %+v, want it missed for %s", c.params, r.Verdict, r.Reasons, c.code)
	}
	failed := 0
	for _, s := range r.Steps {
		if s.Outcome == measure.Failed {
			failed = s.Number
			t.Logf("step %d, %s: %s", s.Number, s.Title, s.Err)
		}
	}
	if failed != c.failed {
		t.Errorf("%v: step %d has failed, want %d (0: none)", c.params, failed, c.failed)
	}
}
