package container_test

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/filters"
	"github.com/docker/docker/api/types/network"
	"github.com/docker/docker/client"

	"drillbook/fixtures/images"
	"drillbook/harness/host"
	hosts "drillbook/harness/host/container"
)

// victimRun, when set, makes TestVictim hold a run of that name until killed.
const victimRun = "DRILLBOOK_TEST_VICTIM"

// TestVictim is the process that TestHeal kills.
func TestVictim(t *testing.T) {
	run := os.Getenv(victimRun)
	if run == "" {
		t.Skip("only run by TestHeal")
	}
	h, err := hosts.Open(t.Context(), hosts.Config{Run: run, NetAdmin: images.NetAdmin()})
	must(t, err)
	n, err := h.Launch(t.Context(), host.Spec{Name: "a", Image: images.NetAdmin()})
	must(t, err)
	_, err = n.(host.NetAdmin).NetExec(t.Context(), host.Command{Argv: []string{"true"}})
	must(t, err)
	_, err = fmt.Fprintln(os.Stdout, "holding")
	must(t, err)
	<-time.After(time.Minute)
}

func TestHeal(t *testing.T) {
	// Locks of its own, so that it heals nobody else's runs.
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	live := open(t)
	launch(t, live, host.Spec{Name: "a"})

	dead := runName()
	victim := hold(t, dead, os.Getenv("XDG_CACHE_HOME"))
	if said := heal(t, nil); said[dead] != "left alone, it is alive" {
		t.Errorf("while its process lives, Heal says %q of the run", said[dead])
	}
	must(t, victim.Process.Kill())
	_ = victim.Wait() // it was killed
	said := heal(t, nil)
	if got, want := said[dead], "it is dead; removed 4 containers, networks and volumes"; got != want {
		t.Errorf("Heal says %q of the dead run, want %q", got, want)
	}
	if got := left(t, dead); got != 0 {
		t.Errorf("%d containers and networks of the dead run are left, want 0", got)
	}
	if got := len(said); got < 2 {
		t.Errorf("Heal spoke of %v, want the live run too", said)
	}
	if n, _ := live.Node("a"); state(t, n) != host.Running {
		t.Error("the live run's node does not run any more")
	}
	cache, err := os.UserCacheDir()
	must(t, err)
	locks, err := filepath.Glob(filepath.Join(cache, "drillbook", "runs", "*"))
	must(t, err)
	if len(locks) != 1 {
		t.Errorf("lock files = %v, want that of the live run", locks)
	}
}

// hold starts a process that holds a run, with the locks in a cache of its own.
func hold(t *testing.T, run, cache string) *exec.Cmd {
	t.Helper()
	victim := exec.Command(os.Args[0], "-test.run=^TestVictim$")
	victim.Env = append(os.Environ(), victimRun+"="+run, "XDG_CACHE_HOME="+cache)
	out, err := victim.StdoutPipe()
	must(t, err)
	must(t, victim.Start())
	t.Cleanup(func() { _ = victim.Process.Kill() })
	lines := bufio.NewScanner(out)
	for lines.Scan() && lines.Text() != "holding" {
		t.Log(lines.Text())
	}
	if got, want := left(t, run), 4; got != want {
		t.Fatalf("the victim has %d containers and networks, want %d", got, want)
	}
	return victim
}

// What a machine or a CI job has left that is gone is not removed unless a
// person says so; what somebody holds never is, wherever the lock is seen.
func TestHealOfOthers(t *testing.T) {
	if testing.Short() {
		t.Skip("needs a container engine, which -short does without")
	}
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	theirs, run := filepath.Join(t.TempDir(), "theirs"), runName()
	victim := hold(t, run, theirs)
	var asked []host.Leftover
	also := func(l host.Leftover) bool {
		if l.Run == run {
			asked = append(asked, l)
		}
		return l.Run == run
	}
	if said := heal(t, also); said[run] != "left alone, it is alive" || len(asked) > 0 {
		t.Errorf("of a live run of somebody else Heal says %q, and asks of %v", said[run], asked)
	}
	must(t, victim.Process.Kill())
	_ = victim.Wait() // it was killed
	said := heal(t, nil)
	if !strings.Contains(said[run], "its process is dead, and it is not yours") || left(t, run) == 0 {
		t.Errorf("of a dead run of somebody else Heal says %q, and leaves %d things", said[run], left(t, run))
	}
	must(t, os.RemoveAll(theirs)) // the machine is gone
	said = heal(t, nil)
	name, err := os.Hostname()
	must(t, err)
	for _, want := range []string{"4 containers, networks and volumes, ", " ago by ", "@" + name, "cannot be told"} {
		if !strings.Contains(said[run], want) {
			t.Errorf("of the run of a machine that is gone Heal says %q, want %q", said[run], want)
		}
	}
	if left(t, run) == 0 {
		t.Error("Heal removed a run that may be alive")
	}
	if said := heal(t, also); said[run] != "as you said; removed 4 containers, networks and volumes" {
		t.Errorf("told to remove it, Heal says %q", said[run])
	}
	if len(asked) == 0 || left(t, run) > 0 {
		t.Errorf("asked of %v, left are %d things", asked, left(t, run))
	}
}

// heal returns what Heal says of each run.
func heal(t *testing.T, also func(host.Leftover) bool) map[string]string {
	t.Helper()
	if testing.Short() {
		t.Skip("needs a container engine, which -short does without")
	}
	said := map[string]string{}
	_, err := hosts.Heal(t.Context(), also, func(line string) {
		run, what, _ := strings.Cut(strings.TrimPrefix(line, "run "), ": ")
		said[run] = what
	})
	must(t, err)
	return said
}

// left counts what the engine has of a run.
func left(t *testing.T, run string) int {
	t.Helper()
	cli, err := client.NewClientWithOpts(client.FromEnv, client.WithAPIVersionNegotiation())
	must(t, err)
	defer cli.Close()
	its := filters.NewArgs(filters.Arg("label", "drillbook.run="+run))
	containers, err := cli.ContainerList(t.Context(), container.ListOptions{All: true, Filters: its})
	must(t, err)
	networks, err := cli.NetworkList(t.Context(), network.ListOptions{Filters: its})
	must(t, err)
	return len(containers) + len(networks)
}
