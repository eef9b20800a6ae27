package main

import (
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"drillbook/harness/host"
	"drillbook/harness/host/local"
	"drillbook/harness/record"
	"drillbook/reports"
	"drillbook/scenarios/dsl"
)

// needLocal skips the test where PostgreSQL is not installed: the same drills
// are tried in containers.
func needLocal(t *testing.T) {
	t.Helper()
	for _, img := range dsl.Images() {
		if _, err := local.Find(img); img.Native != nil && errors.Is(err, local.ErrMissing) {
			t.Skip(err)
		}
	}
}

// onlyLocal is a program that finds no engine, with a cache of its own.
func onlyLocal(t *testing.T) program {
	t.Helper()
	needLocal(t)
	p := build(t) // with the usual cache
	t.Setenv("DOCKER_HOST", "unix:///nowhere/docker.sock")
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	return p
}

// leftLocal is what runs on this machine have left: locks, which name folders.
func leftLocal(t *testing.T) []string {
	t.Helper()
	locks, err := filepath.Glob(filepath.Join(os.Getenv("XDG_CACHE_HOME"), "drillbook", "local", "*"))
	if err != nil {
		t.Fatal(err)
	}
	return locks
}

// Without an engine the drills run on this machine by themselves, which is said
// in one line, as is how the host was really lost.
func TestRunWithoutEngine(t *testing.T) {
	p := onlyLocal(t)
	elsewhere := killed(t, "r1", "ABCD:EF")
	out, err := p.command(t, "run", "postgres/lost-primary").CombinedOutput()
	if code := exitCode(t, err); code != 0 {
		t.Fatalf("exit code = %d, want 0\n%s", code, out)
	}
	if n := strings.Count(string(out), "HOST=local: members are processes of this machine ("); n != 1 {
		t.Errorf("it says %d times that it chose local, want once:\n%s", n, out)
	}
	if _, err := os.Stat(elsewhere); err != nil || !strings.Contains(string(out), "run r1: left as it is") {
		t.Errorf("it does not say what it left elsewhere (%v):\n%s", err, out)
	}
	if l := leftLocal(t); len(l) > 0 {
		t.Errorf("left behind: %v", l)
	}
	dir := filepath.Join(p.dir, "reports", "out", "latest", "postgres-lost-primary")
	rec, err := record.ReadFile(filepath.Join(dir, "record.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	if rec.Head.Host != "local" || !slices.ContainsFunc(rec.Events, func(e record.Event) bool {
		return e.Kind == record.Prepared && strings.Contains(e.What, "their connections are reset at once")
	}) {
		t.Errorf("the record of host %s does not say how the host was really lost", rec.Head.Host)
	}
}

func TestKilledLocalRunIsHealed(t *testing.T) {
	p := onlyLocal(t)
	c, _ := p.begin(t, "2. The primary's host is lost", "run", "postgres/lost-primary", "--host", "local")
	locks := leftLocal(t)
	if len(locks) != 1 {
		t.Fatalf("lock files = %v, want one", locks)
	}
	folder, err := os.ReadFile(locks[0])
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = c.Wait() // it was killed
	if _, err := os.Stat(string(folder)); err != nil {
		t.Fatal("a killed run has left nothing, so there is nothing to test")
	}
	out, err := p.command(t, "heal").CombinedOutput()
	if err != nil || !regexp.MustCompile(`it is dead; ended \d+ processes and removed its folder`).Match(out) {
		t.Fatalf("heal: %v\n%s", err, out)
	}
	if !strings.Contains(string(out), `"host of a is lost" had been in force`) {
		t.Errorf("heal does not say what had been in force: %s", out)
	}
	if _, err := os.Stat(string(folder)); !os.IsNotExist(err) {
		t.Errorf("the folder of the run is still there: %v", err)
	}
	if l := leftLocal(t); len(l) > 0 {
		t.Errorf("left behind: %v", l)
	}
	processes, err := filepath.Glob("/proc/[0-9]*/cwd")
	if err != nil {
		t.Fatal(err)
	}
	for _, cwd := range processes {
		if at, err := os.Readlink(cwd); err == nil && strings.HasPrefix(at, string(folder)) {
			t.Errorf("%s leads to %s", cwd, at)
		}
	}
}

// What local cannot do is refused when it is asked for, and never met.
func TestLocalSkipsCuts(t *testing.T) {
	needLocal(t)
	t.Chdir(t.TempDir())
	t.Setenv("DOCKER_HOST", "unix:///nowhere/docker.sock")
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	const why = "it needs cut links, and on a local host"
	for _, args := range [][]string{
		{"run", "postgres/lost-primary", "--host", "local", "--set", "hold=500ms"},
		{"run", "postgres/lost-primary", "--set", "hold=500ms"},
		{"report", "reports/out/latest"},
	} {
		code, _, stderr := command(t, args...)
		if code != exitEnvironment || !strings.Contains(stderr, "lost-primary is SKIPPED: "+why) {
			t.Errorf("%v = %d, %q, want %d and why", args, code, stderr, exitEnvironment)
		}
		for _, name := range []string{reports.PageFile, reports.SummaryFile, reports.ResultsFile, reports.JUnitFile} {
			text, err := os.ReadFile(filepath.Join("reports", "out", "latest", name))
			if err != nil || !strings.Contains(string(text), why) {
				t.Errorf("%v: %s does not say why: %v", args, name, err)
			}
		}
	}
}

// An image that nothing on this machine can take the place of says so.
func TestFindLocalNamesTheImage(t *testing.T) {
	_, err := local.Find(host.Image{Name: "dm8"})
	if !errors.Is(err, local.ErrMissing) || !strings.Contains(err.Error(), "image dm8") {
		t.Errorf("Find = %v, want ErrMissing and the image", err)
	}
}
