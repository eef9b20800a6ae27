package container_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"drillbook/harness/host"
	"drillbook/harness/host/container"
)

func TestExec(t *testing.T) {
	t.Parallel()
	h := open(t)
	n := launch(t, h, host.Spec{Name: "a", Env: map[string]string{"GREETING": "hello"}})
	big := strings.Repeat("0123456789abcdef", 1<<16)
	for _, tt := range []struct {
		name string
		c    host.Command
		want host.Answer
	}{
		{
			"streams apart",
			host.Command{Argv: []string{"sh", "-c", "echo out; echo err >&2"}},
			host.Answer{Stdout: "out\n", Stderr: "err\n"},
		},
		{"code", host.Command{Argv: []string{"sh", "-c", "exit 42"}}, host.Answer{Code: 42}},
		{"killed", host.Command{Argv: []string{"sh", "-c", "kill -9 $$"}}, host.Answer{Code: 137}},
		{"stdin", host.Command{Argv: []string{"tr", "a-z", "A-Z"}, Stdin: "over\n"}, host.Answer{Stdout: "OVER\n"}},
		{"no stdin", host.Command{Argv: []string{"cat"}}, host.Answer{}},
		{"stdin not read", host.Command{Argv: []string{"true"}, Stdin: big}, host.Answer{}},
		{"much of everything", host.Command{Argv: []string{"cat"}, Stdin: big}, host.Answer{Stdout: big}},
		{"user", host.Command{Argv: []string{"id", "-un"}, User: "daemon"}, host.Answer{Stdout: "daemon\n"}},
		{"environment", host.Command{Argv: []string{"sh", "-c", "echo $GREETING"}}, host.Answer{Stdout: "hello\n"}},
		{"host name", host.Command{Argv: []string{"cat", "/proc/sys/kernel/hostname"}}, host.Answer{Stdout: "a\n"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := n.Exec(t.Context(), tt.c)
			if err != nil || got != tt.want {
				t.Errorf("Exec = %.100v, %v, want %.100v", got, err, tt.want)
			}
		})
	}
	t.Run("no such program", func(t *testing.T) {
		got, err := n.Exec(t.Context(), host.Command{Argv: []string{"disql"}})
		if err == nil && got.Code == 0 {
			t.Errorf("Exec = %+v, want an error or a code", got)
		}
	})
	t.Run("cancelled", func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
		defer cancel()
		began := time.Now()
		_, err := n.Exec(ctx, host.Command{Argv: []string{"sleep", "60"}, Stdin: "x"})
		if !errors.Is(err, context.DeadlineExceeded) || time.Since(began) > time.Second {
			t.Errorf("Exec = %v after %s, want the deadline's error at once", err, time.Since(began))
		}
	})
}

func TestFreeze(t *testing.T) {
	t.Parallel()
	n := launch(t, open(t), host.Spec{Name: "a"})
	z := n.(host.Freezer)
	for range 2 { // twice is no error
		must(t, z.Freeze(t.Context()))
		if got := state(t, n); got != host.Frozen {
			t.Errorf("state = %s, want %s", got, host.Frozen)
		}
	}
	if _, err := n.(host.NetAdmin).NetExec(t.Context(), host.Command{Argv: []string{"true"}}); err != nil {
		t.Errorf("NetExec on a frozen node = %v", err)
	}
	for range 2 {
		must(t, z.Thaw(t.Context()))
		if got := state(t, n); got != host.Running {
			t.Errorf("state = %s, want %s", got, host.Running)
		}
	}
	must(t, z.Freeze(t.Context()))
	must(t, n.Kill(t.Context()))
	if got := state(t, n); got != host.Ended {
		t.Errorf("state of a frozen node after Kill = %s, want %s", got, host.Ended)
	}
	must(t, n.Start(t.Context()))
	must(t, z.Freeze(t.Context())) // and Close removes a frozen one
}

// TestProgram runs an image of a program of this module.
func TestProgram(t *testing.T) {
	t.Parallel()
	h := open(t)
	const dockerfile = "FROM scratch\nCOPY hello /hello\nCMD [\"/hello\"]\n"
	img := host.Image{
		Name:    "test-hello",
		Files:   fstest.MapFS{"Dockerfile": {Data: []byte(dockerfile)}},
		Program: &host.Program{Package: "drillbook/harness/host/container/testdata/hello"},
	}
	_, err := container.EnsureImage(t.Context(), img, nil)
	must(t, err)
	t.Cleanup(func() { removeImage(t, "drillbook/test-hello") })
	n := launch(t, h, host.Spec{Name: "a", Image: img})
	eventually(t, func() error {
		if output(t, n) != "hello\n" {
			return errors.New("it has not said hello")
		}
		return nil
	})
	must(t, n.Stop(t.Context()))
	if got, want := output(t, n), "hello\ngoodbye\n"; got != want {
		t.Errorf("output = %q, want %q", got, want)
	}
	must(t, h.Close(t.Context())) // before its image is removed
}
