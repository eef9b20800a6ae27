package local_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"testing"
	"time"

	"drillbook/harness/host"
	"drillbook/harness/host/local"
)

// TestTerminal: a program converses on a terminal that does not echo, in the environment that
// it is given, and is ended.
func TestTerminal(t *testing.T) {
	here := local.Terminal{Env: []string{"PATH=/usr/bin:/bin", "GREETING=hello"}}
	attach := func(c host.Command) (host.Console, *bufio.Reader) {
		s, err := here.Attach(t.Context(), c)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = s.Close() })
		return s, bufio.NewReader(s)
	}
	said := func(r *bufio.Reader, want string) {
		t.Helper()
		if got, err := r.ReadString('\n'); err != nil || got != want {
			t.Errorf("it said %q, %v, want %q", got, err, want)
		}
	}
	const answer = `[ -t 0 ] && echo $GREETING; while read -r l; do echo "got $l"; done`
	s, r := attach(host.Command{Argv: []string{"sh", "-c", answer}, Stdin: "first\n"})
	said(r, "hello\n")
	said(r, "got first\n")
	if _, err := io.WriteString(s, "second\n"); err != nil {
		t.Error(err)
	}
	said(r, "got second\n")
	if !local.IsPollable(s) {
		t.Error("a read of it keeps a processor from the rest of the program")
	}
	for range 2 {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
	if _, err := r.ReadByte(); !errors.Is(err, io.EOF) {
		t.Errorf("behind its closing = %v, want %v", err, io.EOF)
	}
	_, r = attach(host.Command{Argv: []string{"sh", "-c", "echo both; echo streams >&2"}})
	said(r, "both\n")
	said(r, "streams\n")
	if _, err := r.ReadByte(); !errors.Is(err, io.EOF) {
		t.Errorf("behind the end = %v, want %v", err, io.EOF)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	began := time.Now()
	_, err := here.Attach(ended, host.Command{Argv: []string{"cat"}})
	if err == nil || time.Since(began) > 5*time.Second {
		t.Errorf("Attach with an ended context = %v after %s", err, time.Since(began))
	}
}
