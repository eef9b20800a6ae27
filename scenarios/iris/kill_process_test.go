package iris_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/ginkgo/v2"
	"github.com/onsi/gomega"

	fixture "drillbook/fixtures/iris"
	"drillbook/harness/cluster"
	"drillbook/harness/drill"
	"drillbook/harness/driver"
	node "drillbook/harness/host"
	"drillbook/harness/phrase"
	"drillbook/harness/probe"
	"drillbook/harness/record"
	"drillbook/harness/shell"
	"drillbook/harness/wait"
	"drillbook/reports"
	"drillbook/runbooks"
	"drillbook/scenarios/dsl"
	"drillbook/scenarios/iris"
)

const (
	// copyHost is the host of iris/known-errors that is in no plan.
	copyHost = "server04"
	// repairedFile says how the mirror was repaired.
	repairedFile = "repaired.txt"
	// promisedHere is the drill's promise in place of its page's: an outage that does not
	// end is waited for until it is certain.
	promisedHere = 10 * time.Second
	repairWithin = 5 * time.Minute
	// speedHere is how fast the stand-in's clocks run, unless speedEnv says otherwise: with
	// the default of 10 the QoS timeout is 0.8 s, and several drills at a time make pauses of
	// that length, which the mirror rightly takes for a loss.
	speedEnv  = "IRIS_STANDIN_SPEED"
	speedHere = "4"
	// delayHere is how long productions put off their start: nobody's outage waits for them.
	delayEnv  = "IRIS_STANDIN_PRODUCTION_DELAY"
	delayHere = "4"
)

// few is a probe that leaves the machine to several drills at a time: what is asked here is
// how they end, not how closely their outages are known.
func few() drill.Probe {
	return drill.Probe{Writes: 10, Reads: 2, Connects: 1, Direct: 2, Registers: 2, Roles: 5}
}

// TestOneKill is the process of one drill of [TestKills]. Its steps may fail; the repair may
// not.
func TestOneKill(t *testing.T) {
	text := os.Getenv(killEnv)
	if text == "" {
		t.Skip("it is started by TestKills")
	}
	k, err := killOf(text)
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range map[string]string{speedEnv: speedHere, delayEnv: delayHere} {
		if os.Getenv(name) == "" {
			t.Setenv(name, value)
		}
	}
	lib, err := runbooks.Load(runbooks.Embedded())
	if err != nil {
		t.Fatal(err)
	}
	for i := range lib {
		lib[i].RTO = promisedHere
	}
	one, out := &killed{kill: k, t: t}, os.Getenv(killedOut)
	suite := dsl.NewSuite(dsl.Options{
		Library: lib, Place: dsl.Containers(), Trials: 1, Harness: "go test", View: said{t}, Out: out, Probe: few(),
	})
	for _, s := range iris.Product().All() {
		if s.Runbook == k.book {
			if err := suite.Declare(one.around(s)); err != nil {
				t.Fatal(err)
			}
		}
	}
	gomega.RegisterFailHandler(Fail)
	suite.Run(steps{})
	if err := errors.Join(suite.Broken(), writeReport(suite, out)); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(one.killing, one.repair); err != nil || one.repaired == "" {
		t.Fatalf("repaired = %q: %v", one.repaired, err)
	}
	noneRuns(t)
	text = one.came + "; " + one.repaired
	if err := os.WriteFile(filepath.Join(out, repairedFile), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// noneRuns makes sure that the drill has left no goroutine.
func noneRuns(t *testing.T) {
	t.Helper()
	err := wait.For(t.Context(), "all goroutines of the drill to end", 10*time.Second, func(context.Context) error {
		all := make([]byte, 1<<20)
		all = all[:runtime.Stack(all, true)]
		var left []string
		for one := range strings.SplitSeq(string(all), "\n\n") {
			if strings.Contains(one, "drillbook/") && !strings.Contains(one, "iris_test.noneRuns") &&
				!strings.Contains(one, "drillbook/harness/wait.") {
				left = append(left, one)
			}
		}
		if len(left) > 0 {
			return errors.New(strings.Join(left, "\n\n"))
		}
		return nil
	})
	if err != nil {
		t.Error(err)
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
	t *testing.T

	over     func()        // ends the wait for the moment
	struck   chan struct{} // closed once the kill is over; nil before the step
	killing  error
	came     string // of the kill
	repair   error
	repaired string
}

// around is the scenario with the kill in its step, and the repair after its end: when a
// step has failed, or the promise has been judged.
func (k *killed) around(s dsl.Scenario) dsl.Scenario {
	body := s.Body
	s.Body = func(d *dsl.Drill) {
		body(d)
		over := false
		BeforeEach(func(ctx SpecContext) {
			if number, _ := stepOf(d); number == k.step {
				k.begin(ctx, d)
			}
		})
		AfterEach(func(ctx SpecContext) {
			number, isStep := stepOf(d)
			if number == k.step && k.struck != nil {
				k.over()
				<-k.struck
			}
			if over || d.Drill == nil || isStep && !CurrentSpecReport().Failed() {
				return
			}
			over = true
			if k.struck == nil { // there are moments in which a machine is too slow for a page
				k.came, k.killing = k.strike(ctx, d)
				k.came += fmt.Sprintf(" after the drill had failed in step %d", number)
			}
			ended := d.End(ctx, false)
			k.tails(ctx, d)
			k.repair = errors.Join(ended, k.mend(ctx, d))
		}, NodeTimeout(killedWithin))
	}
	return s
}

// stepOf is the step that the current spec carries out.
func stepOf(d *dsl.Drill) (number int, ok bool) {
	for _, step := range d.Book.Steps {
		if step.Text("en") == CurrentSpecReport().LeafNodeText {
			return step.Number, true
		}
	}
	return 0, false
}

// begin kills the program at its moment, or when over is called.
func (k *killed) begin(ctx context.Context, d *dsl.Drill) {
	ctx = context.WithoutCancel(ctx) // the spec's ends with BeforeEach
	moment, over := context.WithCancel(ctx)
	k.over, k.struck = over, make(chan struct{})
	go func() {
		defer close(k.struck)
		early := wait.Duration(moment, k.after)
		ctx, cancel := context.WithTimeout(ctx, time.Minute)
		defer cancel()
		if k.came, k.killing = k.strike(ctx, d); early != nil {
			k.came += " when the step ended"
		}
	}()
}

// killLine is how a person would do it.
const killLine = "kill -9"

// processes prints the numbers of the processes of a program by what they call themselves: all
// programs of the stand-in are one file, and a production has that file's name in the kernel.
const processes = `for p in /proc/[0-9]*; do c=$(tr '\0' '\n' <$p/cmdline | head -n 1)
[ "${c##*/}" != "$1" ] || echo ${p#/proc/}; done 2>/dev/null`

// strike kills the program wherever it runs: some steps end it themselves.
func (k *killed) strike(ctx context.Context, d *dsl.Drill) (string, error) {
	var hosts []driver.Member
	for _, m := range append(append([]driver.Member(nil), d.Cluster.Members...), d.Cluster.Auxiliaries...) {
		if m.Name == k.host || k.host == either {
			hosts = append(hosts, m)
		}
	}
	if len(hosts) == 0 {
		return "", fmt.Errorf("there is no host %s", k.host)
	}
	came := ""
	for _, m := range hosts {
		if is, err := node.StateOf(ctx, m.Node); err != nil || is != node.Running {
			if err != nil {
				return came, err
			}
			continue // the step has ended the host
		}
		running, err := m.Node.Exec(ctx, shell.Script(processes, "processes", k.program))
		if err != nil {
			return came, err
		}
		for pid := range strings.FieldsSeq(running.Stdout) { // one that has ended meanwhile is no error
			line := fmt.Sprintf(killLine+" %[1]s && while [ -e /proc/%[1]s ]; do sleep 0.05; done; true", pid)
			if _, err := m.Run(ctx, node.Command{Argv: []string{"sh", "-c", line}}); err != nil {
				return came, err
			}
			came = fmt.Sprintf("killed %s on %s", k.program, m.Name)
		}
	}
	if came == "" {
		came = "the kill met nothing that ran"
	}
	return came, nil
}

// tails logs the end of each member's messages.log, for whoever looks why an instance is down
// that nobody has killed.
func (k *killed) tails(ctx context.Context, d *dsl.Drill) {
	for _, m := range d.Cluster.Members {
		log := node.Command{Argv: []string{"tail", "-n", "20", fixture.Home + "/mgr/messages.log"}}
		said, err := m.Node.Exec(ctx, log)
		k.t.Logf("messages.log of %s: %s%v", m.Name, said.Stdout, err)
	}
}

// mend repairs the mirror as a person would with the pages, and carries the page out again.
func (k *killed) mend(ctx context.Context, d *dsl.Drill) error {
	ctx, cancel := context.WithTimeout(ctx, repairWithin)
	defer cancel()
	drv, ok := d.Cluster.Driver.(*fixture.Driver)
	if !ok {
		return fmt.Errorf("the driver is %T", d.Cluster.Driver)
	}
	r := repairs{iris: drv, members: planned(d.Cluster)}
	r.a, r.b = r.members[0], r.members[1]
	run := r.all
	if k.after == atEnd {
		run = r.again
	}
	var err error
	k.repaired, err = run(ctx, k.book)
	return err
}

// planned are the members of a mirror, and hosts beside them that are in its plan.
func planned(c *cluster.Cluster) []driver.Member {
	all := slices.Clone(c.Members)
	for _, m := range c.Auxiliaries {
		if m.Name != "arbiter" && m.Name != copyHost {
			all = append(all, m)
		}
	}
	return all
}
