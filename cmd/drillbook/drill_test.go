package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"drillbook/fixtures/dm8"
	"drillbook/harness/record"
	"drillbook/harness/secret"
	"drillbook/reports"
)

// program is the command as a process of its own, in a folder of its own.
type program struct {
	path, dir string
}

func build(t *testing.T) program {
	t.Helper()
	if testing.Short() {
		t.Skip("drills take too long for -short")
	}
	p := program{path: filepath.Join(t.TempDir(), "drillbook"), dir: t.TempDir()}
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", p.path, ".").CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	return p
}

func (p program) command(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	c := exec.CommandContext(t.Context(), p.path, args...)
	c.Dir = p.dir
	return c
}

// begin starts a run and returns once a line of its output contains the text.
func (p program) begin(t *testing.T, until string, args ...string) (*exec.Cmd, *bufio.Scanner) {
	t.Helper()
	c := p.command(t, args...)
	lines := bufio.NewScanner(started(t, c))
	for lines.Scan() {
		if strings.Contains(lines.Text(), until) {
			return c, lines
		}
	}
	t.Fatalf("the output ended before %q", until)
	return nil, nil
}

// started starts a command, and is what it prints to both outputs.
func started(t *testing.T, c *exec.Cmd) io.ReadCloser {
	t.Helper()
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	c.Stderr = c.Stdout
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	return out
}

// left is what drillbook has left on the engine.
func left(t *testing.T) string {
	t.Helper()
	var all strings.Builder
	for _, args := range [][]string{
		{"ps", "-a", "-q", "--filter", "label=drillbook.run"},
		{"network", "ls", "-q", "--filter", "label=drillbook.run"},
	} {
		out, err := exec.CommandContext(t.Context(), "docker", args...).Output()
		if err != nil {
			t.Fatalf("docker %v: %v", args, err)
		}
		all.Write(out)
	}
	return all.String()
}

func exitCode(t *testing.T, err error) int {
	t.Helper()
	if err == nil {
		return 0
	}
	exit, ok := errors.AsType[*exec.ExitError](err)
	if !ok {
		t.Fatal(err)
	}
	return exit.ExitCode()
}

func TestKilledRunIsHealed(t *testing.T) {
	p := build(t)
	c, _ := p.begin(t, "2. The primary's host is lost", "run", "postgres/lost-primary")
	if err := c.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = c.Wait() // it was killed
	if left(t) == "" {
		t.Fatal("a killed run has left nothing, so there is nothing to test")
	}
	out, err := p.command(t, "heal").CombinedOutput()
	if err != nil {
		t.Fatalf("heal: %v\n%s", err, out)
	}
	if l := left(t); l != "" {
		t.Errorf("left after heal: %s", l)
	}
	if !strings.Contains(string(out), `"host of a is lost" had been in force`) {
		t.Errorf("heal does not say which fault it undid:\n%s", out)
	}
	records, _ := filepath.Glob(filepath.Join(p.dir, "reports", "out", "*", "*", "record.jsonl"))
	if len(records) != 1 {
		t.Fatalf("%d records, want 1", len(records))
	}
	rec, err := record.ReadFile(records[0])
	if err != nil || rec.Tail != nil || len(rec.Attempts) < 100 {
		t.Errorf("record of the killed run: %v, want one that was cut off, with its attempts", err)
	}
	run := filepath.Dir(filepath.Dir(records[0]))
	if out, err := p.command(t, "report", run).CombinedOutput(); exitCode(t, err) != exitUnmeasurable {
		t.Errorf("report of the killed run: %v, want that it is unmeasurable\n%s", err, out)
	}
	if _, err := os.Stat(filepath.Join(run, reports.PageFile)); err != nil {
		t.Error(err)
	}
}

func TestInterruptedRunHealsSavesAndReports(t *testing.T) {
	p := build(t)
	c, lines := p.begin(t, "2. The primary's host is lost", "run", "postgres/lost-primary")
	if err := c.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	var all strings.Builder
	for lines.Scan() {
		all.WriteString(lines.Text() + "\n")
	}
	said := all.String()
	if code := exitCode(t, c.Wait()); code != exitInterrupted {
		t.Errorf("exit code = %d, want %d\n%s", code, exitInterrupted, said)
	}
	if !strings.Contains(said, "interrupted: healing") {
		t.Errorf("it does not say that it was interrupted: %s", said)
	}
	if l := left(t); l != "" {
		t.Errorf("left behind: %s", l)
	}
	latest := filepath.Join(p.dir, "reports", "out", "latest")
	rec, err := record.ReadFile(filepath.Join(latest, "postgres-lost-primary", "record.jsonl"))
	if err != nil || rec.Tail == nil || !rec.Tail.Interrupted {
		t.Errorf("record = %v, want a whole one that says it was interrupted", err)
	}
	if _, err := os.Stat(filepath.Join(latest, reports.SummaryFile)); err != nil {
		t.Error(err)
	}
}

// Asynchronous replication that is held up before the loss loses acknowledged
// writes, and the run says so. What the runbook saves stays lost.
func TestLostWritesAreMissed(t *testing.T) {
	p := build(t)
	for _, tt := range []struct {
		args   []string
		lost   int // at least
		oldest float64
		saved  bool // all that was lost
	}{
		{[]string{"postgres/lost-primary", "--set", "mode=async", "--set", "hold=600ms"}, 60, 400, false},
		{[]string{"dm8/takeover", "--set", "feed=async"}, 15, 900, true}, // held up for a second
	} {
		t.Run(tt.args[0], func(t *testing.T) {
			p := program{path: p.path, dir: t.TempDir()}
			c := p.command(t, append([]string{"run", "--out", filepath.Join(p.dir, "reports", "out")}, tt.args...)...)
			c.Dir = "." // the image of the stand-in is built inside a checkout
			known := dm8.New(dm8.Config{}).Secrets()
			shown := listsProcesses(t, known...)
			out, err := c.CombinedOutput()
			if found := shown(); len(found) > 0 {
				t.Errorf("lists of processes have shown secrets: %q", found)
			}
			if code := exitCode(t, err); code != exitMissed {
				t.Fatalf("exit code = %d, want %d\n%s", code, exitMissed, out)
			}
			says := regexp.MustCompile(`Acknowledged writes were lost: \d+, the oldest acknowledged [\d.]+ m?s before`)
			if !says.Match(out) {
				t.Errorf("it does not say what was lost:\n%s", out)
			}
			if leaks, err := secret.Leaks(os.DirFS(p.dir), known...); err != nil || len(leaks) > 0 {
				t.Errorf("secrets in the files of the run: %q, %v", leaks, err)
			}
			if secret.Hide(string(out), known...) != string(out) {
				t.Error("the terminal has shown a secret")
			}
			d := lossOf(t, p)
			if d.Verdict != "missed" || d.Writes.Lost < tt.lost || d.Writes.OldestLostMS < tt.oldest ||
				len(d.Reasons) != 1 {
				t.Errorf("results = %+v, want missed for the loss alone: %d at least, the oldest %v ms", d, tt.lost,
					tt.oldest)
			}
			if tt.saved != (d.Writes.Unsaved == 0 && len(d.Saved) == 1) {
				t.Errorf("%d lost writes are in none of %d files", d.Writes.Unsaved, len(d.Saved))
			}
		})
	}
}

// losses is what results.json says of what was lost.
type losses struct {
	Verdict string
	Reasons []struct{ Code string }
	Writes  struct {
		Lost, Unsaved int
		OldestLostMS  float64 `json:"oldest_lost_ms"`
	}
	Saved []struct{ File string }
}

func lossOf(t *testing.T, p program) losses {
	t.Helper()
	f, err := os.Open(filepath.Join(p.dir, "reports", "out", "latest", reports.ResultsFile))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	text, err := io.ReadAll(f)
	if err != nil {
		t.Fatal(err)
	}
	var results struct{ Drills []losses }
	if err := json.Unmarshal(text, &results); err != nil {
		t.Fatal(err)
	}
	return results.Drills[0]
}
