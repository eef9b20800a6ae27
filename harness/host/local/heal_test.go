package local_test

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"drillbook/harness/host"
	"drillbook/harness/host/local"
)

// victimRun, when set, makes TestVictim hold a run of that name until killed.
const victimRun = "DRILLBOOK_TEST_VICTIM"

// TestVictim is the process that TestHeal kills. One of its nodes ends when it
// is asked to, the other does not, and both have left something behind that
// nobody asks.
func TestVictim(t *testing.T) {
	run := os.Getenv(victimRun)
	if run == "" {
		t.Skip("only run by TestHeal")
	}
	h, err := local.Open(t.Context(), local.Config{Run: run})
	must(t, err)
	for name, line := range map[string]string{
		"polite":   "touch up; exec sleep 600",
		"stubborn": "trap '' TERM; touch up; while :; do sleep 600; done",
	} {
		img := shell("(sleep 601 &); " + line)
		img.Native.Booted = "test -e up"
		_, err = h.Launch(t.Context(), host.Spec{Name: name, Image: img})
		must(t, err)
	}
	_, err = fmt.Fprintln(os.Stdout, "holding", local.Folder(h))
	must(t, err)
	<-time.After(time.Minute)
}

func TestHeal(t *testing.T) {
	// Locks of its own, so that it heals nobody else's runs.
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	live := open(t)
	launch(t, live, host.Spec{Name: "a"})

	dead := runName()
	victim := exec.Command(os.Args[0], "-test.run=^TestVictim$")
	victim.Env = append(os.Environ(), victimRun+"="+dead)
	out, err := victim.StdoutPipe()
	must(t, err)
	must(t, victim.Start())
	t.Cleanup(func() { _ = victim.Process.Kill() })
	var folder string
	for lines := bufio.NewScanner(out); folder == "" && lines.Scan(); {
		t.Log(lines.Text())
		_, folder, _ = strings.Cut(lines.Text(), "holding ")
	}
	eventually(t, func() error {
		if got := count(t, folder); got != 5 {
			return fmt.Errorf("the victim has %d processes, want 5", got)
		}
		return nil
	})
	if said := heal(t); said[dead] != "left alone, it is alive" {
		t.Errorf("while its process lives, Heal says %q of the run", said[dead])
	}
	must(t, victim.Process.Kill())
	_ = victim.Wait() // it was killed
	if runtime.GOOS == "linux" {
		eventually(t, func() error { // the kernel has asked both main processes to end
			if got := count(t, folder); got != 4 {
				return fmt.Errorf("%d processes are left, want 4: the polite one and no other has ended", got)
			}
			return nil
		})
	}
	said := heal(t)
	if !strings.HasPrefix(said[dead], "it is dead; ended ") {
		t.Errorf("Heal says %q of the dead run", said[dead])
	}
	if got := count(t, folder); got != 0 {
		t.Errorf("%d processes of the dead run are left", got)
	}
	if _, err := os.Stat(folder); !os.IsNotExist(err) {
		t.Errorf("the folder of the dead run is still there: %v", err)
	}
	if len(said) != 1+1 {
		t.Errorf("Heal spoke of %v, want the live run too", said)
	}
	n, _ := live.Node("a")
	expectState(t, n, host.Running)
	cache, err := os.UserCacheDir()
	must(t, err)
	locks, err := filepath.Glob(filepath.Join(cache, "drillbook", "local", "*"))
	must(t, err)
	if len(locks) != 1 {
		t.Errorf("lock files = %v, want that of the live run", locks)
	}
}

// heal returns what Heal says of each run.
func heal(t *testing.T) map[string]string {
	t.Helper()
	said := map[string]string{}
	_, err := local.Heal(t.Context(), func(line string) {
		run, what, _ := strings.Cut(strings.TrimPrefix(line, "run "), ": ")
		said[run] = what
	})
	must(t, err)
	return said
}

// A file that names something else than a run's folder removes nothing.
func TestHealRemovesOnlyRuns(t *testing.T) {
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	cache, err := os.UserCacheDir()
	must(t, err)
	locks := filepath.Join(cache, "drillbook", "local")
	must(t, os.MkdirAll(locks, 0o755))
	precious := t.TempDir()
	must(t, os.WriteFile(filepath.Join(locks, "x.lock"), []byte(precious), 0o600))
	healed, err := local.Heal(t.Context(), func(string) {})
	if err != nil || len(healed.Removed) > 0 || len(healed.Left) != 1 ||
		!strings.Contains(healed.Left[0].Why, precious) {
		t.Errorf("Heal = %+v, %v, want one left, which names the folder", healed, err)
	}
	if _, err := os.Stat(precious); err != nil {
		t.Error(err)
	}
}

// A run that could make nothing, since its disk is only read, has left nothing.
func TestNothingIsLeftWhereNothingCanBeWritten(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can mount a disk")
	}
	temp := fmt.Sprintf("/tmp/d%08x", rand.Uint32()) // short, as it must be
	must(t, os.Mkdir(temp, 0o755))
	t.Cleanup(func() { must(t, os.Remove(temp)) })
	mount := exec.CommandContext(t.Context(), "mount", "-t", "tmpfs", "-o", "ro", "drillbook", temp)
	if out, err := mount.CombinedOutput(); err != nil {
		t.Skipf("mount a disk: %v: %s", err, out)
	}
	t.Cleanup(func() {
		must(t, exec.CommandContext(context.WithoutCancel(t.Context()), "umount", temp).Run())
	})
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	t.Setenv("TMPDIR", temp)
	_, err := local.Open(t.Context(), local.Config{Run: runName()})
	if err == nil || !strings.Contains(err.Error(), "make the folder of the run") ||
		strings.Contains(err.Error(), "remove the run's folder") {
		t.Errorf("Open = %v, want that its folder could not be made, and no more", err)
	}
	if said := heal(t); len(said) > 0 {
		t.Errorf("heal finds %q", said)
	}
}

// Where there is no /proc, lsof and ps find the same.
func TestProcessesWithoutProc(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("lsof"); err != nil {
		t.Skip("needs lsof")
	}
	h := open(t)
	launch(t, h, host.Spec{Name: "a", Image: shell("sleep 601 & sleep 602 & wait")})
	folder := filepath.Join(local.Folder(h), "a")
	eventually(t, func() error {
		byPS, err := local.CountByPS(t.Context(), folder)
		if got := count(t, folder); err != nil || got != 3 || byPS != got {
			return fmt.Errorf("%d processes by lsof and ps, %d otherwise, %w, want 3", byPS, got, err)
		}
		return nil
	})
}
