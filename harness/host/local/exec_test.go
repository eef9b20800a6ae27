package local_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"drillbook/harness/host"
)

func TestExec(t *testing.T) {
	t.Parallel()
	h := open(t)
	img := idle()
	img.Native.Users = []string{"nobody", "dmdba"} // whom root runs it as, and another name for that
	img.Native.Env = map[string]string{"DATA": "$DRILL_ROOT/data"}
	n := launch(t, h, host.Spec{Name: "a", Image: img, Env: map[string]string{"GREETING": "hello"}})
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
		{"a name of the user", host.Command{Argv: []string{"true"}, User: "dmdba"}, host.Answer{}},
		{"environment", host.Command{Argv: []string{"sh", "-c", "echo $GREETING"}}, host.Answer{Stdout: "hello\n"}},
		{
			"its own folder",
			host.Command{Argv: []string{"sh", "-c", `test "$DATA" = "$DRILL_ROOT/data" && test . -ef "$DRILL_ROOT"`}},
			host.Answer{},
		},
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
	t.Run("another user", func(t *testing.T) {
		_, err := n.Exec(t.Context(), host.Command{Argv: []string{"true"}, User: "daemon"})
		if !errors.Is(err, host.ErrUnsupported) {
			t.Errorf("Exec = %v, want ErrUnsupported", err)
		}
	})
	t.Run("cancelled", func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
		defer cancel()
		began := time.Now()
		_, err := n.Exec(ctx, host.Command{Argv: []string{"sh", "-c", "sleep 60; true"}, Stdin: "x"})
		if !errors.Is(err, context.DeadlineExceeded) || time.Since(began) > 3*time.Second {
			t.Errorf("Exec = %v after %s, want the deadline's error at once", err, time.Since(began))
		}
	})
}
