package cut_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"drillbook/harness/host"
	"drillbook/harness/host/container"
	"drillbook/harness/link"
	"drillbook/harness/link/cut"
	"drillbook/harness/wait"
)

// staying is a host whose nodes stay. The kernel alone ends what is not renewed.
type staying struct {
	*container.Host

	term time.Duration
}

func (s staying) Term() time.Duration { return s.term }

func (staying) Reach(node string) string { return node }

func (staying) Spared(string) []int { return []int{22} }

func (staying) Lease(context.Context, host.Undo) (host.Lease, error) {
	return nil, errors.New("the kernel needs nobody")
}

// netNode runs the commands of an undo where containers have nft: beside the node.
type netNode struct{ host.Node }

func (n netNode) Exec(ctx context.Context, c host.Command) (host.Answer, error) {
	admin, ok := n.Node.(host.NetAdmin)
	if !ok {
		return host.Answer{}, host.ErrUnsupported
	}
	return admin.NetExec(ctx, host.Command{Argv: c.Argv, Stdin: c.Input()})
}

// TestKernelEndsTheLease: a cut stands for as long as it is renewed, and ends within a
// second of its term with nobody there. Then it cannot be renewed any more.
func TestKernelEndsTheLease(t *testing.T) {
	t.Parallel()
	const term = 4 * time.Second
	h := staying{pair(t), term}
	network, err := cut.New(h)
	must(t, err)
	l, err := network.Link(t.Context(), link.Route{From: "a", To: "b", Over: host.Private, Port: port})
	must(t, err)
	undoer, ok := l.(link.Undoer)
	if !ok {
		t.Fatal("a cut does not say how it is undone")
	}
	undo, err := undoer.Undo(t.Context())
	must(t, err)
	a := netNode{node(t, h.Host, "a")}
	must(t, undo.Confirm(t.Context(), a))
	must(t, l.Impose(t.Context(), link.Condition{Kind: link.Drop}))
	began := time.Now()
	if err := undo.Confirm(t.Context(), a); err == nil {
		t.Error("nothing is left to undo, although it is in force")
	}
	for time.Since(began) < 2*term {
		must(t, undo.Keep(t.Context(), a))
		_, err := l.Confirm(t.Context())
		must(t, err)
	}
	renewed := time.Now()
	must(t, wait.For(t.Context(), "the cut to end", 2*term, func(ctx context.Context) error {
		if _, err := l.Confirm(ctx); err == nil {
			return errors.New("it is in force")
		}
		return nil
	}))
	if took := time.Since(renewed); took < term-time.Second || took > term+2*time.Second {
		t.Errorf("it ended %s after it was renewed, want %s", took, term)
	}
	if got := dial(t, h.Host, "a", "b-private"); got != connects {
		t.Errorf("after the term a %s, want %s", got, connects)
	}
	if err := undo.Keep(t.Context(), a); !errors.Is(err, host.ErrLapsed) {
		t.Errorf("Keep after the end = %v, want that it has lapsed", err)
	}
	for range 2 {
		must(t, undo.Run(t.Context(), a))
	}
	if _, err := l.Cleared(t.Context()); err != nil {
		t.Errorf("after the undo: %v", err)
	}
}
