package dsl

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"testing"
	"time"

	"github.com/onsi/ginkgo/v2"
	"github.com/onsi/gomega"

	"drillbook/harness/phrase"
	"drillbook/harness/probe"
	"drillbook/harness/record"
	"drillbook/harness/secret"
	"drillbook/reports"
	"drillbook/runbooks"
)

// OutEnv names the folder in which `go test` leaves the records and reports of
// its drills. Without it they go with the test.
const OutEnv = "DRILLBOOK_OUT"

// EveryEnv names a variable that has `go test` carry out all scenarios when it is set;
// otherwise it carries out those of the smoke tier.
const EveryEnv = "DRILLBOOK_EVERY_SCENARIO"

// Due are those of the scenarios that `go test` carries out.
func Due(all []Scenario) []Scenario {
	every := os.Getenv(EveryEnv) != ""
	return slices.DeleteFunc(slices.Clone(all), func(s Scenario) bool { return !every && s.Tier != Smoke })
}

// Test carries out scenarios under `go test`, each once, and writes their
// reports. It may be called once in a process.
func Test(t *testing.T, place Place, scenarios ...Scenario) {
	t.Helper()
	if testing.Short() {
		t.Skip("drills take too long for -short")
	}
	out := os.Getenv(OutEnv)
	if out == "" {
		out = t.TempDir()
	}
	lib, err := runbooks.Load(runbooks.Embedded())
	if err != nil {
		t.Fatal(err)
	}
	if place, err = place.WithLacks(t.Context(), scenarios...); err != nil {
		t.Fatal(err)
	}
	suite := NewSuite(Options{
		Library: lib, Place: place, Trials: 1, Harness: "go test", View: writerView{},
		Out: filepath.Join(out, time.Now().Format("2006-01-02T15-04-05")+"-"+scenarios[0].Product()),
	})
	if err := suite.Declare(scenarios...); err != nil {
		t.Fatal(err)
	}
	if err := suite.Check(); err != nil {
		t.Fatal(err)
	}
	for _, s := range suite.Skipped() {
		t.Log(s)
	}
	due := len(scenarios) - len(suite.Skipped())
	if due == 0 {
		t.Skip("none of the scenarios can be carried out here")
	}
	gomega.RegisterFailHandler(ginkgo.Fail)
	suite.Run(t)
	if run := suite.Report(); len(run.Drills) > 0 {
		if err := reports.Write(suite.opts.Out, run, "en"); err != nil {
			t.Error(err)
		}
	}
	known, err := Secrets(lib, scenarios...)
	if err != nil {
		t.Fatal(err)
	}
	found, err := secret.Leaks(os.DirFS(suite.opts.Out), known...)
	if err != nil {
		t.Error(err)
	}
	for _, leak := range found {
		t.Errorf("a secret is in what the drills have left: %s", leak)
	}
	for _, d := range suite.Report().Drills {
		for _, what := range forceOutsideFaults(d.Record) {
			t.Errorf("%s ended a process or cut a network past package fault: %s", d.Record.Head.Runbook, what)
		}
	}
	if len(suite.Report().Drills) != due {
		t.Errorf("%d of %d scenarios have left a record", len(suite.Report().Drills), due)
	}
}

// writerView writes what is worth a line to Ginkgo's own log, which shows it
// when a spec fails or -v asks for it.
type writerView struct{}

func (writerView) DrillBegins(h record.Head, _ func() (probe.Health, time.Duration, bool)) {
	ginkgo.GinkgoWriter.Printf("drill %s of %s\n", h.Run, h.Runbook)
}

func (writerView) Say(line string) { ginkgo.GinkgoWriter.Println(line) }

func (writerView) Event(e record.Event, _ ...phrase.Phrase) {
	ginkgo.GinkgoWriter.Printf("%9.3fs %s %s %s %s %s %s\n",
		e.At.Seconds(), e.Kind, e.Member, e.Fault, e.What, e.Answer, e.Err)
}

func (writerView) DrillEnds(d reports.Drill) {
	for _, r := range d.Result.Reasons {
		ginkgo.GinkgoWriter.Println(reports.Sentence(r, "en"))
	}
	ginkgo.GinkgoWriter.Println(fmt.Sprintf("%s: downtime %v", d.Result.Verdict, d.Result.Downtime.Longest.Bracket))
}

// force matches commands that end a process or cut a network other than by a
// product's own orderly commands.
var force = regexp.MustCompile(`\bkill -(9|KILL)\b|\bSIGKILL\b|\bKILL$|\b(pkill|killall|nft|iptables)\b|` +
	`\bip link set\b|-m immediate`)

// forceOutsideFaults returns the commands of a drill that used force outside of a
// fault: the report would not show them, and nothing confirmed their effect.
func forceOutsideFaults(rec *record.Record) []string {
	var found []string
	injecting := map[string]bool{}
	for _, e := range rec.Events {
		switch {
		case e.Kind == record.Prepared:
			injecting[e.Fault] = true
		case e.Fault != "":
			if e.Kind != record.Injected {
				delete(injecting, e.Fault)
			}
		case e.Kind == record.Command && len(injecting) == 0 && force.MatchString(e.What):
			found = append(found, fmt.Sprintf("%s: %s", e.Member, e.What))
		}
	}
	return found
}
