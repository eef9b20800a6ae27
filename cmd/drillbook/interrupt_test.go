package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"drillbook/harness/measure"
	"drillbook/harness/record"
	"drillbook/reports"
	"drillbook/runbooks"
	"drillbook/scenarios/dsl"
)

// everyStep, when set, has TestInterruptAfterSteps interrupt every runbook after
// each of its steps; otherwise it does so after the middle one, where most is in
// force.
const everyStep = "DRILLBOOK_EVERY_STEP"

// interruptedWithin is how long a run may take, from its start to its end.
const interruptedWithin = 3 * time.Minute

// TestInterruptAfterSteps interrupts drills of PostgreSQL after a step, each as a
// process of its own, and makes sure that everything is healed, saved, reported
// and removed.
func TestInterruptAfterSteps(t *testing.T) {
	p := build(t)
	lib, err := runbooks.Load(runbooks.Embedded())
	if err != nil {
		t.Fatal(err)
	}
	tried := 0
	for _, book := range lib {
		if book.Product() != "postgres" {
			continue
		}
		steps := book.Steps[len(book.Steps)/2 : len(book.Steps)/2+1]
		if os.Getenv(everyStep) != "" {
			steps = book.Steps
		}
		for _, s := range steps {
			tried++
			t.Run(fmt.Sprintf("%s/%d", book.Name, s.Number), func(t *testing.T) {
				interruptAfter(t, program{path: p.path, dir: t.TempDir()}, book.Name, s)
			})
		}
	}
	if tried == 0 {
		t.Error("there is no runbook of PostgreSQL")
	}
}

func interruptAfter(t *testing.T, p program, book string, s runbooks.Step) {
	t.Helper()
	c := p.command(t, "run", book, "--rate", "50") // what is measured is not looked at
	c.WaitDelay = time.Second
	said := &watcher{until: fmt.Sprintf("✔ %s ", s.Text("en")), seen: make(chan struct{})}
	c.Stdout, c.Stderr = said, said
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		if t.Failed() {
			t.Log(said.all.String())
		}
	}()
	ended := make(chan error, 1)
	go func() { ended <- c.Wait() }()
	limit := time.After(interruptedWithin)
	select {
	case <-said.seen:
	case err := <-ended:
		t.Fatalf("it ended before step %d did: %v", s.Number, err)
	case <-limit:
		t.Fatalf("step %d did not end: %v", s.Number, errors.Join(c.Process.Kill(), <-ended))
	}
	if err := c.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	var err error
	select {
	case err = <-ended:
	case <-limit:
		t.Fatalf("it did not end after the interrupt: %v", errors.Join(c.Process.Kill(), <-ended))
	}
	if code := exitCode(t, err); code != exitInterrupted {
		t.Errorf("exit code = %d, want %d", code, exitInterrupted)
	}
	if !strings.Contains(said.all.String(), "interrupted: healing") {
		t.Error("it does not say that it was interrupted")
	}
	checkInterrupted(t, filepath.Join(p.dir, "reports", "out", "latest"), strings.ReplaceAll(book, "/", "-"), s.Number)
}

// watcher takes the output of a program and tells when a text has come.
type watcher struct {
	until string
	seen  chan struct{} // closed then
	all   bytes.Buffer
	done  bool
}

var _ io.Writer = (*watcher)(nil)

// Write is called by one goroutine at a time.
func (w *watcher) Write(b []byte) (int, error) {
	w.all.Write(b)
	if !w.done && strings.Contains(w.all.String(), w.until) {
		w.done = true
		close(w.seen)
	}
	return len(b), nil
}

// checkInterrupted looks at what an interrupted run has left: a whole record in
// which every fault is healed, reports that say what happened, and nothing else.
func checkInterrupted(t *testing.T, run, drill string, step int) {
	t.Helper()
	rec, err := record.ReadFile(filepath.Join(run, drill, "record.jsonl"))
	if err != nil || rec.Tail == nil {
		t.Fatalf("record = %v, want a whole one", err)
	}
	// After the last step, the drill may be over before the interrupt arrives.
	over := step == len(rec.Head.Steps) && !rec.Tail.Interrupted
	if !rec.Tail.Interrupted && !over {
		t.Error("the record does not say that the drill was interrupted")
	}
	res := measure.Of(rec)
	if res.Verdict != measure.Unmeasurable && !over {
		t.Errorf("verdict = %s, want %s", res.Verdict, measure.Unmeasurable)
	}
	for _, f := range res.Faults {
		if f.HealedBy == "" {
			t.Errorf("%s is not healed: %s", f.What, f.Err)
		}
	}
	for _, name := range []string{reports.PageFile, reports.SummaryFile, reports.ResultsFile} {
		if info, err := os.Stat(filepath.Join(run, name)); err != nil || info.Size() == 0 {
			t.Errorf("%s: %v, want a report", name, err)
		}
	}
	if l := leftOf(t, rec.Head.Run); l != "" {
		t.Errorf("left behind: %s", l)
	}
	ledgers, err := dsl.Ledgers()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(ledgers, rec.Head.Run+".faults")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the fault ledger: %v, want it to be gone", err)
	}
}

// leftOf is what a run has left on the engine.
func leftOf(t *testing.T, run string) string {
	t.Helper()
	var all strings.Builder
	filter := "label=drillbook.run=" + run
	for _, args := range [][]string{
		{"ps", "-a", "-q", "--filter", filter},
		{"network", "ls", "-q", "--filter", filter},
		{"volume", "ls", "-q", "--filter", filter},
	} {
		out, err := exec.CommandContext(t.Context(), "docker", args...).Output()
		if err != nil {
			t.Fatalf("docker %v: %v", args, err)
		}
		all.Write(out)
	}
	return all.String()
}
