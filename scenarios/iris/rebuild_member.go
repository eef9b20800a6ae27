package iris

import (
	"context"
	"time"

	. "github.com/onsi/ginkgo/v2"

	"drillbook/fixtures/iris"
	"drillbook/fixtures/iris/console"
	"drillbook/harness/driver"
	"drillbook/harness/fault"
	"drillbook/harness/link"
	"drillbook/harness/wait"
	"drillbook/scenarios/dsl"
)

// RebuildMember carries out runbooks/iris/rebuild-member.md.
func RebuildMember() dsl.Scenario {
	sc := scenario("iris/rebuild-member", dsl.Nightly, rebuildMember)
	sc.Needs = dsl.Always(dsl.ClientsBeside, dsl.Cuts)
	usual := sc.Driver
	sc.Driver = func(params map[string]string) (driver.Driver, error) {
		if err := shows(params, "alone"); err != nil {
			return nil, err
		}
		return usual(params)
	}
	return sc
}

func rebuildMember(s *story) {
	s.healthy()
	s.forcedStart()
	var backup iris.Copy
	s.step("Take a backup on the primary", func(ctx SpecContext) { backup = s.backUp(ctx) })
	s.step("Take the member out of the mirror", func(ctx SpecContext) { s.takeOut(ctx, s.a) })
	s.step("Join it again", func(ctx SpecContext) { s.joinAgain(ctx, s.a, s.b) })
	s.step("Restore the database on it", func(ctx SpecContext) { s.restore(ctx, s.a, s.b, backup) })
	s.reverted()
	s.step("Confirm the final state", func(ctx SpecContext) {
		s.final(ctx, s.b, s.a)
		s.d.Confirm("database on %s", s.a.Name)(s.iris().CheckDatabase(ctx, s.a, iris.Database))
		for _, m := range []driver.Member{s.a, s.b} {
			s.works(s.iris().RemoveSaved(ctx, m))
		}
	})
}

// forcedStart are the steps that leave a member with data that are not the mirror's.
func (s *story) forcedStart() {
	var cut, lost fault.Fault
	s.step("The backup falls behind, and the primary is lost", func(ctx SpecContext) {
		alone, err := time.ParseDuration(s.d.Params["alone"])
		s.works(err)
		cut = s.cut(ctx, link.Route{From: s.b.Name, To: s.a.Name})
		s.works(s.d.Inject(ctx, cut))
		s.works(s.waitBehind(ctx))
		s.works(s.d.WaitServed(ctx, apart, s.d.Book.RTO))
		s.works(wait.Duration(ctx, alone))
		lost = fault.HostLoss(s.a)
		s.works(s.d.Inject(ctx, lost))
	})
	s.step("Force the backup to become the primary", func(ctx SpecContext) {
		s.works(s.d.Heal(ctx, cut))
		s.works(s.d.Promote(ctx, s.b))
		s.d.ConfirmServed(ctx)
	})
	s.step("See that the old primary stays out", func(ctx SpecContext) {
		s.d.Confirm("the primary")(s.iris().CheckState(ctx, s.b, console.TypeFailover, console.StatusPrimary))
		s.works(s.d.Heal(ctx, lost))
		s.d.Confirm("the old primary")(s.iris().WaitInconsistent(ctx, s.a))
	})
	s.step("Confirm which side is right", func(ctx SpecContext) {
		s.d.Confirm("the primary")(s.iris().CheckState(ctx, s.b, console.TypeFailover, console.StatusPrimary))
		s.d.Confirm("database on %s", s.b.Name)(s.iris().CheckDatabase(ctx, s.b, iris.Database))
		s.applicationWorks(ctx, s.b)
		s.d.ConfirmServed(ctx)
	})
}

// backUp saves the clients' database on the primary.
func (s *story) backUp(ctx context.Context) iris.Copy {
	GinkgoHelper()
	s.d.Confirm("listed for the backup by")(s.iris().ListForBackup(ctx, s.b, iris.Database))
	c, err := s.iris().Backup(ctx, s.b, iris.Database)
	s.d.Confirm("backup")(c.Phrase(), err)
	return c
}

// takeOut removes a member from the mirror, and its journals from its way back.
func (s *story) takeOut(ctx context.Context, m driver.Member) {
	GinkgoHelper()
	s.d.Confirm("removed by")(s.iris().RemoveForRebuild(ctx, m))
	s.d.Confirm("journals")(s.iris().SaveJournals(ctx, m))
}

// joinAgain makes a member that was taken out the backup.
func (s *story) joinAgain(ctx context.Context, m, primary driver.Member) {
	GinkgoHelper()
	s.d.Confirm("%s joined by", m.Name)(s.iris().Join(ctx, m))
	s.works(s.iris().WaitBackup(ctx, m))
	s.d.Confirm("arbiter")(s.iris().WaitArbiter(ctx, primary))
}

// restore puts a backup of the primary in the place of what a member has.
func (s *story) restore(ctx context.Context, m, primary driver.Member, c iris.Copy) {
	GinkgoHelper()
	s.d.Confirm("carried to %s", m.Name)(s.iris().CarryCopy(ctx, primary, m, c))
	s.d.Confirm("restored on %s", m.Name)(s.iris().Restore(ctx, m, c))
	s.d.Confirm("database on %s", m.Name)(s.iris().CheckDatabase(ctx, m, iris.Database))
	s.d.ConfirmInSync(ctx, m, primary)
	for _, on := range []driver.Member{m, primary} {
		s.works(s.iris().RemoveCopy(ctx, on, c))
	}
}

// reverted are the steps of a member that is set back to an old snapshot, with and without the
// journals since.
func (s *story) reverted() {
	s.step("Take a snapshot of the backup", func(ctx SpecContext) {
		s.d.Confirm("the backup")(s.iris().CheckState(ctx, s.a, console.TypeFailover, console.StatusBackup))
		s.works(s.iris().StopInstance(ctx, s.a))
		s.d.Confirm("snapshot")(s.iris().TakeSnapshot(ctx, s.a))
		s.works(s.d.Rejoin(ctx, s.a, s.b, driver.Rewind))
		s.d.ConfirmServed(ctx)
	})
	s.step("Revert it to the snapshot", func(ctx SpecContext) {
		s.d.Confirm("the primary")(s.iris().CheckState(ctx, s.b, console.TypeFailover, console.StatusPrimary))
		s.works(s.iris().StopInstance(ctx, s.a))
		s.d.Confirm("reverted")(s.iris().RevertSnapshot(ctx, s.a))
		s.works(s.d.Rejoin(ctx, s.a, s.b, driver.Rewind))
		s.d.ConfirmInSync(ctx, s.a, s.b)
		s.works(s.iris().WaitHealthy(ctx))
	})
	s.step("The journals that it lacks are gone", func(ctx SpecContext) {
		s.works(s.iris().StopInstance(ctx, s.a))
		s.d.Confirm("journals")(s.iris().LoseJournals(ctx, s.b))
		s.d.Confirm("reverted")(s.iris().RevertSnapshot(ctx, s.a))
		s.d.Confirm("the reverted member")(s.iris().CheckStaysOut(ctx, s.a))
	})
	s.step("Rebuild it", func(ctx SpecContext) {
		backup := s.backUp(ctx)
		s.takeOut(ctx, s.a)
		s.joinAgain(ctx, s.a, s.b)
		s.restore(ctx, s.a, s.b, backup)
	})
}
