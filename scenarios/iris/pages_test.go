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
		{iris.RebuildMember(), map[string]string{"alone": "2s"}, ""},
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

// TestMissed carries out a drill whose promise must not be kept: what a page shows would else be
// shown by nothing.
func TestMissed(t *testing.T) {
	c, ok := map[string]struct {
		sc     dsl.Scenario
		params map[string]string
		code   measure.Code
	}{
		"pause":  {iris.Maintenance(), map[string]string{"pause": "2s"}, measure.StepFailed}, // no false failover
		"behind": {iris.AsyncPromote(), map[string]string{"disaster": "behind"}, measure.RPOMissed},
		"forced": {iris.RebuildMember(), map[string]string{"alone": "20s"}, measure.RPOMissed},
	}[os.Getenv(missedEnv)]
	if !ok {
		t.Skip("make scenarios does it")
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
		if r := d.Result; r.Verdict != measure.Missed || !slices.ContainsFunc(r.Reasons, func(w measure.Reason) bool {
			return w.Code == c.code && w.Verdict == measure.Missed
		}) {
			t.Errorf("%v: %s, %+v, want it missed for %s", c.params, r.Verdict, r.Reasons, c.code)
		}
	}
}
