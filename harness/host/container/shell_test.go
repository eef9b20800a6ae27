package container_test

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"drillbook/harness/host"
)

// TestShellsWait: commands one behind the other are carried out by one shell, and those at the
// same time do not mix.
func TestShellsWait(t *testing.T) {
	t.Parallel()
	n := launch(t, open(t), host.Spec{Name: "a"})
	const shell = `p=$PPID
while read -r _ _ _ parent _ </proc/$p/stat && [ "$parent" != 0 ]; do p=$parent; done; echo $p`
	first := run(t, n, "sh", "-c", shell)
	for range 5 {
		if got := run(t, n, "sh", "-c", shell); got != first {
			t.Errorf("a command was carried out by process %s, want %s, which waited", got, first)
		}
	}
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			want := host.Answer{Stdout: fmt.Sprintf("out %d", i), Stderr: fmt.Sprintf("err %d", i), Code: i}
			for range 10 {
				got, err := n.Exec(t.Context(), host.Command{
					Argv: []string{
						"sh", "-c", `printf 'out %s' "$1"; printf 'err %s' "$1" >&2; exit "$1"`, "sh", strconv.Itoa(i),
					},
				})
				if err != nil || got != want {
					t.Errorf("Exec = %+v, %v, want %+v", got, err, want)
				}
			}
		})
	}
	all.Wait()
}

// TestShellsAsEngine: what a shell carries out ends as what an engine runs.
func TestShellsAsEngine(t *testing.T) {
	t.Parallel()
	n := launch(t, open(t), host.Spec{Name: "a"})
	answer(t, n, []asked{
		{
			"held open",
			host.Command{Argv: []string{"sh", "-c", "(sleep 0.5; echo late) & echo soon"}},
			host.Answer{Stdout: "soon\nlate\n"},
		},
		{
			"held open behind",
			host.Command{Argv: []string{"sh", "-c", "(sleep 0.5; echo late >&2) & exit 3"}},
			host.Answer{Stderr: "late\n", Code: 3},
		},
		{
			"left behind",
			host.Command{Argv: []string{"sh", "-c", "sleep 613 >/dev/null 2>&1 & exit 4"}},
			host.Answer{Code: 4},
		},
		{
			"open files",
			host.Command{Argv: []string{"sh", "-c", `cd /proc/$$/fd
for f in 0 1 2 3 4 8 9; do [ ! -e $f ] || printf '%s ' $f; done`}},
			host.Answer{Stdout: "0 1 2 "},
		},
		{
			"zeros",
			host.Command{Argv: []string{"wc", "-c"}, Stdin: "a\x00b"},
			host.Answer{Stdout: "3\n"},
		},
		{
			"all are killed",
			host.Command{Argv: []string{"sh", "-c", "kill -9 -1"}},
			host.Answer{Code: 137},
		},
		{
			"and again",
			host.Command{Argv: []string{"echo", "so"}},
			host.Answer{Stdout: "so\n"},
		},
	})
	for _, tt := range []struct {
		name string
		argv []string
		out  string
		code int
		diag string // part of it: shells say it differently
	}{
		{"a builtin's name", []string{"exit", "7"}, "", 127, "not found"},
		{"the shell's own marks", []string{"sh", "-c", `echo "$mark"; echo >&3`}, "\n", 2, "3"},
	} {
		got, err := n.Exec(t.Context(), host.Command{Argv: tt.argv})
		if err != nil || got.Stdout != tt.out || got.Code != tt.code || !strings.Contains(got.Stderr, tt.diag) {
			t.Errorf("%s: Exec = %+v, %v, want %+v", tt.name, got, err, tt)
		}
	}
}

// TestShellsOfFrozen: nobody waits for a shell that cannot answer.
func TestShellsOfFrozen(t *testing.T) {
	t.Parallel()
	n := launch(t, open(t), host.Spec{Name: "a"})
	run(t, n, "true")
	for range 2 {
		must(t, n.(host.Freezer).Freeze(t.Context()))
		began := time.Now()
		_, err := n.Exec(t.Context(), host.Command{Argv: []string{"true"}})
		if took := time.Since(began); err == nil || took > 5*time.Second {
			t.Errorf("a command in a frozen node: %v after %s, want an error at once", err, took)
		}
		must(t, n.(host.Freezer).Thaw(t.Context()))
		run(t, n, "true")
	}
}

// TestShellCannotFork: a command that could not be started is an error, and has no code.
func TestShellCannotFork(t *testing.T) {
	t.Parallel()
	name := runName()
	n := launch(t, open(t), host.Spec{Name: name})
	run(t, n, "true") // a shell waits now
	limit := func(processes string) {
		t.Helper()
		find := []string{"ps", "-q", "--filter", "label=drillbook.node=" + name}
		id, err := exec.CommandContext(t.Context(), "docker", find...).Output()
		must(t, err)
		argv := []string{"update", "--pids-limit", processes, strings.TrimSpace(string(id))}
		must(t, exec.CommandContext(t.Context(), "docker", argv...).Run())
	}
	limit("1")
	got, err := n.Exec(t.Context(), host.Command{Argv: []string{"true"}})
	if err == nil {
		t.Errorf("Exec = %+v, want an error", got)
	}
	limit("-1")
	run(t, n, "true")
}

// TestShellGivenUp: a command that was given up goes on, and its output is nobody else's.
func TestShellGivenUp(t *testing.T) {
	t.Parallel()
	n := launch(t, open(t), host.Spec{Name: "a"})
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	_, err := n.Exec(ctx, host.Command{Argv: []string{"sh", "-c", "sleep 1; echo stray; : >/tmp/went-on"}})
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Exec = %v, want the deadline's error", err)
	}
	eventually(t, func() error {
		got, err := n.Exec(t.Context(), host.Command{Argv: []string{"cat", "/tmp/went-on"}})
		if got.Stdout != "" {
			t.Errorf("another command prints %q", got.Stdout)
		}
		if err == nil && got.Code != 0 {
			err = errors.New("it has not gone on")
		}
		return err
	})
}
