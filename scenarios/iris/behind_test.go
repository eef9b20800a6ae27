package iris_test

import (
	"os"
	"slices"
	"testing"

	. "github.com/onsi/ginkgo/v2"
	"github.com/onsi/gomega"

	"drillbook/harness/record"
	"drillbook/runbooks"
	"drillbook/scenarios/dsl"
	"drillbook/scenarios/iris"
)

// TestBehind: an outage that comes before the loss is not counted as a part of it, and what has
// to wait until somebody serves is not left out.
func TestBehind(t *testing.T) {
	if os.Getenv(dsl.EveryEnv) == "" { // Ginkgo runs once in a process, and TestScenarios needs that
		t.Skip("make scenarios does it")
	}
	lib, err := runbooks.Load(runbooks.Embedded())
	if err != nil {
		t.Fatal(err)
	}
	suite := dsl.NewSuite(dsl.Options{
		Library: lib, Place: dsl.Containers(), Trials: 1, Harness: "go test", View: said{t}, Out: t.TempDir(),
		Params: map[string]string{"what": "hang", "backup": "behind"},
	})
	if err := suite.Declare(iris.LostPrimary()); err != nil {
		t.Fatal(err)
	}
	gomega.RegisterFailHandler(Fail)
	suite.Run(steps{})
	if err := suite.Broken(); err != nil {
		t.Fatal(err)
	}
	const loss, back = 2, 7
	for _, d := range suite.Report().Drills {
		if s := d.Result.Steps[loss-1]; s.Downtime.Count == 0 {
			t.Errorf("step %d, %s, has no outage", s.Number, s.Title)
		}
		if !slices.ContainsFunc(d.Record.Events, func(e record.Event) bool {
			return e.Kind == record.Finding && e.Step == back && e.What == "functional check" && e.Err == ""
		}) {
			t.Error("nobody has looked whether the application works")
		}
	}
}
