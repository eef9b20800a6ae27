package iris_test

import (
	"os"
	"path/filepath"
	"strconv"
	"testing"

	. "github.com/onsi/ginkgo/v2"
	"github.com/onsi/gomega"

	"drillbook/runbooks"
	"drillbook/scenarios/dsl"
	"drillbook/scenarios/iris"
)

// lossesEnv is in how many drills TestLosses kills the primary, and commitEnv the commit that
// they have: sync or default.
const (
	lossesEnv = "IRIS_LOSSES"
	commitEnv = "IRIS_COMMIT"
)

// TestLosses kills the primary of a mirror with an active backup many times. Under synchronous
// commit nothing that was acknowledged may be lost. Under the product's default something must
// be: a check of losses that never finds one is blind.
func TestLosses(t *testing.T) {
	text, commit := os.Getenv(lossesEnv), os.Getenv(commitEnv)
	if text == "" {
		t.Skip("make losses does it: two times 20 drills")
	}
	trials, err := strconv.Atoi(text)
	if err != nil || trials < 1 {
		t.Fatalf("%s=%s is no number of kills such as 20", lossesEnv, text)
	}
	lib, err := runbooks.Load(runbooks.Embedded())
	if err != nil {
		t.Fatal(err)
	}
	out := os.Getenv(dsl.OutEnv)
	if out == "" {
		out = t.TempDir()
	}
	out = filepath.Join(out, "iris-losses-"+commit)
	suite := dsl.NewSuite(dsl.Options{
		Library: lib, Place: dsl.Containers(), Trials: trials, Harness: "go test", View: said{t}, Out: out,
		Params: map[string]string{"what": "kill", "commit": commit},
	})
	if err := suite.Declare(iris.LostPrimary()); err != nil {
		t.Fatal(err)
	}
	gomega.RegisterFailHandler(Fail)
	suite.Run(steps{})
	if err := suite.Broken(); err != nil {
		t.Error(err)
	}
	if err := writeReport(suite, out); err != nil {
		t.Error(err)
	}
	judgeLosses(t, suite, trials, commit)
}

func judgeLosses(t *testing.T, suite *dsl.Suite, trials int, commit string) {
	t.Helper()
	drills, losing, lost := 0, 0, 0
	for _, d := range suite.Report().Drills {
		w := d.Result.Writes
		if !w.Counted {
			t.Errorf("trial %d: the tokens could not be counted", d.Record.Head.Trial)
			continue
		}
		drills++
		lost += len(w.Lost)
		if len(w.Lost) > 0 {
			losing++
		}
		t.Logf("commit=%s, kill %d: %d acknowledged, %d lost, the oldest acknowledged %s before service ended", commit,
			d.Record.Head.Trial, w.Acked, len(w.Lost), w.OldestLost)
	}
	t.Logf("commit=%s: %d of %d kills lost something, together %d acknowledged writes", commit, losing, drills, lost)
	switch {
	case drills < trials:
		t.Errorf("%d of %d kills were counted", drills, trials)
	case commit == "sync" && lost > 0:
		t.Error("synchronous commit has lost what it had acknowledged")
	case commit == "default" && lost == 0:
		t.Error("the default commit has lost nothing: nobody can tell whether a loss would be found")
	}
}
