// Package hosttest checks that a host keeps the promises of package host, as
// testing/fstest does for file systems. It needs no test framework:
//
//	if err := hosttest.Check(ctx, h, host.Spec{Name: "a", Image: idle}); err != nil {
//		t.Error(err)
//	}
package hosttest

import (
	"context"
	"errors"
	"fmt"
	"time"

	"drillbook/harness/host"
)

// Check launches a node from the spec, whose main process only waits and whose
// system has a shell, runs commands in it, takes it through its life, and
// closes the host. It returns every promise that was broken as a joined error,
// or nil.
func Check(ctx context.Context, h host.Host, spec host.Spec) error {
	spec.Env = map[string]string{greeting: "hello"}
	n, err := h.Launch(ctx, spec)
	if err != nil {
		return fmt.Errorf("launch %s: %w", spec.Name, err)
	}
	k := &checker{n: n}
	if n.Name() != spec.Name {
		k.broken("its name is %q, want %q", n.Name(), spec.Name)
	}
	k.commands(ctx)
	k.deadline(ctx)
	k.lives(ctx)
	k.freezes(ctx)
	k.changesNetwork(ctx, h, spec)
	k.closes(ctx, h, spec)
	return errors.Join(k.errs...)
}

// checker gathers what is wrong.
type checker struct {
	n    host.Node
	errs []error
}

func (k *checker) broken(format string, args ...any) {
	k.errs = append(k.errs, fmt.Errorf(format, args...))
}

// must notes the error of a call that must succeed.
func (k *checker) must(what string, err error) {
	if err != nil {
		k.broken("%s: %w", what, err)
	}
}

// state makes sure of what the host says of the node, if it can tell.
func (k *checker) state(ctx context.Context, after string, want host.State) {
	s, ok := k.n.(host.Stater)
	if !ok {
		return
	}
	if got, err := s.State(ctx); err != nil || got != want {
		k.broken("after %s the state is %q, %v, want %q", after, got, err, want)
	}
}

// twice does what may be done again without an error.
func (k *checker) twice(ctx context.Context, what string, do func(context.Context) error, want host.State) {
	for range 2 {
		k.must(what, do(ctx))
		k.state(ctx, what, want)
	}
}

// lives: what a node has written outlives it, and what it ran does not.
func (k *checker) lives(ctx context.Context) {
	file := `f="$DRILL_ROOT/tmp/kept"; `
	k.answers(ctx, "write a file", host.Answer{}, "sh", "-c", file+`mkdir -p "${f%/*}" && echo kept >"$f"`)
	for _, end := range []struct {
		what string
		do   func(context.Context) error
	}{{"Kill", k.n.Kill}, {"Stop", k.n.Stop}} {
		k.answers(ctx, "leave a program behind", host.Answer{}, "sh", "-c", "sleep 611 >/dev/null 2>&1 &")
		k.twice(ctx, end.what, end.do, host.Ended)
		if got, err := k.n.Exec(ctx, host.Command{Argv: []string{"true"}}); err == nil && got.Code == 0 {
			k.broken("after %s a command runs in a node that is down", end.what)
		}
		k.twice(ctx, "Start", k.n.Start, host.Running)
		k.answers(ctx, "read the file after "+end.what, host.Answer{Stdout: "kept\n"}, "sh", "-c", file+`cat "$f"`)
	}
}

// freezes: a node that can be frozen does not answer while it is, and can be
// ended then.
func (k *checker) freezes(ctx context.Context) {
	z, ok := k.n.(host.Freezer)
	if !ok {
		return
	}
	k.twice(ctx, "Freeze", z.Freeze, host.Frozen)
	brief, cancel := context.WithTimeout(ctx, 300*time.Millisecond)
	defer cancel()
	if got, err := k.n.Exec(brief, host.Command{Argv: []string{"true"}}); err == nil && got.Code == 0 {
		k.broken("a command runs in a frozen node")
	}
	k.twice(ctx, "Thaw", z.Thaw, host.Running)
	k.answers(ctx, "a command in a thawed node", host.Answer{}, "true")
	k.must("Freeze", z.Freeze(ctx))
	k.twice(ctx, "Kill of a frozen node", k.n.Kill, host.Ended)
	k.must("Start", k.n.Start(ctx))
	k.must("Freeze", z.Freeze(ctx)) // and Close removes a frozen one
}

// closes: closing works in a context that has ended, and again, and for good.
func (k *checker) closes(ctx context.Context, h host.Host, spec host.Spec) {
	ended, cancel := context.WithCancel(ctx)
	cancel()
	k.must("Close", h.Close(ended))
	k.must("Close again", h.Close(ctx))
	spec.Name += "2"
	if _, err := h.Launch(ctx, spec); err == nil {
		k.broken("a closed host launches a node")
	}
}
