package drivertest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"drillbook/harness/driver"
)

// ackWithin bounds a write to a primary that may wait for a standby it has
// lost.
const ackWithin = time.Second

// salvage promotes the standby while the primary lives, has both write, and
// looks at what is saved of the old primary. Where a product does not let that
// happen, its own scenarios must try what is saved.
func (t *checker) salvage(ctx context.Context) error {
	s, can := t.d.(driver.Salvager)
	p, promotes := t.d.(driver.Promoter)
	if !can || !promotes || t.d.Product().Guarded { // two primaries cannot be had by promoting
		return errors.ErrUnsupported
	}
	loser, winner, err := t.pair(ctx)
	if err != nil {
		return err
	}
	// A standby that has just joined may not have been sent anything yet, and no
	// runbook promotes it then.
	t.a, t.b = loser, winner
	if _, err := t.writeTo(ctx, loser); err != nil {
		return err
	}
	if err := t.catchUp(ctx); err != nil {
		return err
	}
	if err := p.Promote(ctx, winner); err != nil {
		return err
	}
	apart := t.seq
	acked, unknown := map[uint32]bool{}, 0
	for range 3 {
		_ = t.tryWrite(ctx, winner)
		switch err := t.tryWrite(ctx, loser); {
		case err == nil:
			acked[t.seq] = true
		case !errors.Is(err, driver.ErrRefused):
			unknown++ // it may be stored at any time from now on
		}
	}
	before, err := t.holds(ctx, loser, winner)
	if err != nil {
		return err
	}
	var file bytes.Buffer
	salvaged, err := s.Salvage(ctx, loser, winner, &file)
	if err != nil {
		return err
	}
	saved, err := s.Saved(bytes.NewReader(file.Bytes()), run)
	if err != nil {
		return fmt.Errorf("read back what was saved: %w", err)
	}
	if salvaged.Rows != len(saved) {
		return fmt.Errorf("%d rows were saved, and the file holds %d tokens", salvaged.Rows, len(saved))
	}
	if others, err := s.Saved(bytes.NewReader(file.Bytes()), "another run"); err != nil || len(others) > 0 {
		return fmt.Errorf("tokens of another run = %d, %w, want none", len(others), orNone(err))
	}
	return errors.Join(fits(saved, acked, apart, loser), t.unchanged(ctx, before, unknown, loser, winner))
}

// pair are the roles as they are now.
func (t *checker) pair(ctx context.Context) (primary, standby driver.Member, err error) {
	primary, err = t.c.Primary(ctx)
	if err != nil {
		return primary, standby, err
	}
	standby, err = t.c.Standby(ctx)
	return primary, standby, err
}

// tryWrite has a member take the next token; nil if it acknowledged that in time.
func (t *checker) tryWrite(ctx context.Context, m driver.Member) error {
	ctx, cancel := context.WithTimeout(ctx, ackWithin)
	defer cancel()
	s, err := t.d.Open(ctx, only(m))
	if err != nil {
		return err
	}
	ack, err := s.Write(ctx, t.next())
	if err == nil && ack.Member != m.Name {
		err = fmt.Errorf("%s acknowledged as %q", m.Name, ack.Member)
	}
	_ = s.Close() // it has no say in what became of the write
	return err
}

// fits: everything that the loser acknowledged is in the file, and nothing
// that was written before the two went apart or by somebody else.
func fits(saved []driver.Stored, acked map[uint32]bool, apart uint32, loser driver.Member) error {
	for _, s := range saved {
		if s.Seq <= apart || s.Member != loser.Name {
			return fmt.Errorf("token %d of %s was saved, which %s did not hold alone", s.Seq, s.Member, loser.Name)
		}
		delete(acked, s.Seq)
	}
	if len(acked) > 0 {
		return fmt.Errorf("%d of the writes that only %s acknowledged were not saved", len(acked), loser.Name)
	}
	return nil
}

// holds is how many tokens each member holds.
func (t *checker) holds(ctx context.Context, members ...driver.Member) ([]int, error) {
	var counts []int
	for _, m := range members {
		err := t.with(ctx, only(m), func(s driver.Session) error {
			stored, err := s.Tokens(ctx, run)
			counts = append(counts, len(stored))
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return counts, nil
}

// unchanged makes sure that saving changed nothing; so many writes of unknown
// fate may have been stored meanwhile.
func (t *checker) unchanged(ctx context.Context, before []int, unknown int, members ...driver.Member) error {
	after, err := t.holds(ctx, members...)
	if err != nil {
		return err
	}
	for i, m := range members {
		if after[i] < before[i] || after[i] > before[i]+unknown {
			return fmt.Errorf("%s held %d tokens and holds %d after saving", m.Name, before[i], after[i])
		}
	}
	return nil
}
