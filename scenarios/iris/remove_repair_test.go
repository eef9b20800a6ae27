package iris_test

import (
	"context"

	fixture "drillbook/fixtures/iris"
	"drillbook/harness/driver"
)

// removed is the end of iris/remove-mirror: instances in no mirror, with the clients' database.
func (r *repairs) removed(ctx context.Context) error {
	if err := r.up(ctx); err != nil {
		return err
	}
	for i, m := range r.members {
		if _, err := r.iris.CheckInNone(ctx, m); err == nil {
			continue
		}
		if i == 0 {
			if err := r.switchedBack(ctx); err != nil {
				return err
			}
		}
		if err := r.takeOut(ctx, m, r.members[:i]); err != nil {
			return err
		}
	}
	for i := len(r.members) - 1; i > 0; i-- {
		if _, err := r.iris.RemoveMember(ctx, r.a, r.members[i]); err != nil {
			return err
		}
	}
	if err := r.iris.LeadClientsBack(); err != nil {
		return err
	}
	const calls = 2 // of the product
	for range calls {
		if _, err := r.iris.CheckInNone(ctx, r.a); err == nil {
			break
		}
		if _, _, err := r.iris.RemovePrimary(ctx, r.a); err != nil {
			return err
		}
		r.say("removed the mirror from %s", r.a.Name)
		if err := r.iris.Restart(ctx, r.a); err != nil {
			return err
		}
	}
	for _, m := range r.members {
		if _, err := r.iris.CheckInNone(ctx, m); err != nil {
			return err
		}
	}
	return r.works(ctx, r.a)
}

// switchedBack makes the first member the primary, if the mirror still has another one that could be.
func (r *repairs) switchedBack(ctx context.Context) error {
	primary, err := r.primary(ctx)
	if err != nil || primary.Name == r.a.Name {
		return err
	}
	r.say("switched to %s", r.a.Name)
	if err := r.iris.WaitBackup(ctx, r.a); err != nil {
		return err
	}
	return r.iris.Switchover(ctx, primary, r.a)
}

// takeOut takes the clients' database out of the mirror on a member, if it is in it.
func (r *repairs) takeOut(ctx context.Context, m driver.Member, first []driver.Member) error {
	is, err := r.mirrored(ctx, m)
	if err != nil || !is {
		return err
	}
	records, err := r.iris.Records(ctx, m, fixture.Database)
	if err != nil {
		return err
	}
	r.say("took %s out on %s", fixture.Database, m.Name)
	_, err = r.iris.RemoveMirrored(ctx, m, fixture.Database, records, first...)
	return err
}
