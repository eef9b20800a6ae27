package drivertest

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"drillbook/harness/cluster"
	"drillbook/harness/driver"
)

// CheckAdopted is Check for a driver of a pair that is there already: the first member is its
// primary. Needs are the abilities for which it is adopted. The pair stays, and nothing of the
// checks is left on it but another primary. What the driver runs for it is not ended.
func CheckAdopted(ctx context.Context, d driver.Driver, env driver.Env, needs ...string) error {
	a, ok := d.(driver.Adopter)
	if !ok {
		return fmt.Errorf("it adopts nothing: %w", errors.ErrUnsupported)
	}
	pair := env.Members
	if len(pair) != 2 { //nolint:mnd // a pair
		return fmt.Errorf("%d members are no pair", len(pair))
	}
	if err := sameFacts(ctx, a, env, needs); err != nil {
		return err
	}
	if _, err := d.Plan(driver.Seat{Name: "c", First: true}); err == nil {
		return errors.New("it plans a member that is launched")
	}
	if err := d.Prepare(ctx, pair[0]); err != nil {
		return err
	}
	t := &checker{d: d, c: &cluster.Cluster{Driver: d, Members: pair}, a: pair[0], b: pair[1]}
	err := t.all(ctx)
	for _, m := range pair {
		err = errors.Join(err, unprepare(ctx, a, m))
	}
	return err
}

// sameFacts adopts the pair twice: what it reads is the same, but for what moves.
func sameFacts(ctx context.Context, a driver.Adopter, env driver.Env, needs []string) error {
	var last []driver.Fact
	for i := range 2 {
		facts, err := a.Adopt(ctx, env, needs)
		if err == nil {
			err = errors.Join(facts.Wrong...)
		}
		if err != nil {
			return fmt.Errorf("adopt: %w", err)
		}
		if len(facts.All) == 0 {
			return errors.New("adopt: it reads no facts")
		}
		if i > 0 && !slices.EqualFunc(last, facts.All, sameFact) {
			return fmt.Errorf("facts change by themselves: %v, then %v", last, facts.All)
		}
		last = facts.All
	}
	return nil
}

func sameFact(a, b driver.Fact) bool {
	return a.Member == b.Member && a.What.Text == b.What.Text && a.Moves == b.Moves &&
		(a.Moves || a.Value.Text == b.Value.Text)
}

// unprepare takes back what was prepared, twice, which is no error.
func unprepare(ctx context.Context, a driver.Adopter, m driver.Member) error {
	undo, err := a.UndoPrepare(ctx, m)
	if err != nil {
		return fmt.Errorf("take back what was prepared on %s: %w", m.Name, err)
	}
	if !undo.Attended {
		return fmt.Errorf("what takes back what was prepared on %s would be carried out by a lease", m.Name)
	}
	for range 2 {
		if err := undo.Run(ctx, m.Node); err != nil {
			return fmt.Errorf("take back what was prepared on %s: %w", m.Name, err)
		}
	}
	return nil
}
