package drill

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"drillbook/harness/driver"
	"drillbook/harness/phrase"
	"drillbook/harness/record"
	"drillbook/harness/wait"
)

// syncWithinHurried is how long a member may take to catch up after an interrupt,
// which may have come before the member was started again.
const syncWithinHurried = 5 * time.Second

const syncWithinWatched = 15 * time.Second

// readBack reads the copies of all members that hold data, the primary first. Each standby is
// read once it has caught up, or after within; the deadline is per member. Copies
// that differ are read again for a while, since a write that its client gave up
// may take effect between two reads. The last complete set of copies is recorded.
func (d *Drill) readBack(ctx context.Context, within time.Duration) {
	primary, err := d.finalPrimary(ctx)
	if err != nil {
		d.event(record.Event{Kind: record.Note, What: "no single primary to read back from", Err: err.Error()})
	}
	copies := d.readCopies(ctx, primary, within)
	if !d.copiesAgree(copies) {
		until := phrase.Say("the members' copies to agree")
		err := wait.For(ctx, until, agreeWithin, func(window context.Context) error {
			if err := wait.Duration(window, agreeEvery); err != nil {
				return err
			}
			again, err := d.reread(ctx, copies, primary)
			if err != nil {
				return err
			}
			copies = again
			if !d.copiesAgree(copies) {
				return phrase.Errorf("they still differ")
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

func (d *Drill) finalPrimary(ctx context.Context) (driver.Member, error) {
	ctx, cancel := context.WithTimeout(ctx, copyWithin)
	defer cancel()
	return d.Cluster.Primary(ctx)
}

// readCopies reads the copies of all members that hold data: the primary, then all
// others at the same time, since several of them may never catch up.
func (d *Drill) readCopies(ctx context.Context, primary driver.Member, within time.Duration) []record.Copy {
	members := d.Cluster.Holders()
	slices.SortStableFunc(members, func(a, b driver.Member) int {
		switch primary.Name {
		case a.Name:
			return -1
		case b.Name:
			return 1
		}
		return 0
	})
	all := make([]record.Copy, len(members))
	var reading sync.WaitGroup
	for i, m := range members {
		reading.Go(func() { all[i] = d.readFinalCopy(ctx, m, primary, within) })
		if m.Name == primary.Name {
			reading.Wait()
		}
	}
	reading.Wait()
	return all
}

// readFinalCopy reads the copy of a member once it has caught up, or after within.
func (d *Drill) readFinalCopy(ctx context.Context, m, primary driver.Member, within time.Duration) record.Copy {
	synced, follows := primary.Name != "", false
	if synced && m.Name != primary.Name {
		lag, err := d.WaitInSync(ctx, m, primary, within)
		if err != nil {
			d.event(record.Event{Kind: record.Note, Member: m.Name, What: "did not catch up", Err: err.Error()})
			synced, follows = false, lag.Streaming
		}
	}
	c := d.readCopyRetrying(ctx, m, min(within, agreeWithin))
	c.Synced, c.Follows = synced, follows
	return c
}

// readCopyRetrying reads a copy, and tries again for within after errors.
func (d *Drill) readCopyRetrying(ctx context.Context, m driver.Member, within time.Duration) (c record.Copy) {
	// The last copy has the error, if there is one.
	_ = wait.For(ctx, phrase.Say("the copy of %s", m.Name), within, func(window context.Context) error {
		if c = d.readCopy(ctx, m); c.Err == "" {
			return nil
		}
		_ = wait.Duration(window, agreeEvery) // no longer than there is time
		return errors.New(c.Err)
	})
	return c
}

// reread reads once more the copies that are compared. It fails if one of them
// cannot be read.
func (d *Drill) reread(ctx context.Context, copies []record.Copy, primary driver.Member) ([]record.Copy, error) {
	again := slices.Clone(copies)
	for i, c := range again {
		m, ok := d.Cluster.Member(c.Member)
		if !ok || !isComparable(c) && !d.mayBeBehind(c) {
			continue
		}
		if m.Name != primary.Name && c.Synced {
			if _, err := d.WaitInSync(ctx, m, primary, agreeWithin); err != nil {
				return nil, err
			}
		}
		again[i] = d.readCopy(ctx, m)
		if again[i].Err != "" {
			return nil, errors.New(again[i].Err)
		}
		again[i].Synced, again[i].Follows = c.Synced, c.Follows
	}
	return again, nil
}

// isComparable reports whether a copy is compared with others.
func isComparable(c record.Copy) bool { return c.Synced && c.Err == "" }

// mayBeBehind reports whether a copy need not have caught up, so that only what it
// holds is compared.
func (d *Drill) mayBeBehind(c record.Copy) bool {
	kind := d.cfg.Kinds[c.Member]
	return c.Follows && c.Err == "" && (kind == driver.Asynchronous || kind == driver.DisasterRecovery)
}

// copiesAgree reports whether the copies that can be compared hold the same
// tokens, and those that may be behind no others.
func (d *Drill) copiesAgree(copies []record.Copy) bool {
	var held [][]record.Stored
	for _, c := range copies {
		if isComparable(c) {
			held = append(held, slices.SortedFunc(slices.Values(c.Tokens), compareStored))
		}
	}
	same := func(a, b record.Stored) bool { return compareStored(a, b) == 0 }
	if slices.ContainsFunc(held, func(tokens []record.Stored) bool {
		return !slices.EqualFunc(held[0], tokens, same)
	}) {
		return false
	}
	return !slices.ContainsFunc(copies, func(c record.Copy) bool {
		return d.mayBeBehind(c) && len(held) > 0 && slices.ContainsFunc(c.Tokens, func(t record.Stored) bool {
			_, found := slices.BinarySearchFunc(held[0], t, compareStored)
			return !found
		})
	})
}

func compareStored(a, b record.Stored) int {
	return cmp.Or(cmp.Compare(a.Stream, b.Stream), cmp.Compare(a.Seq, b.Seq))
}

func (d *Drill) readCopy(ctx context.Context, m driver.Member) record.Copy {
	c := record.Copy{At: d.now(), Member: m.Name, Final: true}
	ctx, cancel := context.WithTimeout(ctx, copyWithin)
	defer cancel()
	stored, role, err := d.readTokens(ctx, m)
	if err != nil {
		said := phrase.Of(err)
		d.journal.Phrase(said)
		c.Err = said.Text
		return c
	}
	c.Role, c.Tokens = string(role), d.recordTokens(stored)
	return c
}

// recordTokens converts tokens to the form of the record.
func (d *Drill) recordTokens(tokens []driver.Stored) []record.Stored {
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

func (d *Drill) readTokens(ctx context.Context, m driver.Member) ([]driver.Stored, driver.Role, error) {
	s, err := d.cfg.Driver.Open(ctx, driver.Target{Members: []driver.Member{m}})
	if err != nil {
		return nil, "", phrase.Errorf("open %s: %w", m.Name, err)
	}
	stored, err := s.Tokens(ctx, d.cfg.Head.Run)
	if err != nil {
		return nil, "", errors.Join(phrase.Errorf("read back from %s: %w", m.Name, err), s.Close())
	}
	role, err := s.Role(ctx)
	return stored, role, errors.Join(err, s.Close())
}
