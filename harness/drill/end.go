package drill

import (
	"context"
	"errors"
	"slices"
	"time"

	"drillbook/harness/driver"
	"drillbook/harness/phrase"
	"drillbook/harness/record"
)

// End waits until service has settled, stops the clients, heals the active
// faults, reads back what every member holds, and closes the record. It does not
// wait for service after an interrupt, after the end of ctx, or if the procedure
// cannot go on for a reason that is not the service's. Calling it again does
// nothing.
func (d *Drill) End(ctx context.Context, interrupted bool) error {
	if d.ended {
		return nil
	}
	d.ended = true
	hurried := interrupted || d.stuck
	if !hurried {
		d.waitServiceBack(ctx)
		interrupted = ctx.Err() != nil
		hurried = interrupted
	}
	ctx = context.WithoutCancel(ctx)
	tail := record.Tail{Interrupted: interrupted}
	for _, w := range d.lagWatches {
		w.Stop()
	}
	d.tellEnd(phrase.Say("what is in force is healed"))
	stopped, healed := d.probe.Stop(), d.healAll(ctx)
	d.endRenewing()
	reading, done := d.readContext(ctx)
	defer done()
	if !d.cfg.Probe.ReadOnly {
		d.tellEnd(phrase.Say("what every member holds is read back, which takes up to %s", d.syncWithin(hurried)))
		d.readBack(reading, d.syncWithin(hurried))
	}
	d.observer.Stop()
	d.nodes.Stop()
	tail.Versions = d.versions(reading)
	d.keepLogs(reading)
	d.tellStanding(ctx)
	err := errors.Join(stopped, healed, d.withdraw(ctx), d.Cluster.Close(ctx))
	if BlameOf(err) == record.BlamePlace {
		said := phrase.Of(err)
		d.journal.Phrase(said)
		tail.Err, tail.Blame = said.Text, record.BlamePlace
	}
	return errors.Join(err, d.closeJournal(tail))
}

// tellEnd says what is being done, once a step has failed: until the drill has ended, nothing
// else is heard of it.
func (d *Drill) tellEnd(what phrase.Phrase) {
	if d.failed {
		d.event(record.Event{Kind: record.Progress, What: what.Text}, what)
	}
}

// syncWithin is how long a member may take to catch up before it is read back. One that is
// watched may be down for good.
func (d *Drill) syncWithin(hurried bool) time.Duration {
	switch {
	case hurried:
		return syncWithinHurried
	case d.watched():
		return syncWithinWatched
	}
	return syncWithin
}

// healAll heals the active faults, the last one first. It tries again those that
// failed once another one was healed: a server may need its network to start.
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

// readWithinStuck bounds the reading from the members of a drill that could not
// go on, which proves nothing any more.
const readWithinStuck = 10 * time.Second

// readContext is the context for reading from the members at the end.
func (d *Drill) readContext(ctx context.Context) (context.Context, context.CancelFunc) {
	if d.stuck {
		return context.WithTimeout(ctx, readWithinStuck)
	}
	return context.WithCancel(ctx)
}

// waitServiceBack waits until service has been clean for the settling time, or
// until an outage has certainly lasted longer than promised.
func (d *Drill) waitServiceBack(ctx context.Context) {
	within := 2 * settle
	if !d.watched() { // a person has said when it ends
		within += d.cfg.Head.Promise.RTO
	}
	d.tellEnd(phrase.Say("clients are to be served again, which is waited for up to %s", within))
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

// stopAll stops what start began, after an error.
func (d *Drill) stopAll(ctx context.Context) {
	if d.probe != nil {
		if err := d.probe.Stop(); err != nil {
			d.event(record.Event{Kind: record.Note, Err: err.Error()})
		}
	}
	if d.observer != nil {
		d.observer.Stop()
	}
	d.endRenewing()
	if d.nodes != nil {
		d.nodes.Stop()
	}
	if d.Cluster != nil {
		d.keepLogs(ctx)
		if err := errors.Join(d.withdraw(ctx), d.Cluster.Close(ctx)); err != nil {
			d.event(record.Event{Kind: record.Note, Err: err.Error()})
		}
	}
}

func (d *Drill) closeJournal(t record.Tail) error {
	t.At = d.now()
	return errors.Join(d.journal.Close(t), d.file.Close())
}
