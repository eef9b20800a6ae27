package drill

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"drillbook/harness/fault"
	"drillbook/harness/phrase"
	"drillbook/harness/record"
	"drillbook/harness/wait"
)

// Inject injects a fault and returns once there is evidence that it took hold.
// Heal or End heals the fault. An error is blamed on the fault, not on the
// service.
func (d *Drill) Inject(ctx context.Context, f fault.Fault) error {
	return Blame(record.BlameFault, d.inject(ctx, f))
}

// InjectTogether injects several faults at the same time, as what has one cause begins at
// once. Each of them is healed by itself.
func (d *Drill) InjectTogether(ctx context.Context, faults ...fault.Fault) error {
	return Blame(record.BlameFault, d.inject(ctx, faults...))
}

func (d *Drill) inject(ctx context.Context, faults ...fault.Fault) error {
	if d.disturbed == 0 {
		d.waitSettled(ctx)
	}
	these := make([]*activeFault, 0, len(faults))
	for _, f := range faults {
		if err := d.allowed(f); err != nil {
			d.noteFault(f, err)
			return err
		}
	}
	for _, f := range faults {
		active, err := d.prepare(ctx, f)
		if err != nil {
			d.noteFault(f, err)
			return phrase.Errorf("%w; it was not injected", err)
		}
		these = append(these, active)
	}
	errs := make([]error, len(faults))
	var injecting sync.WaitGroup
	for i, f := range these {
		injecting.Go(func() {
			began := time.Now()
			errs[i] = f.Inject(ctx)
			f.beginTerm(began)
		})
	}
	injecting.Wait()
	for i, f := range faults {
		if errs[i] != nil {
			d.noteFault(f, errs[i])
			errs[i] = phrase.Errorf("inject %s: %w", f, errs[i])
			continue
		}
		d.event(record.Event{Kind: record.Injected, Fault: f.String()})
	}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	d.markDisturbed()
	for i, f := range faults {
		errs[i] = d.confirm(ctx, f, record.Confirm, confirmWithin, f.Confirm)
		these[i].confirmed = errs[i] == nil
	}
	return errors.Join(errs...)
}

// allowed reports why a fault must not be injected.
func (d *Drill) allowed(f fault.Fault) error {
	if d.cfg.Allow == nil {
		return nil
	}
	d.stepMu.Lock()
	defer d.stepMu.Unlock()
	return d.cfg.Allow(d.step, f)
}

// prepare does all that must be done before a fault is injected, so that it ends
// whatever becomes of the harness.
func (d *Drill) prepare(ctx context.Context, f fault.Fault) (*activeFault, error) {
	how := f.Mechanism()
	d.event(record.Event{Kind: record.Prepared, Fault: f.String(), What: how.Text}, f.Phrase(), how)
	active := &activeFault{Fault: f}
	entry, err := d.entry(ctx, active)
	if err == nil && d.cfg.Ledger != nil {
		err = d.cfg.Ledger.Add(entry)
	}
	if err != nil {
		return nil, err
	}
	d.addFault(active)
	return active, d.lease(ctx, active)
}

// Heal heals a fault and returns once there is evidence that nothing is left of
// it. Before that it records whether a fault that lasts still held; that it did
// not is no error. An error is blamed on the fault, not on the service.
func (d *Drill) Heal(ctx context.Context, f fault.Fault) error {
	return Blame(record.BlameFault, d.heal(ctx, f))
}

func (d *Drill) heal(ctx context.Context, f fault.Fault) error {
	if err := d.checkStillHeld(ctx, f); err != nil {
		return phrase.Errorf("heal %s: %w", f, err)
	}
	active := d.active(f)
	undoing, done := context.WithTimeout(ctx, active.undoWithin())
	defer done()
	useless := d.undo(undoing, active)
	if useless != nil {
		d.noteFault(f, useless)
	}
	if err := f.Heal(undoing); err != nil {
		d.noteFault(f, err)
		return phrase.Errorf("heal %s: %w", f, err)
	}
	d.event(record.Event{Kind: record.Heal, Fault: f.String()})
	d.markDisturbed()
	healed := func(ctx context.Context) (phrase.Phrase, error) {
		if useless != nil {
			if err := d.undone(ctx, active); err != nil {
				return phrase.Phrase{}, err
			}
		}
		return f.Healed(ctx)
	}
	if err := d.confirm(ctx, f, record.Healed, healWithin, healed); err != nil {
		return err
	}
	if err := d.release(ctx, active); err != nil {
		d.noteFault(f, err)
	}
	// Only now: if Heal is interrupted before, End heals the fault.
	d.removeFault(f)
	if useless != nil {
		useless = phrase.Errorf("%s was healed, but not by what would undo it without the harness: %w", f, useless)
	}
	return errors.Join(useless, d.strike(f))
}

// InForce are the faults that were injected and not healed; empty if there are none.
func (d *Drill) InForce() phrase.Phrase {
	d.faultsMu.Lock()
	defer d.faultsMu.Unlock()
	all := make([]phrase.Phrase, len(d.faults))
	for i, f := range d.faults {
		all[i] = f.Phrase()
	}
	return phrase.Join(all, ", ")
}

// active is what is known of a fault. One that is not in force is not leased.
func (d *Drill) active(f fault.Fault) *activeFault {
	i := slices.IndexFunc(d.faults, func(g *activeFault) bool { return g.Fault == f })
	if i < 0 {
		return &activeFault{Fault: f}
	}
	return d.faults[i]
}

// strike takes a fault out of the ledger, if there is one.
func (d *Drill) strike(f fault.Fault) error {
	if d.cfg.Ledger == nil {
		return nil
	}
	return d.cfg.Ledger.Done(f.String())
}

// checkStillHeld records whether a confirmed state still holds. It does so once,
// before healing is first tried, since a fault that is healed in part need not
// hold. It fails only if ctx ends first.
func (d *Drill) checkStillHeld(ctx context.Context, f fault.Fault) error {
	active := d.active(f)
	if !active.confirmed || active.holdChecked {
		return nil
	}
	var evidence phrase.Phrase
	event := false
	name := phrase.Say("%s to be seen to hold", f)
	err := wait.For(ctx, name, heldWithin, func(ctx context.Context) (err error) {
		evidence, err = f.Holds(ctx)
		if event = errors.Is(err, fault.ErrEvent); event {
			return nil
		}
		return err
	})
	ended := d.leaseEnded(ctx, active)
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	active.holdChecked = true
	if event && ended == nil {
		return nil
	}
	if ended != nil {
		evidence = phrase.Phrase{}
	}
	why := phrase.Of(errors.Join(err, ended))
	d.event(record.Event{Kind: record.Held, Fault: f.String(), Answer: evidence.Text, Err: why.Text}, evidence, why)
	return nil
}

// noteFault records what went wrong with a fault.
func (d *Drill) noteFault(f fault.Fault, err error) {
	why := phrase.Of(err)
	d.event(record.Event{Kind: record.Note, Fault: f.String(), Err: why.Text}, why)
}

// confirm waits for evidence and records it.
func (d *Drill) confirm(
	ctx context.Context, f fault.Fault, kind record.Kind, within time.Duration,
	look func(context.Context) (phrase.Phrase, error),
) error {
	var evidence phrase.Phrase
	name := phrase.Say("%s to be confirmed", f)
	if kind == record.Healed {
		name = phrase.Say("%s to be healed", f)
	}
	err := wait.For(ctx, name, within, func(ctx context.Context) (err error) {
		evidence, err = look(ctx)
		return err
	})
	if err != nil {
		d.noteFault(f, err)
		return err
	}
	d.event(record.Event{Kind: kind, Fault: f.String(), Answer: evidence.Text}, evidence)
	return nil
}
