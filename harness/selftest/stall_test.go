package selftest_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"syscall"
	"testing"
	"time"

	"drillbook/harness/measure"
	"drillbook/harness/record"
)

// childDir is the variable that makes TestChild a drill in real time, on a
// database that is well, and says where to.
const childDir = "DRILLBOOK_SELFTEST_DIR"

const ready = "ready to be stopped"

// standstill is for how long the harness is made to stand still; the promise
// is shorter.
const (
	standstill = 600 * ms
	childRTO   = 300 * ms
)

// TestChild is run by testStall in a process of its own.
func TestChild(t *testing.T) {
	dir := os.Getenv(childDir)
	if dir == "" {
		t.Skip("it is a part of TestHarness")
	}
	var o outcome
	tr := trial{
		db: quick(), promise: record.Promise{RTO: childRTO},
		script: func(ctx context.Context, s *stage) error {
			if err := switchover(0, false)(ctx, s); err != nil {
				return err
			}
			after(500 * ms)
			_, _ = fmt.Fprintln(os.Stdout, ready)
			after(standstill / 2)
			return s.served(ctx)
		},
	}
	tr.play(t, dir, &o)
}

// testStall stops the whole harness, database and all, as a machine that is
// too busy does: nobody can tell what clients would have suffered meanwhile,
// and it must not be called an outage.
func testStall(t *testing.T, sum *tally, i int) {
	t.Helper()
	t.Parallel()
	o, stopped := stalledDrill(t, true)
	r := stallRow(&o, stopped)
	sum.note(i, r)
	if !r.caught {
		t.Errorf("missed: want %s\n found %s\n figures %v\n reasons %+v", r.expected, r.found, r.figures, o.Reasons)
	}
	if o, _ := stalledDrill(t, false); stallRow(&o, standstill).caught {
		t.Errorf("caught although nothing was stopped: %+v", o.Stalls)
	}
}

func stallRow(o *outcome, stopped time.Duration) row {
	var stalled time.Duration // the longest; a busy machine has small ones too
	for _, s := range o.Stalls {
		stalled = max(stalled, s.To-s.From)
	}
	f := figure{
		stood, stalled.Round(100 * ms).String(), stopped.Round(100 * ms).String(),
		stalled >= stopped*9/10 && stalled <= stopped*2,
	}
	// A busy machine may add doubts of its own, but nothing certain.
	doubtful := o.Verdict == measure.Unmeasurable && slices.Contains(codes(o.Reasons), measure.RTOUnclear) &&
		!slices.ContainsFunc(o.Reasons, func(r measure.Reason) bool { return r.Verdict == measure.Missed })
	want := says(measure.Unmeasurable, []measure.Code{measure.RTOUnclear})
	r := row{
		defect: "the harness itself stands still", expected: want, found: want,
		figures: []figure{f}, caught: doubtful && f.right,
	}
	if !doubtful {
		r.found = says(o.Verdict, codes(o.Reasons))
	}
	return r
}

// stalledDrill runs TestChild and, if asked to, stops it for a while.
func stalledDrill(t *testing.T, stop bool) (o outcome, stopped time.Duration) {
	t.Helper()
	dir := t.TempDir()
	child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestChild$")
	child.Env = append(os.Environ(), childDir+"="+dir)
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	var said []byte
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		said = append(append(said, lines.Bytes()...), '\n')
		if stop && lines.Text() == ready {
			stopped = holdStill(t, child.Process)
		}
	}
	if err := child.Wait(); err != nil {
		t.Fatalf("the drill in its own process: %v\n%s", err, said)
	}
	o.measure(t, dir)
	return o, stopped
}

// holdStill stops a process for at least the standstill.
func holdStill(t *testing.T, p *os.Process) time.Duration {
	t.Helper()
	if err := p.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	after(standstill)
	stopped := time.Since(began)
	if err := p.Signal(syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	return stopped
}
