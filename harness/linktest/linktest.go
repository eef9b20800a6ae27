// Package linktest checks that a network keeps the promises of package link,
// as testing/fstest does for file systems. It needs no test framework:
//
//	if err := linktest.Check(ctx, network, linktest.Case{Route: r, Can: conditions}); err != nil {
//		t.Error(err)
//	}
package linktest

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	"drillbook/harness/link"
	"drillbook/harness/wait"
)

// Case is what to check a network with.
type Case struct {
	// Route is between nodes that are up, the far one listening.
	Route link.Route
	// Can are conditions that the network must be able to make.
	Can []link.Condition
	// CannotDo are kinds of condition that it must refuse to make.
	CannotDo []link.Kind
	// WantWithin is how long a condition may take to be confirmed.
	WantWithin time.Duration
}

// Check makes a link, imposes every condition on it, and closes the network.
// It returns every promise that was broken as a joined error, or nil.
func Check(ctx context.Context, n link.Network, c Case) error {
	l, err := n.Link(ctx, c.Route)
	if err != nil {
		return fmt.Errorf("make the link: %w", err)
	}
	k := &checker{}
	k.identity(ctx, n, l, c.Route)
	for _, condition := range c.Can {
		k.life(ctx, l, condition, c.WantWithin)
	}
	for _, kind := range c.CannotDo {
		if err := l.Impose(ctx, link.Condition{Kind: kind}); !errors.Is(err, link.ErrUnsupported) {
			k.broken("impose %s: got %v, want an error that wraps ErrUnsupported", kind, err)
		}
	}
	if len(c.Can) > 0 {
		k.none("impose before close", l.Impose(ctx, c.Can[0]))
	}
	for range 2 {
		k.none("close", n.Close(ctx))
	}
	return errors.Join(k.errs...)
}

type checker struct{ errs []error }

func (k *checker) broken(format string, args ...any) {
	k.errs = append(k.errs, fmt.Errorf(format, args...))
}

func (k *checker) none(what string, err error) {
	if err != nil {
		k.broken("%s: %w", what, err)
	}
}

// identity: a link has names, an address, and is the only one of its route.
func (k *checker) identity(ctx context.Context, n link.Network, l link.Link, r link.Route) {
	again, err := n.Link(ctx, r)
	k.none("ask for the link again", err)
	if again != l {
		k.broken("asked for the link again: got another one")
	}
	if l.String() == "" || l.Mechanism().Text == "" {
		k.broken("the link is called %q and made by %q, want names for both", l, l.Mechanism())
	}
	if _, _, err := net.SplitHostPort(l.Addr()); err != nil {
		k.broken("address of the link: %w", err)
	}
	k.notImposed(ctx, l, "before anything is imposed")
	k.none("clear before anything is imposed", l.Clear(ctx))
}

// life: a condition is imposed, again in place of itself, confirmed, and
// cleared, twice.
func (k *checker) life(ctx context.Context, l link.Link, c link.Condition, within time.Duration) {
	addr := l.Addr()
	for range 2 {
		k.none(fmt.Sprintf("impose %s", c), l.Impose(ctx, c))
	}
	err := wait.For(ctx, "evidence", within, func(ctx context.Context) error {
		evidence, err := l.Confirm(ctx)
		if err == nil && evidence.Text == "" {
			err = errors.New("the evidence is empty")
		}
		return err
	})
	k.none(fmt.Sprintf("confirm %s", c), err)
	if said, err := l.Cleared(ctx); err == nil {
		k.broken("%s is imposed, and yet it is cleared: %s", c, said)
	}
	for range 2 {
		k.none(fmt.Sprintf("clear %s", c), l.Clear(ctx))
	}
	k.notImposed(ctx, l, fmt.Sprintf("after %s was cleared", c))
	if l.Addr() != addr {
		k.broken("%s changed the address from %s to %s", c, addr, l.Addr())
	}
}

func (k *checker) notImposed(ctx context.Context, l link.Link, when string) {
	if said, err := l.Confirm(ctx); err == nil {
		k.broken("confirm %s: got %q, want an error", when, said)
	}
	if said, err := l.Cleared(ctx); err != nil || said.Text == "" {
		k.broken("cleared %s: got %q, %v, want evidence", when, said, err)
	}
}
