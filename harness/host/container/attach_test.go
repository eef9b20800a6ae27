package container_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"testing"
	"time"

	"drillbook/harness/host"
)

func TestAttach(t *testing.T) {
	t.Parallel()
	n := launch(t, open(t), host.Spec{Name: "a", Env: map[string]string{"GREETING": "hello"}})
	a, ok := n.(host.Attacher)
	if !ok {
		t.Fatal("a node cannot be attached to")
	}
	attach := func(c host.Command) (host.Console, *bufio.Reader) {
		s, err := a.Attach(t.Context(), c)
		must(t, err)
		t.Cleanup(func() { must(t, s.Close()) })
		return s, bufio.NewReader(s)
	}
	said := func(r *bufio.Reader, want string) {
		t.Helper()
		if got, err := r.ReadString('\n'); err != nil || got != want {
			t.Errorf("it said %q, %v, want %q", got, err, want)
		}
	}
	t.Run("converses without echo", func(t *testing.T) {
		s, r := attach(host.Command{
			Argv:  []string{"sh", "-c", `echo $GREETING; while read -r l; do echo "got $l"; done`},
			Stdin: "first\n",
		})
		said(r, "hello\n")
		said(r, "got first\n")
		_, err := io.WriteString(s, "second\n")
		must(t, err)
		said(r, "got second\n")
	})
	t.Run("ends", func(t *testing.T) {
		_, r := attach(host.Command{Argv: []string{"sh", "-c", "echo both; echo streams >&2"}})
		said(r, "both\n")
		said(r, "streams\n")
		if _, err := r.ReadByte(); !errors.Is(err, io.EOF) {
			t.Errorf("behind the end = %v, want %v", err, io.EOF)
		}
	})
	t.Run("is ended", func(t *testing.T) {
		s, r := attach(host.Command{Argv: []string{"sh", "-c", "echo begun; exec tail -f /dev/null"}})
		said(r, "begun\n")
		must(t, s.Close())
		must(t, s.Close())
		eventually(t, func() error {
			if run(t, n, "sh", "-c", "cat /proc/[0-9]*/comm | grep -c tail || true") != "0" {
				return errors.New("it still runs")
			}
			return nil
		})
	})
	t.Run("cancelled", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		began := time.Now()
		if _, err := a.Attach(ctx, host.Command{Argv: []string{"cat"}}); err == nil || time.Since(began) > time.Second {
			t.Errorf("Attach with an ended context = %v after %s", err, time.Since(began))
		}
	})
}
