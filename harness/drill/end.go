package drill

import (
	"context"
	"errors"
	"slices"
	"time"

	"drillbook/harness/driver"
	"drillbook/harness/record"
)

// End waits until service has settled, stops the clients, heals what is still
// in force, reads back what every member holds and closes the record. After
// an interrupt, once ctx has ended, or where the procedure cannot go on for a
// reason that is not the service's, it does not wait, but does the rest. Calling
// it again does nothing.
func (d *Drill) End(ctx context.Context, interrupted bool) error {
	if d.ended {
		return nil
	}
	d.ended = true
	hurried := interrupted || d.stuck
	if !hurried {
		d.settle(ctx)
		interrupted = ctx.Err() != nil
		hurried = interrupted
	}
	ctx = context.WithoutCancel(ctx)
	tail := record.Tail{Interrupted: interrupted}
	for _, w := range d.watches {
		w.Stop()
	}
	stopped, healed := d.probe.Stop(), d.healAll(ctx)
	within := syncWithin
	if hurried {
		within = hurriedSync
	}
	reading, done := d.reading(ctx)
	defer done()
	d.readBack(reading, within)
	d.observer.Stop()
	d.nodes.Stop()
	tail.Versions = d.versions(reading)
	err := errors.Join(stopped, healed, d.Cluster.Close(ctx))
	if Blamed(err) == record.BlamePlace {
		tail.Err, tail.Blame = err.Error(), record.BlamePlace
	}
	return errors.Join(err, d.closeJournal(tail))
}

// healAll heals what is still in force, the last first. What could not be healed is
// tried again once another was: a server may need its network to start.
func (d *Drill) healAll(ctx context.Context) error {
	for {
		before := slices.Clone(d.faults)
		var errs []error
		for _, f := range slices.Backward(before) {
			errs = append(errs, d.Heal(ctx, f.Fault))
		}
		if len(d.faults) == 0 || len(d.faults) == len(before) {
			return errors.Join(errs...)
		}
	}
}

// stuckRead bounds what is still read of the members of a drill that could not go
// on, and proves nothing any more.
const stuckRead = 10 * time.Second

// reading is the context of what is read of the members at the end.
func (d *Drill) reading(ctx context.Context) (context.Context, context.CancelFunc) {
	if d.stuck {
		return context.WithTimeout(ctx, stuckRead)
	}
	return context.WithCancel(ctx)
}

// settle waits until service has been clean for long enough to say that it is
// back, or until an outage has certainly lasted longer than was promised.
func (d *Drill) settle(ctx context.Context) {
	within := d.cfg.Head.Promise.RTO + 2*settle
	if err := d.WaitServed(ctx, settle+100*time.Millisecond, within); err != nil {
		d.event(record.Event{Kind: record.Note, What: "service did not settle", Err: err.Error()})
	}
}

func (d *Drill) versions(ctx context.Context) map[string]string {
	v, ok := d.cfg.Driver.(driver.Versioner)
	if !ok {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, copyWithin)
	defer cancel()
	all := map[string]string{}
	for _, m := range slices.Concat(d.Cluster.Members, d.Cluster.Auxiliaries) {
		versions, err := v.Versions(ctx, m)
		if err != nil {
			continue // a member that cannot be asked has its own trouble in the record
		}
		for name, version := range versions {
			all[m.Name+" "+name] = version
		}
	}
	return all
}

// stopAll ends what start began, in case of an error.
func (d *Drill) stopAll(ctx context.Context) {
	if d.probe != nil {
		if err := d.probe.Stop(); err != nil {
			d.event(record.Event{Kind: record.Note, Err: err.Error()})
		}
	}
	if d.observer != nil {
		d.observer.Stop()
	}
	if d.nodes != nil {
		d.nodes.Stop()
	}
	if d.Cluster != nil {
		if err := d.Cluster.Close(ctx); err != nil {
			d.event(record.Event{Kind: record.Note, Err: err.Error()})
		}
	}
}

func (d *Drill) closeJournal(t record.Tail) error {
	t.At = d.now()
	return errors.Join(d.journal.Close(t), d.file.Close())
}
