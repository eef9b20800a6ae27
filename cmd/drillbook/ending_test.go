package main

import (
	"bufio"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"drillbook/harness/record"
	"drillbook/reports"
)

// whileLost is a line of a run whose primary is lost.
const whileLost = "2. The primary's host is lost"

// TestEndings ends drills on this machine in every way in which a person, a
// program or a terminal does. Each must heal, save and report, and leave nothing.
func TestEndings(t *testing.T) {
	p := onlyLocal(t)
	for _, tt := range []struct {
		name string
		args []string
		at   string // the line after which it is ended
		end  func(t *testing.T, c *exec.Cmd, out io.Closer)
		code int
		said string // after that, "" if nobody reads it
	}{
		{"SIGHUP", nil, whileLost, signals(syscall.SIGHUP), exitInterrupted, "interrupted: healing"},
		{
			"SIGTERM from timeout and make", nil, whileLost,
			signals(syscall.SIGTERM, syscall.SIGTERM, syscall.SIGTERM, syscall.SIGTERM), exitInterrupted,
			"interrupted: healing",
		},
		{"a closed pipe", nil, whileLost, closes(), 0, ""},
		{
			"a closed pipe, then SIGHUP and SIGTERM", nil, whileLost, closes(syscall.SIGHUP, syscall.SIGTERM),
			exitInterrupted, "",
		},
		{
			"SIGINT where consent is asked for",
			[]string{"--consent", "ask"},
			"about to: ",
			signals(syscall.SIGINT), exitInterrupted, "interrupted: healing",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := program{path: p.path, dir: t.TempDir()}
			args := append([]string{"run", "postgres/lost-primary", "--host", "local", "--rate", "50"}, tt.args...)
			c := p.command(t, args...)
			silence, err := c.StdinPipe() // a person who is asked says nothing
			if err != nil {
				t.Fatal(err)
			}
			defer silence.Close()
			out := started(t, c)
			lines := bufio.NewScanner(out)
			for lines.Scan() && !strings.Contains(lines.Text(), tt.at) {
			}
			asked := time.Now()
			tt.end(t, c, out)
			rest := text(lines)
			if code := exitCode(t, c.Wait()); code != tt.code {
				t.Errorf("exit code = %d, want %d\n%s", code, tt.code, rest)
			}
			if tt.code == exitInterrupted && time.Since(asked) > interruptedLately {
				t.Errorf("it ended after %s, want %s at most", time.Since(asked), interruptedLately)
			}
			if !strings.Contains(rest, tt.said) {
				t.Errorf("it does not say %q:\n%s", tt.said, rest)
			}
			checkEnded(t, p, tt.code)
		})
	}
}

// interruptedLately is how long healing, saving and reporting may take on a busy
// machine; Ginkgo would wait for 30 s for a step that does not listen.
const interruptedLately = 25 * time.Second

// signals sends signals, one soon after the other, but not so soon that the kernel
// makes one of them.
func signals(all ...os.Signal) func(*testing.T, *exec.Cmd, io.Closer) {
	return func(t *testing.T, c *exec.Cmd, _ io.Closer) {
		t.Helper()
		for _, s := range all {
			if err := c.Process.Signal(s); err != nil {
				t.Fatal(err)
			}
			<-time.After(2 * time.Millisecond)
		}
	}
}

// closes goes away as a reader, and then sends signals.
func closes(all ...os.Signal) func(*testing.T, *exec.Cmd, io.Closer) {
	return func(t *testing.T, c *exec.Cmd, out io.Closer) {
		t.Helper()
		if err := out.Close(); err != nil {
			t.Fatal(err)
		}
		signals(all...)(t, c, out)
	}
}

// text is what is left of the output.
func text(lines *bufio.Scanner) string {
	all := []string{lines.Text()}
	for lines.Scan() {
		all = append(all, lines.Text())
	}
	return strings.Join(all, "\n")
}

// checkEnded looks at what a run on this machine has left: a whole record, the
// reports, and nothing else.
func checkEnded(t *testing.T, p program, code int) {
	t.Helper()
	if l := leftLocal(t); len(l) > 0 {
		t.Errorf("left behind: %v", l)
	}
	ledgers, err := filepath.Glob(filepath.Join(os.Getenv("XDG_CACHE_HOME"), "drillbook", "faults", "*"))
	if err != nil || len(ledgers) > 0 {
		t.Errorf("ledgers are left: %v, %v", ledgers, err)
	}
	latest := filepath.Join(p.dir, "reports", "out", "latest")
	rec, err := record.ReadFile(filepath.Join(latest, "postgres-lost-primary", "record.jsonl"))
	if err != nil || rec.Tail == nil || rec.Tail.Interrupted != (code == exitInterrupted) {
		t.Errorf("record = %v, want a whole one that says whether it was interrupted", err)
	}
	for _, name := range []string{reports.PageFile, reports.SummaryFile, reports.ResultsFile, reports.JUnitFile} {
		if info, err := os.Stat(filepath.Join(latest, name)); err != nil || info.Size() == 0 {
			t.Errorf("%s: %v, want a report", name, err)
		}
	}
}
