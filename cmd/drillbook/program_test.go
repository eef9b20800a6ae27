package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"
)

// isCommand, in its environment, makes of the program of these tests the command
// that they test.
const isCommand = "DRILLBOOK_IS_COMMAND"

func TestMain(m *testing.M) {
	if os.Getenv(isCommand) != "" {
		if err := os.Unsetenv(isCommand); err != nil {
			panic(err)
		}
		main()
	}
	for _, name := range []string{"LC_ALL", "LC_MESSAGES", "LANG"} { // tests read English
		if err := os.Unsetenv(name); err != nil {
			panic(err)
		}
	}
	// Where nohup has switched hangups off, the commands would inherit that. Caught,
	// they still end nothing here.
	if signal.Ignored(syscall.SIGHUP) {
		signal.Notify(make(chan os.Signal, 1), syscall.SIGHUP)
	}
	os.Exit(m.Run())
}

// takesLong skips tests that carry out drills where these take too long.
func takesLong(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("drills take too long for -short")
	}
}

// Addresses of engines: where none answers, and of this machine's own.
const (
	nowhere   = "unix:///nowhere/docker.sock"
	ownEngine = "unix:///var/run/docker.sock"
)

// program is the command as a process of its own, with folders of its own: what
// it leaves is known to be its own, whatever else runs on this machine.
type program struct {
	dir    string // where it runs
	cache  string
	temp   string
	docker string // address of its engine
}

// newProgram is a program that finds no engine. What is prepared for nodes of this
// machine, it shares with all that have the same folder for that.
func newProgram(t *testing.T, prepared string) program {
	t.Helper()
	temp, err := os.MkdirTemp("", "d") //nolint:usetesting // local nodes need a short name, that others may pass
	must(t, err)
	must(t, os.Chmod(temp, 0o711))
	t.Cleanup(func() { must(t, os.RemoveAll(temp)) })
	p := program{dir: t.TempDir(), cache: t.TempDir(), temp: temp, docker: nowhere}
	t.Cleanup(func() { p.sweep(t) })
	own := filepath.Join(p.cache, "drillbook")
	must(t, os.Mkdir(own, 0o700))
	for _, shared := range []string{"native", "locks"} {
		must(t, os.MkdirAll(filepath.Join(prepared, shared), 0o755))
		must(t, os.Symlink(filepath.Join(prepared, shared), filepath.Join(own, shared)))
	}
	return p
}

// sweep removes what a test that has failed has left.
func (p program) sweep(t *testing.T) {
	t.Helper()
	if !t.Failed() {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), time.Minute)
	defer cancel()
	p.docker = ownEngine
	if out, err := p.commandFor(ctx, t, "heal").CombinedOutput(); err != nil {
		t.Logf("heal: %v\n%s", err, out)
	}
}

// on is the program with an engine that it has to itself.
func (p program) on(t *testing.T) program {
	t.Helper()
	p.docker = engine(t, p.cache, nil).address
	return p
}

// command is a command line of the program.
func (p program) command(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	return p.commandFor(t.Context(), t, args...)
}

func (p program) commandFor(ctx context.Context, t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	must(t, err)
	c := exec.CommandContext(ctx, self, args...)
	c.Dir = p.dir
	c.Env = append(os.Environ(), isCommand+"=1", "XDG_CACHE_HOME="+p.cache, "TMPDIR="+p.temp, "DOCKER_HOST="+p.docker,
		"GOCACHE="+goEnv(ctx, t, "GOCACHE")) // what images hold is compiled once
	return c
}

// runs carries out a command line to its end.
func (p program) runs(t *testing.T, args ...string) (code int, said string) {
	t.Helper()
	out, err := p.command(t, args...).CombinedOutput()
	return exitCode(t, err), string(out)
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

// latest is the folder of the last run, or a file in it.
func (p program) latest(name ...string) string {
	return filepath.Join(append([]string{p.dir, "reports", "out", "latest"}, name...)...)
}

// left is what the program has left of runs: files that say that there are any,
// folders and processes on this machine, and what there is on the engine.
func (p program) left(t *testing.T) []string {
	t.Helper()
	var all []string
	for _, pattern := range []string{
		filepath.Join(p.cache, "drillbook", "faults", "*"), filepath.Join(p.cache, "drillbook", "local", "*"),
		filepath.Join(p.cache, "drillbook", "runs", "*"), filepath.Join(p.temp, "*"),
	} {
		found, err := filepath.Glob(pattern)
		must(t, err)
		all = append(all, found...)
	}
	return slices.Concat(all, processesIn(t, p.temp), p.onEngine(t))
}

// onEngine is what the program has left on this machine's engine.
func (p program) onEngine(t *testing.T) (all []string) {
	t.Helper()
	if p.docker == nowhere {
		return nil
	}
	for _, kind := range []string{"container ls -a", "network ls", "volume ls"} {
		args := append(strings.Fields(kind), "--filter", "label="+lockLabel, "--format",
			fmt.Sprintf("{{.Label %q}} {{.Name}}", lockLabel))
		if kind == "container ls -a" {
			args[len(args)-1] = fmt.Sprintf("{{.Label %q}} {{.Names}}", lockLabel)
		}
		c := exec.CommandContext(t.Context(), "docker", args...)
		c.Env = append(os.Environ(), "DOCKER_HOST="+ownEngine)
		out, err := c.Output()
		if err != nil {
			t.Fatalf("docker %v: %v", args, err)
		}
		for line := range strings.Lines(string(out)) {
			if strings.HasPrefix(line, p.cache+"/") {
				all = append(all, strings.TrimSpace(line))
			}
		}
	}
	return all
}

// processesIn are the processes whose working directory is below a folder.
func processesIn(t *testing.T, folder string) (pids []string) {
	t.Helper()
	found, err := filepath.Glob("/proc/[0-9]*/cwd")
	must(t, err)
	for _, cwd := range found {
		if at, err := os.Readlink(cwd); err == nil && strings.HasPrefix(at, folder+"/") {
			pids = append(pids, filepath.Base(filepath.Dir(cwd)))
		}
	}
	return pids
}

// How many drills are carried out at the same time: of those whose figures nobody
// looks at, and of those whose figures are held against bounds that are far from
// what is measured.
const (
	atOnce         = 2
	measuredAtOnce = 1
)

// task is a subtest.
type task struct {
	name string
	do   func(t *testing.T)
}

// together carries out subtests, some at the same time.
func together(t *testing.T, most int, tasks []task) {
	t.Helper()
	var all errgroup.Group
	all.SetLimit(most)
	for _, one := range tasks {
		all.Go(func() error {
			t.Run(one.name, one.do)
			return nil
		})
	}
	must(t, all.Wait())
}
