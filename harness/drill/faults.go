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
		how := f.Mechanism()
		d.event(record.Event{Kind: record.Prepared, Fault: f.String(), What: how.Text}, f.Phrase(), how)
		if err := d.updateLedger((*fault.Ledger).Add, f); err != nil {
			d.noteFault(f, err)
			return phrase.Errorf("%w; it was not injected", err)
		}
		these = append(these, &activeFault{Fault: f})
		d.addFault(these[len(these)-1])
	}
	errs := make([]error, len(faults))
	var injecting sync.WaitGroup
	for i, f := range faults {
		injecting.Go(func() { errs[i] = f.Inject(ctx) })
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
	undoing, done := context.WithTimeout(ctx, undoWithin)
	defer done()
	if err := f.Heal(undoing); err != nil {
		d.noteFault(f, err)
		return phrase.Errorf("heal %s: %w", f, err)
	}
	d.event(record.Event{Kind: record.Heal, Fault: f.String()})
	d.markDisturbed()
	if err := d.confirm(ctx, f, record.Healed, healWithin, f.Healed); err != nil {
		return err
	}
	// Only now: if Heal is interrupted before, End heals the fault.
	d.removeFault(f)
	return d.updateLedger((*fault.Ledger).Done, f)
}

// checkStillHeld records whether a confirmed state still holds. It does so once,
// before healing is first tried, since a fault that is healed in part need not
// hold. It fails only if ctx ends first.
func (d *Drill) checkStillHeld(ctx context.Context, f fault.Fault) error {
	i := slices.IndexFunc(d.faults, func(g *activeFault) bool { return g.Fault == f })
	if i < 0 || !d.faults[i].confirmed || d.faults[i].holdChecked {
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
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	d.faults[i].holdChecked = true
	if event {
		return nil
	}
	why := phrase.Of(err)
	d.event(record.Event{Kind: record.Held, Fault: f.String(), Answer: evidence.Text, Err: why.Text}, evidence, why)
	return nil
}

// noteFault records what went wrong with a fault.
func (d *Drill) noteFault(f fault.Fault, err error) {
	why := phrase.Of(err)
	d.event(record.Event{Kind: record.Note, Fault: f.String(), Err: why.Text}, why)
}

// updateLedger changes the entry of a fault in the ledger, if there is one.
func (d *Drill) updateLedger(entry func(*fault.Ledger, fault.Fault) error, f fault.Fault) error {
	if d.cfg.Ledger == nil {
		return nil
	}
	return entry(d.cfg.Ledger, f)
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
