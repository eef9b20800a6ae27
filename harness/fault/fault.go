// Package fault is what goes wrong in a drill, and its undoing.
//
// A fault is bound to its target when it is made. It is injected, confirmed by
// evidence that it took hold, healed, and confirmed to be healed; package drill
// carries it through that life and records every station.
package fault

import (
	"context"
	"fmt"

	"drillbook/harness/driver"
	"drillbook/harness/host"
	"drillbook/harness/link"
)

// Fault is one thing that goes wrong. Faults are pointers: two of the same kind and
// target are still two.
type Fault interface {
	// String is what the report calls it: "host of a is lost".
	String() string
	// Mechanism is how it is really done, so that nobody takes it for more.
	Mechanism() string
	Inject(ctx context.Context) error
	// Confirm returns evidence that the fault holds, or an error while there
	// is none.
	Confirm(ctx context.Context) (evidence string, err error)
	// Heal undoes the fault. It is idempotent, and safe when Inject failed or
	// never ran.
	Heal(ctx context.Context) error
	// Healed returns evidence that nothing is left of the fault, or an error
	// while there is none.
	Healed(ctx context.Context) (evidence string, err error)
}

// HostLoss is the loss of a member's host: all its processes end at once and
// nothing answers at its address. Whether those that were connected are told is
// up to the place, and the mechanism says so. Healing it brings the host up
// again; whether its database starts is up to the member.
func HostLoss(m driver.Member) Fault { return &hostLoss{m} }

type hostLoss struct{ m driver.Member }

func (f *hostLoss) String() string { return "host of " + f.m.Name + " is lost" }

func (f *hostLoss) Mechanism() string {
	if w, ok := f.m.Node.(host.Witness); ok {
		return w.Killing()
	}
	return "the host kills the node"
}

func (f *hostLoss) Inject(ctx context.Context) error { return f.m.Node.Kill(ctx) }

func (f *hostLoss) Confirm(ctx context.Context) (string, error) {
	return inState(ctx, f.m, host.Ended)
}

func (f *hostLoss) Heal(ctx context.Context) error {
	if _, err := inState(ctx, f.m, host.Running); err == nil {
		return nil
	}
	return f.m.Node.Start(ctx)
}

func (f *hostLoss) Healed(ctx context.Context) (string, error) {
	return inState(ctx, f.m, host.Running)
}

// inState asks the place, not the member, for the state of a member's node.
func inState(ctx context.Context, m driver.Member, want host.State) (string, error) {
	got, err := stateOf(ctx, m)
	if err != nil {
		return "", err
	}
	if got != want {
		return "", fmt.Errorf("%s is %s, not %s", m.Name, got, want)
	}
	return fmt.Sprintf("the host says that %s is %s", m.Name, got), nil
}

func stateOf(ctx context.Context, m driver.Member) (host.State, error) {
	s, ok := m.Node.(host.Stater)
	if !ok {
		return "", fmt.Errorf("state of %s: %w", m.Name, host.ErrUnsupported)
	}
	got, err := s.State(ctx)
	if err != nil {
		return "", fmt.Errorf("state of %s: %w", m.Name, err)
	}
	return got, nil
}

// Freeze pauses all processes of a member at once; its connections stay open
// and are not answered.
func Freeze(m driver.Member) Fault { return &freeze{m} }

type freeze struct{ m driver.Member }

func (f *freeze) String() string { return f.m.Name + " is frozen" }

func (f *freeze) Mechanism() string {
	if w, ok := f.m.Node.(host.Witness); ok {
		return w.Freezing()
	}
	return "the host pauses the node"
}

func (f *freeze) Inject(ctx context.Context) error {
	z, err := f.freezer()
	if err != nil {
		return err
	}
	return z.Freeze(ctx)
}

func (f *freeze) Confirm(ctx context.Context) (string, error) { return inState(ctx, f.m, host.Frozen) }

func (f *freeze) Heal(ctx context.Context) error {
	if state, err := stateOf(ctx, f.m); err != nil || state != host.Frozen {
		return err
	}
	z, err := f.freezer()
	if err != nil {
		return err
	}
	return z.Thaw(ctx)
}

func (f *freeze) Healed(ctx context.Context) (string, error) { return inState(ctx, f.m, host.Running) }

func (f *freeze) freezer() (host.Freezer, error) {
	z, ok := f.m.Node.(host.Freezer)
	if !ok {
		return nil, fmt.Errorf("freeze %s: %w", f.m.Name, host.ErrUnsupported)
	}
	return z, nil
}

// Impair imposes a condition on a link.
func Impair(l link.Link, c link.Condition) Fault { return &impair{l, c} }

type impair struct {
	l link.Link
	c link.Condition
}

func (f *impair) String() string                              { return fmt.Sprintf("%s: %s", f.l, f.c) }
func (f *impair) Mechanism() string                           { return f.l.Mechanism() }
func (f *impair) Inject(ctx context.Context) error            { return f.l.Impose(ctx, f.c) }
func (f *impair) Confirm(ctx context.Context) (string, error) { return f.l.Confirm(ctx) }
func (f *impair) Heal(ctx context.Context) error              { return f.l.Clear(ctx) }
func (f *impair) Healed(ctx context.Context) (string, error)  { return f.l.Cleared(ctx) }
