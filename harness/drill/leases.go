package drill

import (
	"context"
	"errors"
	"slices"
	"time"

	"drillbook/harness/fault"
	"drillbook/harness/host"
	"drillbook/harness/phrase"
	"drillbook/harness/record"
)

// leaseParts is into how many parts the term of a lease is divided: it is renewed
// after each, so that one renewal may fail.
const leaseParts = 3

// errNoLease means that nobody knows whether a lease was in force all the time.
var errNoLease = phrase.Errorf("its lease could not be renewed in time")

// leaseholder is what ends by itself on the nodes of a place that stays, unless it is
// renewed.
type leaseholder struct {
	undo   []host.Undo
	leases []host.Lease
	// renewed is when the leases began their terms, as the harness saw it; zero before the fault
	// was injected.
	renewed time.Time
	lapsed  error // why they have ended, or may have
}

// stays returns the place, if its nodes stay when the drill ends.
func (d *Drill) stays() (host.Leaser, bool) {
	l, ok := d.cfg.Host.(host.Leaser)
	return l, ok
}

// entry describes a fault for the ledger, and keeps how it is undone.
func (d *Drill) entry(ctx context.Context, f *activeFault) (fault.Entry, error) {
	e := fault.NewEntry(f.Fault)
	at, ok := d.stays()
	if !ok {
		return e, nil
	}
	undo, err := fault.UndoOf(ctx, f.Fault)
	if err != nil {
		return e, phrase.Errorf("find out how %s is undone: %w", f, err)
	}
	for i := range undo {
		undo[i].Reach = at.Reach(undo[i].Node)
	}
	f.undo = undo
	e.Place, e.Undo = d.cfg.Host.Name(), undo
	if slices.ContainsFunc(undo, isLeased) {
		e.Lease = at.Term()
	}
	return e, nil
}

func isLeased(u host.Undo) bool { return !u.Attended }

// lease has the nodes undo the fault by themselves once nobody renews it.
func (d *Drill) lease(ctx context.Context, f *activeFault) error {
	at, ok := d.stays()
	if !ok {
		return nil
	}
	for _, u := range f.undo {
		if !isLeased(u) {
			continue
		}
		l, err := at.Lease(ctx, u)
		if err != nil {
			return phrase.Errorf("have %s end by itself: %w", f, err)
		}
		f.leases = append(f.leases, l)
	}
	return nil
}

// startRenewing renews what is in force until stopRenewing.
func (d *Drill) startRenewing(ctx context.Context) {
	at, ok := d.stays()
	if !ok {
		return
	}
	ctx, d.stopRenewing = context.WithCancel(context.WithoutCancel(ctx))
	d.renewing.Go(func() {
		tick := time.NewTicker(at.Term() / leaseParts)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
				d.renewAll(ctx)
			}
		}
	})
}

// endRenewing returns once nothing is renewed any more.
func (d *Drill) endRenewing() {
	if d.stopRenewing != nil {
		d.stopRenewing()
		d.renewing.Wait()
	}
}

func (d *Drill) renewAll(ctx context.Context) {
	d.faultsMu.Lock()
	active := slices.Clone(d.faults)
	d.faultsMu.Unlock()
	for _, f := range active {
		if err := d.renew(ctx, f); err != nil && ctx.Err() == nil {
			// Of no fault: what is noted of one that holds says that healing it was tried.
			why := phrase.Of(phrase.Errorf("renew the lease of %s: %w", f, err))
			d.event(record.Event{Kind: record.Note, Err: why.Text}, why)
		}
	}
}

// beginTerm notes that the leases' terms have begun; what was begun before can have ended.
func (f *activeFault) beginTerm(began time.Time) {
	f.leaseMu.Lock()
	defer f.leaseMu.Unlock()
	f.renewed = began
}

// renew begins another term of a fault's leases. What has ended is not renewed.
func (d *Drill) renew(ctx context.Context, f *activeFault) error {
	f.leaseMu.Lock()
	defer f.leaseMu.Unlock()
	if f.renewed.IsZero() || f.lapsed != nil || len(f.leases) == 0 {
		return nil
	}
	at, _ := d.stays()
	ctx, done := context.WithTimeout(ctx, at.Term()/leaseParts)
	defer done()
	asked := time.Now()
	errs := make([]error, 0, len(f.leases))
	for _, l := range f.leases {
		errs = append(errs, l.Renew(ctx))
	}
	err := errors.Join(errs...)
	switch {
	case err == nil:
		f.renewed = asked
	case errors.Is(err, host.ErrLapsed):
		f.lapsed = err
	case time.Since(f.renewed) > at.Term():
		f.lapsed = phrase.Errorf("%w: %w", errNoLease, err)
	}
	return err
}

// leaseEnded reports why a fault may not have lasted until now.
func (d *Drill) leaseEnded(ctx context.Context, f *activeFault) error {
	err := d.renew(ctx, f)
	f.leaseMu.Lock()
	defer f.leaseMu.Unlock()
	if err != nil && f.lapsed == nil {
		f.lapsed = phrase.Errorf("%w: %w", errNoLease, err)
	}
	return f.lapsed
}

// undo carries out what a node would have carried out by itself, or a person who has
// nothing but the ledger: that must work too. It tries everything.
func (d *Drill) undo(ctx context.Context, f *activeFault) error {
	return d.carryOut(ctx, f.Phrase(), f.undo)
}

// undoWithin is how long healing the fault may take: a machine that was lost has to boot.
func (f *activeFault) undoWithin() time.Duration {
	if slices.ContainsFunc(f.undo, func(u host.Undo) bool { return u.Local }) {
		return bootWithin
	}
	return undoWithin
}

// carryOut does all that takes something back, and confirms it. What is done outside the
// member, its own Start does.
func (d *Drill) carryOut(ctx context.Context, what phrase.Phrase, all []host.Undo) error {
	var errs []error
	for _, u := range all {
		if u.Local {
			continue
		}
		m, ok := d.Cluster.Member(u.Node)
		if !ok {
			errs = append(errs, phrase.Errorf("undo %s: there is no member %q", what, u.Node))
			continue
		}
		c, err := u.Answered(ctx, u.Command())
		if err == nil {
			_, err = m.Run(ctx, c)
		}
		if err == nil {
			err = u.Confirm(ctx, m.Node)
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// undone makes sure that nothing is left to undo, whoever has undone it.
func (d *Drill) undone(ctx context.Context, f *activeFault) error {
	for _, u := range f.undo {
		if u.Local {
			continue
		}
		if m, ok := d.Cluster.Member(u.Node); ok {
			if err := u.Confirm(ctx, m.Node); err != nil {
				return err
			}
		}
	}
	return nil
}

// release gives up the leases of a fault that was healed.
func (d *Drill) release(ctx context.Context, f *activeFault) error {
	f.leaseMu.Lock()
	defer f.leaseMu.Unlock()
	errs := make([]error, 0, len(f.leases))
	for _, l := range f.leases {
		errs = append(errs, l.Release(ctx))
	}
	f.leases = nil
	return errors.Join(errs...)
}
