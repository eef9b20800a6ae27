package iris_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	fixture "drillbook/fixtures/iris"
	"drillbook/fixtures/iris/console"
	"drillbook/harness/driver"
	"drillbook/harness/wait"
)

// again is a second run of a page from where the first one was left, in short: only what brings
// about the page's end. The pair's roles are the first ones then, as every page has them.
func (r *repairs) again(ctx context.Context, book string) (string, error) {
	var err error
	switch book {
	case "iris/prepare":
		err = r.prepared(ctx)
	case "iris/remove-mirror":
		err = r.removed(ctx)
	default:
		err = r.formed(ctx, book)
	}
	return fmt.Sprint(r.did), err
}

// up starts whatever does not run on any host, the agents first.
func (r *repairs) up(ctx context.Context) error {
	if err := r.iris.StartArbiter(ctx); err != nil {
		return err
	}
	for _, m := range r.members {
		if err := r.iris.StartAgent(ctx, m); err != nil {
			return err
		}
	}
	for _, m := range r.members {
		if _, err := r.iris.Down(ctx, m); err == nil {
			r.say("started %s", m.Name)
		}
		if err := r.iris.StartInstance(ctx, m); err != nil {
			return err
		}
	}
	return nil
}

// startsWithin is how long productions may take to start behind a change of roles.
const startsWithin = 10 * time.Second

// works waits until an application works with a member. A production that was killed is started.
func (r *repairs) works(ctx context.Context, m driver.Member) error {
	soon, cancel := context.WithTimeout(ctx, startsWithin)
	_, err := r.iris.WaitProductions(soon, m)
	cancel()
	if err != nil {
		r.say("started the production")
		if err := r.iris.StartProduction(ctx, m); err != nil {
			return err
		}
	}
	return wait.For(ctx, "the application to work", worksWithin, func(ctx context.Context) error {
		_, err := r.iris.CheckFunction(ctx, m)
		return err
	})
}

// prepared is the end of iris/prepare: instances in no mirror, one of them in use.
func (r *repairs) prepared(ctx context.Context) error {
	if err := r.up(ctx); err != nil {
		return err
	}
	for _, m := range r.members {
		if _, err := r.iris.CheckInNone(ctx, m); err != nil {
			return err
		}
	}
	_, err := r.iris.CheckPorts(ctx)
	return errors.Join(err, r.works(ctx, r.a))
}

// formed is a mirror as the plan has it, with the clients' database on every member.
func (r *repairs) formed(ctx context.Context, book string) error {
	if err := r.up(ctx); err != nil {
		return err
	}
	primary, err := r.primary(ctx)
	if err != nil {
		return err
	}
	if _, err := r.iris.CheckNoFailover(ctx, primary, false); err != nil {
		if _, err := r.iris.SetNoFailover(ctx, primary, false); err != nil {
			return err
		}
		r.say("cleared no failover")
	}
	if err := r.iris.LeadClients(); err != nil {
		return err
	}
	if err := r.have(ctx, primary); err != nil {
		return err
	}
	if err := r.places(ctx); err != nil {
		return err
	}
	if err := r.iris.WaitHealthy(ctx); err != nil {
		return err
	}
	if book == addBook {
		err = r.add(ctx, r.a, r.b)
	}
	return errors.Join(err, r.works(ctx, r.a))
}

// primaryWithin is how long members that run may take to say which of them is the primary.
const primaryWithin = 40 * time.Second

// primary is whoever is the primary. Where nobody is, the mirror is made, or a member is forced.
func (r *repairs) primary(ctx context.Context) (primary driver.Member, err error) {
	none := 0
	err = wait.For(ctx, "a primary", primaryWithin, func(ctx context.Context) error {
		none = 0
		var said []error
		for _, m := range r.members {
			s, err := r.iris.State(ctx, m)
			switch {
			case err == nil && s.Role() == driver.Primary:
				primary = m
				return nil
			case err == nil && s.Type.Is == console.TypeNotMember:
				none++
			}
			said = append(said, err, fmt.Errorf("%s is %s", m.Name, s))
		}
		if none == len(r.members) {
			return nil
		}
		return errors.Join(said...)
	})
	switch {
	case err == nil && primary.Name != "":
		return primary, nil
	case none == len(r.members):
		return r.a, r.make(ctx)
	}
	for _, m := range r.members { // in the order of the plan: the pair comes first
		if _, forced := r.iris.Force(ctx, m); forced != nil {
			err = errors.Join(err, forced)
			continue
		}
		r.say("forced %s", m.Name)
		return m, nil
	}
	return primary, err
}

// make makes the mirror with its first member.
func (r *repairs) make(ctx context.Context) error {
	if _, err := r.iris.InstallCertificate(ctx, r.a); err != nil {
		return err
	}
	if err := r.iris.Configure(ctx, r.a); err != nil {
		return err
	}
	_, err := r.iris.CreateMirror(ctx, r.a)
	r.say("made the mirror")
	return err
}

// have has every member in the mirror, in sync, and with the clients' database.
func (r *repairs) have(ctx context.Context, primary driver.Member) error {
	is, err := r.mirrored(ctx, primary)
	if err == nil && !is {
		_, err = r.iris.AddDatabase(ctx, primary, fixture.Database)
		r.say("added %s", fixture.Database)
	}
	if err != nil {
		return err
	}
	for _, m := range r.members {
		if m.Name == primary.Name {
			continue
		}
		if err := r.follows(ctx, primary, m); err != nil {
			return fmt.Errorf("%s: %w", m.Name, err)
		}
	}
	return nil
}

// mirrored reports whether a member has the clients' database in the mirror, and in order.
func (r *repairs) mirrored(ctx context.Context, m driver.Member) (bool, error) {
	all, err := r.iris.MirroredDatabases(ctx, m)
	for _, db := range all {
		if db.Name == fixture.Database && db.Status.Is != console.NeedsActivation {
			return true, nil
		}
	}
	return false, err
}

// follows has a member follow the primary: it joins, connects again, or is rebuilt.
func (r *repairs) follows(ctx context.Context, primary, m driver.Member) error {
	s, err := r.iris.State(ctx, m)
	if err != nil {
		return err
	}
	rebuilt := false
	switch {
	case s.Status.Is == console.StatusStopped:
		r.say("connected %s", m.Name)
		if _, err := r.iris.StartMirroring(ctx, m); err != nil {
			return err
		}
	case s.Type.Is != console.TypeNotMember:
		if rebuilt, err = r.stays(ctx, primary, m); err != nil {
			return err
		}
	}
	if rebuilt || s.Type.Is == console.TypeNotMember {
		if err := r.join(ctx, primary, m); err != nil {
			return err
		}
	}
	is, err := r.mirrored(ctx, m)
	if err == nil && !is {
		err = r.restored(ctx, primary, m)
	}
	return err
}

// stays waits until a member follows the primary; one that cannot is taken out of the mirror.
func (r *repairs) stays(ctx context.Context, primary, m driver.Member) (out bool, err error) {
	_, err = r.iris.WaitFollows(ctx, m, primary)
	if err == nil {
		return false, nil
	}
	r.say("rebuilt %s (%v)", m.Name, err)
	if _, err := r.iris.RemoveForRebuild(ctx, m); err != nil {
		return true, err
	}
	return true, nil
}

// join lets a member in that is in no mirror.
func (r *repairs) join(ctx context.Context, primary, m driver.Member) error {
	if _, err := r.iris.InstallCertificate(ctx, m); err != nil {
		return err
	}
	if err := r.iris.Configure(ctx, m); err != nil {
		return err
	}
	if _, err := r.iris.SaveJournals(ctx, m); err == nil { // there may be none
		r.say("saved the journals of %s", m.Name)
	}
	if _, err := r.iris.Join(ctx, m); err != nil {
		return err
	}
	r.say("joined %s", m.Name)
	_, err := r.iris.Authorise(ctx, primary, m)
	return err
}

// restored puts a backup of the primary in the place of what a member has.
func (r *repairs) restored(ctx context.Context, primary, m driver.Member) error {
	if _, err := r.iris.MakePlain(ctx, m, fixture.Database); err != nil {
		return err
	}
	if _, err := r.iris.ListForBackup(ctx, primary, fixture.Database); err != nil {
		return err
	}
	c, err := r.iris.Backup(ctx, primary, fixture.Database)
	if err != nil {
		return err
	}
	if _, err := r.iris.CarryCopy(ctx, primary, m, c); err != nil {
		return err
	}
	if _, err := r.iris.Restore(ctx, m, c); err != nil {
		return err
	}
	r.say("restored %s", m.Name)
	return errors.Join(r.iris.Publish(ctx, m), r.iris.RemoveCopy(ctx, primary, c), r.iris.RemoveCopy(ctx, m, c))
}

// mostMoves bounds the moves of [repairs.places]: a promotion, a switch and a demotion for each of five.
const mostMoves = 8

// places brings every member to its place: the first one the primary, the second one its backup, and
// those for disaster recovery behind them.
func (r *repairs) places(ctx context.Context) error {
	for range mostMoves {
		moved, err := r.move(ctx)
		if err != nil || !moved {
			return err
		}
	}
	return fmt.Errorf("the roles are not the first ones after %d moves", mostMoves)
}

// move makes the first change of roles that is due.
func (r *repairs) move(ctx context.Context) (bool, error) {
	at := map[string]fixture.State{}
	var primary driver.Member
	for _, m := range r.members {
		s, err := r.iris.State(ctx, m)
		if err != nil {
			return false, err
		}
		if at[m.Name] = s; s.Role() == driver.Primary {
			primary = m
		}
	}
	isDR := func(m driver.Member) bool { return at[m.Name].Type.Is == console.TypeDisasterRecovery }
	switch {
	case primary.Name == "":
		return false, errors.New("nobody is the primary")
	case primary.Name != r.a.Name && isDR(r.a):
		_, err := r.iris.PromoteMember(ctx, r.a)
		r.say("promoted %s", r.a.Name)
		return true, err
	case primary.Name != r.a.Name:
		r.say("switched to %s", r.a.Name)
		if err := r.iris.WaitBackup(ctx, r.a); err != nil {
			return false, err
		}
		return true, r.iris.Switchover(ctx, primary, r.a)
	}
	for _, m := range r.members {
		if m.Kind == driver.DisasterRecovery && !isDR(m) {
			_, err := r.iris.DemoteMember(ctx, m)
			r.say("demoted %s", m.Name)
			return true, err
		}
	}
	if isDR(r.b) {
		_, err := r.iris.PromoteMember(ctx, r.b)
		r.say("promoted %s", r.b.Name)
		return true, err
	}
	return false, nil
}
