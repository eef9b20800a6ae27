package drill

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"drillbook/harness/driver"
	"drillbook/harness/record"
	"drillbook/harness/wait"
)

// End waits until service has settled, stops the clients, heals what is still
// in force, reads back what every member holds and closes the record. After
// an interrupt it does not wait, but does the rest. Calling it again does
// nothing.
func (d *Drill) End(ctx context.Context, interrupted bool) error {
	if d.ended {
		return nil
	}
	d.ended = true
	tail := record.Tail{Interrupted: interrupted}
	var errs []error
	if !interrupted {
		d.settle(ctx)
	}
	for _, w := range d.watches {
		w.Stop()
	}
	errs = append(errs, d.probe.Stop())
	for _, f := range slices.Backward(slices.Clone(d.faults)) {
		errs = append(errs, d.Heal(ctx, f))
	}
	within := syncWithin
	if interrupted {
		within = hurriedSync
	}
	d.readBack(ctx, within)
	d.observer.Stop()
	tail.Versions = d.versions(ctx)
	errs = append(errs, d.Cluster.Close(ctx))
	return errors.Join(errors.Join(errs...), d.closeJournal(tail))
}

// settle waits until service has been clean for long enough to say that it is
// back, or until an outage has certainly lasted longer than was promised.
func (d *Drill) settle(ctx context.Context) {
	within := d.cfg.Head.Promise.RTO + 2*settle
	if err := d.WaitServed(ctx, settle+100*time.Millisecond, within); err != nil {
		d.event(record.Event{Kind: record.Note, What: "service did not settle", Err: err.Error()})
	}
}

// hurriedSync is how long a member may take to catch up after an interrupt, which
// may have come before it was even started again.
const hurriedSync = 5 * time.Second

// readBack reads what every member holds, once it has caught up, or after so
// long. Copies that differ are read again for a while: a write that its client
// has given up may still take effect between the one and the other.
func (d *Drill) readBack(ctx context.Context, within time.Duration) {
	ctx, cancel := context.WithTimeout(ctx, syncWithin+agreeWithin+copyWithin)
	defer cancel()
	primary, err := d.Cluster.Primary(ctx)
	if err != nil {
		d.event(record.Event{Kind: record.Note, What: "no single primary to read back from", Err: err.Error()})
	}
	copies := d.copies(ctx, primary, within)
	if !agree(copies) {
		err := wait.For(ctx, "the members' copies to agree", agreeWithin, func(ctx context.Context) error {
			if err := wait.Out(ctx, agreeEvery); err != nil {
				return err
			}
			copies = d.copies(ctx, primary, within)
			if !agree(copies) {
				return errors.New("they still differ")
			}
			return nil
		})
		if err != nil {
			d.event(record.Event{Kind: record.Note, Err: err.Error()})
		}
	}
	for _, c := range copies {
		d.journal.Copy(c)
	}
}

// copies are those of all members as they stand at the end.
func (d *Drill) copies(ctx context.Context, primary driver.Member, within time.Duration) []record.Copy {
	all := make([]record.Copy, 0, len(d.Cluster.Members))
	for _, m := range d.Cluster.Members {
		synced := primary.Name != ""
		if synced && m.Name != primary.Name {
			if _, err := d.WaitInSync(ctx, m, primary, within); err != nil {
				d.event(record.Event{Kind: record.Note, Member: m.Name, What: "did not catch up", Err: err.Error()})
				synced = false
			}
		}
		c := d.copyOf(ctx, m)
		c.Synced, c.Final = synced, true
		all = append(all, c)
	}
	return all
}

// agree reports whether the copies hold the same tokens, as far as they tell.
func agree(copies []record.Copy) bool {
	var held [][]record.Stored
	for _, c := range copies {
		if c.Synced && c.Err == "" {
			held = append(held, slices.SortedFunc(slices.Values(c.Tokens), compareStored))
		}
	}
	same := func(a, b record.Stored) bool { return compareStored(a, b) == 0 }
	return !slices.ContainsFunc(held, func(tokens []record.Stored) bool {
		return !slices.EqualFunc(held[0], tokens, same)
	})
}

func compareStored(a, b record.Stored) int {
	return cmp.Or(cmp.Compare(a.Stream, b.Stream), cmp.Compare(a.Seq, b.Seq))
}

func (d *Drill) copyOf(ctx context.Context, m driver.Member) record.Copy {
	c := record.Copy{At: d.now(), Member: m.Name}
	ctx, cancel := context.WithTimeout(ctx, copyWithin)
	defer cancel()
	stored, role, err := d.tokens(ctx, m)
	if err != nil {
		c.Err = err.Error()
		return c
	}
	c.Role, c.Tokens = string(role), d.stored(stored)
	return c
}

// stored is tokens as the record has them.
func (d *Drill) stored(tokens []driver.Stored) []record.Stored {
	rows := make([]record.Stored, 0, len(tokens))
	for _, t := range tokens {
		rows = append(rows, record.Stored{
			Stream: uint8(t.Stream), //nolint:gosec // there are at most 255 streams
			Seq:    t.Seq,
			Member: uint8(slices.Index(d.cfg.Members, t.Member) + 1), //nolint:gosec // at most 255 members
		})
	}
	return rows
}

func (d *Drill) tokens(ctx context.Context, m driver.Member) ([]driver.Stored, driver.Role, error) {
	s, err := d.cfg.Driver.Open(ctx, driver.Target{Members: []driver.Member{m}})
	if err != nil {
		return nil, "", fmt.Errorf("open %s: %w", m.Name, err)
	}
	stored, err := s.Tokens(ctx, d.cfg.Head.Run)
	if err != nil {
		return nil, "", errors.Join(fmt.Errorf("read back from %s: %w", m.Name, err), s.Close())
	}
	role, err := s.Role(ctx)
	return stored, role, errors.Join(err, s.Close())
}

func (d *Drill) versions(ctx context.Context) map[string]string {
	v, ok := d.cfg.Driver.(driver.Versioner)
	if !ok {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, copyWithin)
	defer cancel()
	all := map[string]string{}
	for _, m := range d.Cluster.Members {
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
