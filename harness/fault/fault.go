// Package fault injects and heals the faults of a drill.
//
// A fault is bound to its target when it is made. It is injected, confirmed by
// evidence that it took hold, checked once more, healed, and confirmed to be healed;
// package drill takes it through this lifecycle and records every stage.
//
// A fault is either a state or an event. A state lasts until it is healed: a cut, a
// freeze, a lost host, a full disk. If it ended before, it is unknown what was
// drilled. An event is over once it has happened: the kill of a server, or its
// orderly stop. What runs afterwards depends on the product, and a product may start
// its server again.
package fault

import (
	"context"
	"slices"

	"drillbook/harness/driver"
	"drillbook/harness/host"
	"drillbook/harness/link"
	"drillbook/harness/phrase"
)

// Fault is one fault. Faults are pointers: two of the same kind and target are
// still two.
type Fault interface {
	phrase.Named // "host of a is lost"
	// Mechanism is how it is really done, so that nobody takes it for more.
	Mechanism() phrase.Phrase
	Inject(ctx context.Context) error
	// Confirm returns evidence that the fault holds, or an error while there
	// is none.
	Confirm(ctx context.Context) (evidence phrase.Phrase, err error)
	// Holds returns evidence that a state, which was confirmed, still holds,
	// or an error while there is none. It changes nothing. An event answers
	// with [ErrEvent].
	Holds(ctx context.Context) (evidence phrase.Phrase, err error)
	// Heal undoes what the fault did, each part of it, and nothing else. It is
	// idempotent, and safe when Inject failed or never ran.
	Heal(ctx context.Context) error
	// Healed returns evidence that nothing is left of the fault, or an error
	// while there is none.
	Healed(ctx context.Context) (evidence phrase.Phrase, err error)
}

// ErrEvent is returned by [Fault.Holds] of an event, of which nothing lasts that
// could have ended.
var ErrEvent = phrase.Errorf("it is an event, and over")

// HostLoss is the loss of a member's host: all its processes end at once and
// nothing answers at its address. Whether connected peers are notified depends on
// the place, and the mechanism says so. Healing boots the host again; whether its
// database starts depends on the member.
func HostLoss(m driver.Member) Fault { return &hostLoss{m: m} }

type hostLoss struct {
	m driver.Member
	// tried: killing it was begun and not undone since. How far it got, the
	// place need not tell: a host that runs may be off its networks.
	tried bool
}

func (f *hostLoss) Phrase() phrase.Phrase { return phrase.Say("host of %s is lost", f.m.Name) }
func (f *hostLoss) String() string        { return f.Phrase().Text }

func (f *hostLoss) Mechanism() phrase.Phrase {
	if w, ok := f.m.Node.(host.MechanismReporter); ok {
		return w.KillMechanism()
	}
	return phrase.Say("the host kills the node")
}

func (f *hostLoss) Inject(ctx context.Context) error {
	f.tried = true
	return f.m.Node.Kill(ctx)
}

func (f *hostLoss) Confirm(ctx context.Context) (phrase.Phrase, error) {
	return inState(ctx, f.m, host.Ended)
}

func (f *hostLoss) Holds(ctx context.Context) (phrase.Phrase, error) { return f.Confirm(ctx) }

func (f *hostLoss) Heal(ctx context.Context) error {
	if !f.tried {
		return nil
	}
	err := f.m.Node.Start(ctx) // whatever its state: this undoes each part of a kill
	f.tried = err != nil
	return err
}

func (f *hostLoss) Healed(ctx context.Context) (phrase.Phrase, error) {
	return inState(ctx, f.m, host.Running)
}

// Ends reports whether a fault, or a part of it, has the place end or pause a node.
func Ends(f Fault, node string) bool {
	switch f := f.(type) {
	case *hostLoss:
		return f.m.Name == node
	case *freeze:
		return f.m.Name == node
	case *group:
		return slices.ContainsFunc(f.parts, func(p Fault) bool { return Ends(p, node) })
	}
	return false
}

// inState asks the place, not the member, for the state of a member's node.
func inState(ctx context.Context, m driver.Member, want host.State) (phrase.Phrase, error) {
	got, err := stateOf(ctx, m)
	if err != nil {
		return phrase.Phrase{}, err
	}
	if got != want {
		return phrase.Phrase{}, phrase.Errorf("%s is %s, not %s", m.Name, got, want)
	}
	return phrase.Say("the host says that %s is %s", m.Name, got), nil
}

func stateOf(ctx context.Context, m driver.Member) (host.State, error) {
	got, err := host.StateOf(ctx, m.Node)
	if err != nil {
		return "", phrase.Errorf("state of %s: %w", m.Name, err)
	}
	return got, nil
}

// Freeze pauses all processes of a member at once; its connections stay open
// and are not answered.
func Freeze(m driver.Member) Fault { return &freeze{m} }

type freeze struct{ m driver.Member }

func (f *freeze) Phrase() phrase.Phrase { return phrase.Say("%s is frozen", f.m.Name) }
func (f *freeze) String() string        { return f.Phrase().Text }

func (f *freeze) Mechanism() phrase.Phrase {
	if w, ok := f.m.Node.(host.MechanismReporter); ok {
		return w.FreezeMechanism()
	}
	return phrase.Say("the host pauses the node")
}

func (f *freeze) Inject(ctx context.Context) error {
	z, err := f.freezer()
	if err != nil {
		return err
	}
	return z.Freeze(ctx)
}

func (f *freeze) Confirm(ctx context.Context) (phrase.Phrase, error) {
	return inState(ctx, f.m, host.Frozen)
}
func (f *freeze) Holds(ctx context.Context) (phrase.Phrase, error) { return f.Confirm(ctx) }

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

func (f *freeze) Healed(ctx context.Context) (phrase.Phrase, error) {
	return inState(ctx, f.m, host.Running)
}

func (f *freeze) freezer() (host.Freezer, error) {
	z, ok := f.m.Node.(host.Freezer)
	if !ok {
		return nil, phrase.Errorf("freeze %s: %w", f.m.Name, host.ErrUnsupported)
	}
	return z, nil
}

// Impair imposes a condition on a link. It is a state, whatever the condition:
// even [link.Reset] resets whatever is opened until it is cleared.
func Impair(l link.Link, c link.Condition) Fault { return &impair{l, c} }

type impair struct {
	l link.Link
	c link.Condition
}

func (f *impair) Phrase() phrase.Phrase                              { return phrase.Say("%s: %s", f.l, f.c) }
func (f *impair) String() string                                     { return f.Phrase().Text }
func (f *impair) Mechanism() phrase.Phrase                           { return f.l.Mechanism() }
func (f *impair) Inject(ctx context.Context) error                   { return f.l.Impose(ctx, f.c) }
func (f *impair) Confirm(ctx context.Context) (phrase.Phrase, error) { return f.l.Confirm(ctx) }
func (f *impair) Holds(ctx context.Context) (phrase.Phrase, error)   { return f.l.Confirm(ctx) }
func (f *impair) Heal(ctx context.Context) error                     { return f.l.Clear(ctx) }
func (f *impair) Healed(ctx context.Context) (phrase.Phrase, error)  { return f.l.Cleared(ctx) }
