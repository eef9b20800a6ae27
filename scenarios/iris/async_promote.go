package iris

import (
	"context"
	"errors"

	. "github.com/onsi/ginkgo/v2"

	"drillbook/fixtures/iris"
	"drillbook/fixtures/iris/console"
	"drillbook/harness/driver"
	"drillbook/harness/fault"
	"drillbook/harness/link"
	"drillbook/harness/phrase"
	"drillbook/scenarios/dsl"
)

// AsyncPromote carries out runbooks/iris/async-promote.md: three asynchronous members join a pair,
// and the one for disaster recovery becomes the backup, and the primary.
func AsyncPromote() dsl.Scenario {
	sc := scenarioOf("iris/async-promote", dsl.Nightly, true, func(s *story) { asyncPromote(&asyncs{story: s}) })
	sc.Alone = true
	sc.Members = []string{"server01", "server02", "server03", "server04", "server05"}
	sc.Kinds = map[string]driver.Kind{
		"server03": driver.DisasterRecovery, "server04": driver.Asynchronous, "server05": driver.Asynchronous,
	}
	sc.Needs = func(params map[string]string) []dsl.Need {
		if params["disaster"] == behind {
			return []dsl.Need{dsl.ClientsBeside, dsl.Cuts}
		}
		return []dsl.Need{dsl.ClientsBeside}
	}
	return sc
}

// What is lost in the disaster.
const (
	instances = "instances" // of both failover members; their agents answer
	behind    = "behind"    // both hosts, when the disaster recovery member had not got everything
)

// asyncs is the story of a page with asynchronous members.
type asyncs struct {
	*story

	dr, reads, writes driver.Member
	lost              []fault.Fault
}

func asyncPromote(s *asyncs) {
	s.step("Confirm that the mirror is healthy", func(ctx SpecContext) {
		all := s.d.Cluster.Members
		s.a, s.b, s.dr, s.reads, s.writes = all[0], all[1], all[2], all[3], all[4]
		s.d.Confirm("the mirror")(s.iris().AwaitHealthy(ctx))
		s.d.ConfirmInSync(ctx, s.b, s.a)
	})
	s.joins()
	s.planned()
	s.disaster()
	s.failback()
	s.step("Confirm the final state", func(ctx SpecContext) {
		s.final(ctx, s.a, s.b)
		s.kinds(ctx)
	})
}

// joins are the steps that let the asynchronous members in, and show what they may do.
func (s *asyncs) joins() {
	for _, j := range []struct {
		title string
		m     *driver.Member
	}{
		{"Join a disaster recovery member", &s.dr},
		{"Join a reporting member that only reads", &s.reads},
		{"Join a reporting member that also writes", &s.writes},
	} {
		s.step(j.title, func(ctx SpecContext) {
			s.works(s.ready(ctx, *j.m))
			s.d.Confirm("%s joined by", j.m.Name)(s.iris().Join(ctx, *j.m))
			s.d.Confirm("database on %s", j.m.Name)(s.iris().CreateMirrored(ctx, *j.m, iris.Database))
			s.works(s.iris().WaitDatabase(ctx, *j.m, iris.Database))
			s.works(s.iris().Publish(ctx, *j.m))
		})
	}
	s.step("See what each kind may do", func(ctx SpecContext) {
		s.kinds(ctx)
		for _, m := range []driver.Member{s.dr, s.reads} {
			s.d.Confirm("writes on %s", m.Name)(s.iris().CheckOnlyRead(ctx, m, iris.Database))
		}
		s.d.Confirm("writes of %s", s.writes.Name)(s.iris().CheckWritesStay(ctx, s.writes, s.a))
		for _, m := range []driver.Member{s.reads, s.writes} {
			s.d.Confirm("promotion of %s", m.Name)(s.iris().CheckNotPromoted(ctx, m))
		}
	})
}

// kinds makes sure that every asynchronous member is what it has joined as.
func (s *asyncs) kinds(ctx context.Context) {
	GinkgoHelper()
	for _, k := range []struct {
		m  driver.Member
		is console.Kind
	}{
		{s.dr, console.TypeDisasterRecovery}, {s.reads, console.TypeReadOnly}, {s.writes, console.TypeReadWrite},
	} {
		s.d.Confirm("kind of %s", k.m.Name)(s.iris().CheckState(ctx, k.m, k.is, console.StatusConnected))
	}
}

// planned are the steps in which the backup and the disaster recovery member change places, and
// the latter becomes the primary.
func (s *asyncs) planned() {
	s.step("See that no failover prevents it", func(ctx SpecContext) {
		s.d.Confirm("set by")(s.iris().SetNoFailover(ctx, s.a, true))
		s.d.Confirm("promotion of %s", s.dr.Name)(s.iris().CheckPromotionRefused(ctx, s.dr, s.a))
		s.d.Confirm("cleared by")(s.iris().SetNoFailover(ctx, s.a, false))
	})
	s.step("Promote the disaster recovery member", func(ctx SpecContext) {
		s.changePlaces(ctx, s.dr, s.b)
	})
	s.step("Make it the primary", func(ctx SpecContext) { s.switchTo(ctx, s.a, s.dr) })
	s.step("Make the old primary the primary again", func(ctx SpecContext) { s.switchTo(ctx, s.dr, s.a) })
	s.step("Demote it, and promote the old backup", func(ctx SpecContext) { s.oldPlaces(ctx) })
}

// changePlaces makes a disaster recovery member the backup in the place of another one.
func (s *asyncs) changePlaces(ctx context.Context, m, old driver.Member) {
	GinkgoHelper()
	s.d.Confirm("%s promoted by", m.Name)(s.iris().PromoteMember(ctx, m))
	found, err := s.iris().WaitState(ctx, old, console.TypeDisasterRecovery, console.StatusConnected)
	s.d.Confirm("%s, the backup before", old.Name)(found, err)
	s.works(s.iris().WaitHealthy(ctx))
}

// oldPlaces demotes the promoted member, which is the backup, and promotes the one that was it.
func (s *asyncs) oldPlaces(ctx context.Context) {
	GinkgoHelper()
	s.d.Confirm("%s demoted by", s.dr.Name)(s.iris().DemoteMember(ctx, s.dr))
	s.d.Confirm("%s promoted by", s.b.Name)(s.iris().PromoteMember(ctx, s.b))
	s.works(s.iris().WaitHealthy(ctx))
	s.d.ConfirmServed(ctx)
}

// switchTo stops the primary in order, and brings it back as the backup.
func (s *asyncs) switchTo(ctx context.Context, from, to driver.Member) {
	GinkgoHelper()
	s.works(s.d.Switchover(ctx, from, to))
	s.works(s.iris().WaitHealthy(ctx))
	s.d.ConfirmServed(ctx)
	s.d.ConfirmRole(ctx, to, driver.Primary)
}

// disaster are the steps in which no failover member is left.
func (s *asyncs) disaster() {
	s.step("Both failover members are lost", func(ctx SpecContext) {
		var cut fault.Fault
		if s.d.Params["disaster"] == behind {
			cut = s.cut(ctx, link.Route{From: s.dr.Name, To: s.a.Name})
			s.works(s.d.Inject(ctx, cut))
			s.works(s.d.WaitServed(ctx, apart, s.d.Book.RTO)) // what is written now does not come to it
		}
		for _, m := range []driver.Member{s.b, s.a} { // so that the backup does not take over
			f := fault.HostLoss(m)
			if s.d.Params["disaster"] == instances {
				f = fault.KillServer(s.iris(), m)
			}
			s.works(s.d.Inject(ctx, f))
			s.lost = append(s.lost, f)
		}
		if cut != nil {
			s.works(s.d.Heal(ctx, cut))
		}
	})
	s.step("Promote the disaster recovery member without a partner", func(ctx SpecContext) {
		s.d.RecordDecision(s.dr)
		s.d.Confirm("promoted by")(s.iris().PromoteAlone(ctx, s.dr))
	})
	s.step("Confirm that the clients follow", func(ctx SpecContext) {
		s.d.ConfirmServed(ctx)
		s.applicationWorks(ctx, s.dr)
	})
	s.step("Keep the old members from their old roles", func(ctx SpecContext) {
		for i, m := range []driver.Member{s.b, s.a} {
			if s.d.Params["disaster"] != instances { // those that were killed are healed by their start
				s.works(s.d.Heal(ctx, s.lost[i]))
			}
			s.d.Confirm("%s", m.Name)(s.iris().Unvalidate(ctx, m))
		}
	})
	s.step("Start the old members", func(ctx SpecContext) {
		for i, m := range []driver.Member{s.a, s.b} {
			if s.d.Params["disaster"] == instances {
				s.works(s.d.Heal(ctx, s.lost[len(s.lost)-1-i]))
			}
			s.comesBack(ctx, m)
		}
		for _, m := range []driver.Member{s.reads, s.writes} {
			found, err := s.iris().WaitFollows(ctx, m, s.dr)
			s.orRebuilt(ctx, m, found, err, s.iris().Join)
		}
	})
}

// comesBack starts a former failover member, which becomes one for disaster recovery; one whose
// data are not the mirror's is rebuilt.
func (s *asyncs) comesBack(ctx context.Context, m driver.Member) {
	GinkgoHelper()
	found, err := s.iris().RejoinAsync(ctx, m)
	s.orRebuilt(ctx, m, found, err, s.iris().JoinAsDR)
}

// orRebuilt confirms what was found of an asynchronous member. One whose data are not the mirror's,
// since it has what was lost, is rebuilt.
func (s *asyncs) orRebuilt(
	ctx context.Context, m driver.Member, found phrase.Phrase, err error,
	join func(context.Context, driver.Member) (phrase.Phrase, error),
) {
	GinkgoHelper()
	if !errors.Is(err, iris.ErrInconsistent) {
		s.d.Confirm("%s", m.Name)(found, err)
		return
	}
	s.d.RecordFinding(phrase.Say("%s is rebuilt", m.Name), phrase.Of(err), nil)
	s.takeOut(ctx, m)
	s.d.Confirm("%s joined by", m.Name)(join(ctx, m))
	s.d.Confirm("listed for the backup by")(s.iris().ListForBackup(ctx, s.dr, iris.Database))
	c, err := s.iris().Backup(ctx, s.dr, iris.Database)
	s.d.Confirm("backup")(c.Phrase(), err)
	s.restore(ctx, m, s.dr, c)
}

// failback are the steps that bring the first roles back.
func (s *asyncs) failback() {
	s.step("Promote the old primary", func(ctx SpecContext) {
		s.d.Confirm("%s promoted by", s.a.Name)(s.iris().PromoteMember(ctx, s.a))
		s.works(s.iris().WaitHealthy(ctx))
	})
	s.step("Switch back to it", func(ctx SpecContext) { s.switchTo(ctx, s.dr, s.a) })
	s.step("Bring the first kinds back", func(ctx SpecContext) { s.oldPlaces(ctx) })
}
