package drill

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"drillbook/harness/driver"
	"drillbook/harness/fault"
	"drillbook/harness/probe"
	"drillbook/harness/record"
	"drillbook/harness/wait"
)

// Inject injects a fault and returns once there is evidence that it holds. The
// fault is healed by Heal, or by End. For an error the fault is to blame, not
// the service.
func (d *Drill) Inject(ctx context.Context, f fault.Fault) error {
	return Blame(record.BlameFault, d.inject(ctx, f))
}

func (d *Drill) inject(ctx context.Context, f fault.Fault) error {
	if d.disturbed == 0 {
		d.calm(ctx)
	}
	d.event(record.Event{Kind: record.Prepared, Fault: f.String(), What: f.Mechanism()})
	if err := d.book((*fault.Ledger).Add, f); err != nil {
		d.event(record.Event{Kind: record.Note, Fault: f.String(), Err: err.Error()})
		return fmt.Errorf("%w; it was not injected", err)
	}
	this := &inForce{Fault: f}
	d.faults = append(d.faults, this)
	if err := f.Inject(ctx); err != nil {
		d.event(record.Event{Kind: record.Note, Fault: f.String(), Err: err.Error()})
		return fmt.Errorf("inject %s: %w", f, err)
	}
	d.event(record.Event{Kind: record.Injected, Fault: f.String()})
	d.touched()
	err := d.confirm(ctx, f, record.Confirm, confirmWithin, f.Confirm)
	this.confirmed = err == nil
	return err
}

// Heal undoes a fault and returns once there is evidence that nothing is left
// of it. Before, a fault that lasts is looked at once more: whether it held until
// then is recorded, and is no error. For an error the fault is to blame, not the
// service.
func (d *Drill) Heal(ctx context.Context, f fault.Fault) error {
	return Blame(record.BlameFault, d.heal(ctx, f))
}

func (d *Drill) heal(ctx context.Context, f fault.Fault) error {
	if err := d.lookAtHeld(ctx, f); err != nil {
		return fmt.Errorf("heal %s: %w", f, err)
	}
	undoing, done := context.WithTimeout(ctx, undoWithin)
	defer done()
	if err := f.Heal(undoing); err != nil {
		d.event(record.Event{Kind: record.Note, Fault: f.String(), Err: err.Error()})
		return fmt.Errorf("heal %s: %w", f, err)
	}
	d.event(record.Event{Kind: record.Heal, Fault: f.String()})
	d.touched()
	if err := d.confirm(ctx, f, record.Healed, healWithin, f.Healed); err != nil {
		return err
	}
	// Not before: whoever is interrupted on the way here leaves it to End.
	d.faults = slices.DeleteFunc(d.faults, func(g *inForce) bool { return g.Fault == f })
	return d.book((*fault.Ledger).Done, f)
}

// lookAtHeld records whether a state that was confirmed still holds. It does so
// once, before healing is first tried, since what is half healed need not. It fails
// only if ctx ends before there is an answer.
func (d *Drill) lookAtHeld(ctx context.Context, f fault.Fault) error {
	i := slices.IndexFunc(d.faults, func(g *inForce) bool { return g.Fault == f })
	if i < 0 || !d.faults[i].confirmed || d.faults[i].looked {
		return nil
	}
	e := record.Event{Kind: record.Held, Fault: f.String()}
	event := false
	err := wait.For(ctx, f.String()+" to be seen to hold", heldWithin, func(ctx context.Context) (err error) {
		e.Answer, err = f.Holds(ctx)
		if event = errors.Is(err, fault.ErrEvent); event {
			return nil
		}
		return err
	})
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	d.faults[i].looked = true
	if event {
		return nil
	}
	if err != nil {
		e.Err = err.Error()
	}
	d.event(e)
	return nil
}

// book enters in the ledger, if there is one, what becomes of a fault.
func (d *Drill) book(entry func(*fault.Ledger, fault.Fault) error, f fault.Fault) error {
	if d.cfg.Ledger == nil {
		return nil
	}
	return entry(d.cfg.Ledger, f)
}

func (d *Drill) confirm(
	ctx context.Context, f fault.Fault, kind record.Kind, within time.Duration,
	look func(context.Context) (string, error),
) error {
	var evidence string
	err := wait.For(ctx, fmt.Sprintf("%s to be %s", f, kind), within, func(ctx context.Context) (err error) {
		evidence, err = look(ctx)
		return err
	})
	if err != nil {
		d.event(record.Event{Kind: record.Note, Fault: f.String(), Err: err.Error()})
		return err
	}
	d.event(record.Event{Kind: kind, Fault: f.String(), Answer: evidence})
	return nil
}

// Promote makes m the primary, whatever the others say. It fails with
// [errors.ErrUnsupported] if the product cannot.
func (d *Drill) Promote(ctx context.Context, m driver.Member) error {
	p, ok := d.cfg.Driver.(driver.Promoter)
	if !ok {
		return d.cannot("promote a member")
	}
	if err := d.mayPromote(ctx, m); err != nil {
		return err
	}
	d.Decide(m)
	defer d.touched()
	if err := p.Promote(ctx, m); err != nil {
		return fmt.Errorf("promote %s: %w", m.Name, err)
	}
	return nil
}

// Switchover gives the role of the primary to another member, without loss.
func (d *Drill) Switchover(ctx context.Context, from, to driver.Member) error {
	s, ok := d.cfg.Driver.(driver.Switcher)
	if !ok {
		return d.cannot("switch over")
	}
	if err := d.maySwitchover(ctx, from, to); err != nil {
		return err
	}
	d.calm(ctx)
	d.Decide(to)
	defer d.touched()
	if err := s.Switchover(ctx, from, to); err != nil {
		return fmt.Errorf("switch over from %s to %s: %w", from.Name, to.Name, err)
	}
	return nil
}

// Rejoin brings a member back as a standby of the primary.
func (d *Drill) Rejoin(ctx context.Context, m, primary driver.Member, way driver.Way) error {
	r, ok := d.cfg.Driver.(driver.Rejoiner)
	if !ok {
		return d.cannot("rejoin a member")
	}
	defer d.touched()
	if err := r.Rejoin(ctx, m, primary, way); err != nil {
		return fmt.Errorf("rejoin %s to %s by %s: %w", m.Name, primary.Name, way, err)
	}
	return nil
}

// calm waits until service has been clean for so long that what is done to it
// next begins an outage of its own. If it does not become so, what is measured
// shows that, and the record says why.
func (d *Drill) calm(ctx context.Context) {
	if err := d.WaitServed(ctx, max(settle, baseline), calmWithin); err != nil {
		d.event(record.Event{Kind: record.Note, What: "service had not settled", Err: err.Error()})
	}
}

// touched notes that something was done just now that clients may feel.
func (d *Drill) touched() { d.disturbed = d.now() }

func (d *Drill) cannot(what string) error {
	return fmt.Errorf("%s cannot %s: %w", d.cfg.Driver.Product().Title, what, errors.ErrUnsupported)
}

// clients is the stream by which the clients' service is told: their writes.
const clients = 0

// Health is how the clients' writes fare at the moment.
func (d *Drill) Health() (h probe.Health, now time.Duration) { return d.probe.Health(clients) }

// WaitServed waits until the clients' writes have succeeded without a failure
// for so long, and for so long since the drill last did something to them.
func (d *Drill) WaitServed(ctx context.Context, clean, within time.Duration) error {
	return wait.For(ctx, "clients to be served", within, func(context.Context) error {
		h, now := d.Health()
		if h.Served(now, clean) && now-d.disturbed >= clean {
			return nil
		}
		if h.LastAck == 0 {
			return fmt.Errorf("no write was acknowledged yet: %s", h.LastCause)
		}
		return fmt.Errorf("the last write was acknowledged %s ago, the last one failed %s ago: %s",
			(now - h.LastAck).Round(time.Millisecond), (now - h.LastFail).Round(time.Millisecond), h.LastCause)
	})
}

// WaitInSync waits until the standby has applied everything that the primary
// had written when this was called.
func (d *Drill) WaitInSync(
	ctx context.Context,
	standby, primary driver.Member,
	within time.Duration,
) (driver.Lag, error) {
	l, ok := d.cfg.Driver.(driver.Lagger)
	if !ok {
		return driver.Lag{}, d.cannot("tell how far a standby is behind")
	}
	var last driver.Lag
	var goal uint64
	name := fmt.Sprintf("%s to be in sync with %s", standby.Name, primary.Name)
	err := wait.For(ctx, name, within, func(ctx context.Context) error {
		lag, err := l.Lag(ctx, standby, primary)
		if err != nil {
			return err
		}
		last = lag
		if goal == 0 {
			goal = lag.Written
		}
		switch {
		case !lag.Streaming:
			return fmt.Errorf("it does not replicate: %s", lag.Detail)
		case lag.Applied < goal:
			return fmt.Errorf("it is %d behind: %s", goal-lag.Applied, lag.Detail)
		}
		return nil
	})
	if err != nil {
		err = fmt.Errorf("%w: do not make %s the primary: look at its log, its disk and its network, or rebuild it",
			err, standby.Name)
	}
	return last, err
}
