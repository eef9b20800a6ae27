package dm8_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/ginkgo/v2"
	"github.com/onsi/gomega"

	fixture "drillbook/fixtures/dm8"
	"drillbook/harness/cluster"
	"drillbook/harness/drill"
	node "drillbook/harness/host"
	"drillbook/harness/phrase"
	"drillbook/harness/probe"
	"drillbook/harness/record"
	"drillbook/harness/shell"
	"drillbook/reports"
	"drillbook/runbooks"
	"drillbook/scenarios/dm8"
	"drillbook/scenarios/dsl"
)

const (
	// repairedFile says how the group was repaired.
	repairedFile = "repaired.txt"
	// promisedHere is the drill's promise in place of its page's: an outage that
	// does not end is waited for until it is certain.
	promisedHere = 10 * time.Second
	repairWithin = 4 * time.Minute
)

// few is a probe that leaves the machine to several drills at a time: what is asked
// here is how they end, not how closely their outages are known.
func few() drill.Probe {
	return drill.Probe{Writes: 10, Reads: 2, Connects: 1, Direct: 2, Registers: 2}
}

// TestOneKill is the process of one drill of [TestKillsAfterSteps]. Its steps may
// fail; the repair may not.
func TestOneKill(t *testing.T) {
	text := os.Getenv(killEnv)
	if text == "" {
		t.Skip("it is started by TestKillsAfterSteps")
	}
	k, err := killOf(text)
	if err != nil {
		t.Fatal(err)
	}
	lib, err := runbooks.Load(runbooks.Embedded())
	if err != nil {
		t.Fatal(err)
	}
	for i := range lib {
		lib[i].RTO = promisedHere
	}
	drill := &killed{kill: k}
	suite := dsl.NewSuite(dsl.Options{
		Library: lib, Place: dsl.Containers(), Trials: 1, Harness: "go test", View: said{t},
		Out: os.Getenv(killedOut), Probe: few(),
	})
	for _, s := range dm8.Product().All() {
		if s.Runbook == k.book {
			if err := suite.Declare(drill.around(s)); err != nil {
				t.Fatal(err)
			}
		}
	}
	gomega.RegisterFailHandler(Fail)
	suite.Run(steps{})
	if err := suite.Broken(); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(drill.killing, drill.repair); err != nil || drill.repaired == "" {
		t.Fatalf("repaired = %q: %v", drill.repaired, err)
	}
	file := filepath.Join(os.Getenv(killedOut), repairedFile)
	if err := os.WriteFile(file, []byte(drill.repaired), 0o600); err != nil {
		t.Fatal(err)
	}
}

// steps takes the failures of a drill's steps, which are no failures of the test.
type steps struct{}

func (steps) Fail() {}

// said logs what a drill does, for whoever looks why a repair failed.
type said struct{ t *testing.T }

var _ dsl.View = said{}

// DrillBegins is told by its events.
func (said) DrillBegins(record.Head, func() (probe.Health, time.Duration, bool)) {}

func (s said) Say(line string) { s.t.Log(line) }

func (s said) Event(e record.Event, _ ...phrase.Phrase) {
	what, _, _ := strings.Cut(e.What, "\n")
	s.t.Logf("%9.3fs %s %d %s %s %.80s %s", e.At.Seconds(), e.Kind, e.Step, e.Member, e.Fault, what, e.Err)
}

func (s said) DrillEnds(d reports.Drill) { s.t.Log(d.Result.Verdict) }

// killed is a drill with a kill and what came of it.
type killed struct {
	kill

	killing, repair error
	dm              *fixture.Driver
	struck          bool // something ran that could be killed
	repaired        string
}

// around is the scenario with the kill after its step, and the repair after its
// end: when a step has failed, or the promise has been judged.
func (k *killed) around(s dsl.Scenario) dsl.Scenario {
	body := s.Body
	s.Body = func(d *dsl.Drill) {
		body(d)
		over := false
		AfterEach(func(ctx SpecContext) {
			spec := CurrentSpecReport()
			number, isStep := 0, false
			for _, step := range d.Book.Steps {
				if step.Text("en") == spec.LeafNodeText {
					number, isStep = step.Number, true
				}
			}
			passed := isStep && !spec.Failed()
			if passed && number == k.step {
				k.killing = k.strike(ctx, d)
			}
			if over || d.Drill == nil {
				return
			}
			if dm, ok := d.Cluster.Driver.(*fixture.Driver); ok && (!passed || number == len(d.Book.Steps)) {
				k.dm, d.Cluster.Driver = dm, lasting{dm}
			}
			if passed {
				return
			}
			over = true
			k.repair = errors.Join(d.End(ctx, false), k.mend(ctx, d.Cluster), k.dm.CloseCluster(ctx))
		}, NodeTimeout(killedWithin))
	}
	return s
}

// lasting is the driver without its end, which would come with that of the drill:
// the repair needs its sessions and its monitor.
type lasting struct{ *fixture.Driver }

// CloseCluster does nothing.
func (lasting) CloseCluster(context.Context) error { return nil }

// strike kills the process, if it runs: some steps end it themselves.
func (k *killed) strike(ctx context.Context, d *dsl.Drill) error {
	host, ok := d.Cluster.Member(k.host)
	if !ok {
		if host, ok = d.Cluster.Auxiliary(k.host); !ok {
			return fmt.Errorf("there is no host %s", k.host)
		}
	}
	if s, ok := host.Node.(node.Stater); ok {
		if state, err := s.State(ctx); err != nil || state == node.Ended {
			return err // a host that the drill has taken away runs nothing
		}
	}
	running, err := shell.Processes(ctx, host, k.program)
	if err != nil {
		return err
	}
	k.struck = len(running) > 0
	for _, pid := range running { // one that has ended meanwhile is no error
		line := fmt.Sprintf("kill -9 %[1]d && while [ -e /proc/%[1]d ]; do sleep 0.05; done; true", pid)
		if _, err := host.Run(ctx, node.Command{Argv: []string{"sh", "-c", line}}); err != nil {
			return err
		}
	}
	return nil
}

// mend repairs the group as a person would with the pages.
func (k *killed) mend(ctx context.Context, c *cluster.Cluster) error {
	ctx, cancel := context.WithTimeout(ctx, repairWithin)
	defer cancel()
	r := repairs{dm: k.dm, members: c.Members, role: c.Role}
	var err error
	if k.repaired, err = r.rebuild(ctx); err != nil {
		return err
	}
	if !k.struck {
		k.repaired += "; the kill met nothing that ran"
	}
	return nil
}
