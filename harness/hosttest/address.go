package hosttest

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	"drillbook/harness/host"
	"drillbook/harness/wait"
)

// acceptsWithin is how long a node may take to accept at its address.
const acceptsWithin = 5 * time.Second

// CheckAddress launches a node from the spec, which has a port, and takes it
// through its life: what Addr says is where the port accepts while the node is
// up, and what it was while the node is down or its cable is out, and saying it
// asks nobody. The command serve starts the server of a node that was started
// again. The node is left running. It returns every promise that was broken as
// a joined error, or nil.
func CheckAddress(ctx context.Context, h host.Host, spec host.Spec, serve host.Command) error {
	n, err := h.Launch(ctx, spec)
	if err != nil {
		return fmt.Errorf("launch %s: %w", spec.Name, err)
	}
	k := &addressChecker{checker{n: n}, spec.Ports[0], serve}
	if k.accepts(ctx, "Launch"); len(k.errs) > 0 {
		return errors.Join(k.errs...)
	}
	for _, end := range []struct {
		what string
		do   func(context.Context) error
	}{{"Kill", n.Kill}, {"Stop", n.Stop}} {
		was := k.addr(ctx, "before "+end.what)
		k.must(end.what, end.do(ctx))
		if is := k.addr(ctx, "after "+end.what); is != was {
			k.broken("after %s the address is %q, want what it was, %q", end.what, is, was)
		}
		k.must("Start", n.Start(ctx))
		k.serves(ctx)
		k.accepts(ctx, "Start")
	}
	k.unplugs(ctx)
	return errors.Join(k.errs...)
}

type addressChecker struct {
	checker

	port  int
	serve host.Command
}

// addr asks in a context that has ended, so that nobody else can be asked: a
// client that opens a session must not wait for the place.
func (k *addressChecker) addr(ctx context.Context, when string) string {
	ended, cancel := context.WithCancel(ctx)
	cancel()
	at, err := k.n.Addr(ended, k.port)
	k.must("address "+when, err)
	return at
}

// serves starts the server again.
func (k *addressChecker) serves(ctx context.Context) {
	if len(k.serve.Argv) == 0 {
		return
	}
	got, err := k.n.Exec(ctx, k.serve)
	if err == nil && got.Code != 0 {
		err = fmt.Errorf("code %d: %s", got.Code, got.Stderr)
	}
	k.must("start the server", err)
}

// accepts: the port is where Addr says.
func (k *addressChecker) accepts(ctx context.Context, after string) {
	at := k.addr(ctx, "after "+after)
	k.must("the address after "+after, wait.For(ctx, "it to accept", acceptsWithin, func(ctx context.Context) error {
		c, err := (&net.Dialer{}).DialContext(ctx, "tcp", at)
		if err != nil {
			return err
		}
		return c.Close()
	}))
}

// unplugs: a node whose cable is pulled keeps its address, and is reached
// again once it is plugged in.
func (k *addressChecker) unplugs(ctx context.Context) {
	u, ok := k.n.(host.Unplugger)
	if !ok {
		return
	}
	was := k.addr(ctx, "before Unplug")
	k.must("Unplug", u.Unplug(ctx, host.Public))
	if is := k.addr(ctx, "after Unplug"); is != was {
		k.broken("after Unplug the address is %q, want what it was, %q", is, was)
	}
	k.must("Plug", u.Plug(ctx, host.Public))
	k.accepts(ctx, "Plug")
}
