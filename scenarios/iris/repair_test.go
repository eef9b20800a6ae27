package iris_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	fixture "drillbook/fixtures/iris"
	"drillbook/fixtures/iris/console"
	"drillbook/harness/driver"
	"drillbook/harness/wait"
)

// repairs is a mirror that somebody has to put right, whatever is left of it.
type repairs struct {
	iris *fixture.Driver
	a, b driver.Member
	// members are all of the plan, and of iris/prepare and iris/remove-mirror also those beside the drill's.
	members []driver.Member
	did     []string
}

func (r *repairs) say(format string, args ...any) {
	r.did = append(r.did, fmt.Sprintf(format, args...))
}

// all repairs the mirror, and then brings the page to its end.
func (r *repairs) all(ctx context.Context, book string) (string, error) {
	primary, backup, err := r.start(ctx)
	if err == nil {
		switch book {
		case switchBook:
			err = r.switchTwice(ctx, primary, backup)
		case addBook:
			err = r.add(ctx, primary, backup)
		}
	}
	return strings.Join(r.did, ", "), err
}

// start starts whatever does not run, the agents first, as step 7 of iris/lost-primary does,
// and waits until the mirror is healthy.
func (r *repairs) start(ctx context.Context) (primary, backup driver.Member, err error) {
	if err := r.iris.StartArbiter(ctx); err != nil {
		return primary, backup, err
	}
	for _, m := range []driver.Member{r.a, r.b} {
		if err := r.iris.StartAgent(ctx, m); err != nil {
			return primary, backup, err
		}
	}
	for _, m := range []driver.Member{r.a, r.b} {
		if _, err := r.iris.Down(ctx, m); err == nil {
			r.say("started %s", m.Name)
		}
		if err := r.iris.StartInstance(ctx, m); err != nil {
			return primary, backup, err
		}
	}
	if err := r.iris.WaitHealthy(ctx); err != nil {
		return primary, backup, err
	}
	s, err := r.iris.State(ctx, r.a)
	if err != nil {
		return primary, backup, err
	}
	if s.Role() == driver.Primary {
		return r.a, r.b, nil
	}
	return r.b, r.a, nil
}

// worksWithin is for how long a person tries again: a primary that waits for its backup for a
// moment takes no writes.
const worksWithin = 30 * time.Second

// switchTwice is steps 5 to 14 of iris/planned-switch-and-failback in short.
func (r *repairs) switchTwice(ctx context.Context, primary, backup driver.Member) error {
	for range 2 {
		if err := r.iris.Switchover(ctx, primary, backup); err != nil {
			return err
		}
		if _, err := r.iris.WaitProductions(ctx, backup); err != nil {
			return err
		}
		if err := r.iris.WaitHealthy(ctx); err != nil {
			return err
		}
		err := wait.For(ctx, "the application to work", worksWithin, func(ctx context.Context) error {
			_, err := r.iris.CheckFunction(ctx, backup)
			return err
		})
		if err != nil {
			return err
		}
		r.say("switched to %s", backup.Name)
		primary, backup = backup, primary
	}
	return nil
}

// existing is the database of iris/add-existing-database.
const existing = "DEMO"

// state is how that stands in the mirror on a member; has says whether it is there.
func (r *repairs) state(ctx context.Context, m driver.Member) (is console.Word, has bool, err error) {
	all, err := r.iris.MirroredDatabases(ctx, m)
	for _, db := range all {
		if db.Name == existing {
			return db.Status, true, err
		}
	}
	return is, false, err
}

// add goes on with iris/add-existing-database where the page says so by what it finds.
func (r *repairs) add(ctx context.Context, primary, backup driver.Member) error {
	_, onPrimary, err := r.state(ctx, primary)
	if err != nil {
		return err
	}
	_, onBackup, err := r.state(ctx, backup)
	if err != nil {
		return err
	}
	if !onPrimary && onBackup { // it was added by the old primary: a copy can only be made of what is there
		r.say("switched back to %s, which has the database", backup.Name)
		if err := errors.Join(r.iris.Switchover(ctx, primary, backup), r.iris.WaitHealthy(ctx)); err != nil {
			return err
		}
		primary, backup, onPrimary, onBackup = backup, primary, true, false
	}
	if err := r.onPrimary(ctx, primary, onPrimary); err != nil {
		return err
	}
	if err := r.onBackup(ctx, primary, backup, onBackup); err != nil {
		return err
	}
	records, err := r.iris.MakeRecords(ctx, primary, existing, 1)
	if err != nil {
		return err
	}
	if _, err := r.iris.WaitRecords(ctx, backup, existing, records); err != nil {
		return err
	}
	if _, err := r.iris.CheckNothingMissing(ctx, backup); err != nil {
		return err
	}
	r.say("%s has all %d records", backup.Name, records.Count)
	return r.iris.WaitHealthy(ctx)
}

// onPrimary is steps 2 to 4.
func (r *repairs) onPrimary(ctx context.Context, m driver.Member, there bool) error {
	if there {
		r.say("it was added already")
	} else {
		if _, err := r.iris.MakePlain(ctx, m, existing); err != nil {
			return err
		}
		if _, err := r.iris.AddDatabase(ctx, m, existing); err != nil {
			return err
		}
		r.say("added it on %s", m.Name)
	}
	if is, _, err := r.state(ctx, m); err != nil || is.Is == console.DatabaseDismounted {
		if err := errors.Join(err, r.iris.MountDatabase(ctx, m, existing)); err != nil {
			return err
		}
	}
	return errors.Join(r.iris.MakeNamespace(ctx, m, existing), r.iris.WaitDatabase(ctx, m, existing))
}

// onBackup is steps 7 to 10, or their end where the copy is in place.
func (r *repairs) onBackup(ctx context.Context, primary, m driver.Member, there bool) error {
	if there {
		r.say("%s had it already", m.Name)
		return errors.Join(r.iris.MakeNamespace(ctx, m, existing), r.iris.WaitDatabase(ctx, m, existing))
	}
	if _, err := r.iris.MakePlain(ctx, m, existing); err != nil {
		return err
	}
	if _, err := r.iris.ListForBackup(ctx, primary, existing); err != nil {
		return err
	}
	backup, err := r.iris.Backup(ctx, primary, existing)
	if err != nil {
		return err
	}
	if _, err := r.iris.CarryCopy(ctx, primary, m, backup); err != nil {
		return err
	}
	if _, err := r.iris.Restore(ctx, m, backup); err != nil {
		return err
	}
	r.say("restored it on %s", m.Name)
	return errors.Join(r.iris.RemoveCopy(ctx, primary, backup), r.iris.RemoveCopy(ctx, m, backup))
}
