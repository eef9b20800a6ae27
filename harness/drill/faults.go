package drill

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"drillbook/harness/fault"
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
		d.waitSettled(ctx)
	}
	d.event(record.Event{Kind: record.Prepared, Fault: f.String(), What: f.Mechanism()})
	if err := d.book((*fault.Ledger).Add, f); err != nil {
		d.event(record.Event{Kind: record.Note, Fault: f.String(), Err: err.Error()})
		return fmt.Errorf("%w; it was not injected", err)
	}
	this := &inForce{Fault: f}
	d.hold(this)
	if err := f.Inject(ctx); err != nil {
		d.event(record.Event{Kind: record.Note, Fault: f.String(), Err: err.Error()})
		return fmt.Errorf("inject %s: %w", f, err)
	}
	d.event(record.Event{Kind: record.Injected, Fault: f.String()})
	d.markDisturbed()
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
	d.markDisturbed()
	if err := d.confirm(ctx, f, record.Healed, healWithin, f.Healed); err != nil {
		return err
	}
	// Not before: whoever is interrupted on the way here leaves it to End.
	d.release(f)
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
