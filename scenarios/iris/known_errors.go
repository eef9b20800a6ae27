package iris

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"drillbook/fixtures/iris"
	"drillbook/fixtures/iris/conf"
	"drillbook/fixtures/iris/console"
	"drillbook/harness/driver"
	"drillbook/harness/fault"
	"drillbook/harness/host"
	"drillbook/harness/link"
	"drillbook/scenarios/dsl"
)

// KnownErrors carries out runbooks/iris/known-errors.md: a mirror is made of an instance in use,
// and every error on the way is provoked, and cured.
func KnownErrors() dsl.Scenario {
	sc := scenario("iris/known-errors", dsl.Nightly, knownErrors)
	sc.Alone, sc.Members = true, []string{"server01", "server02", "server03"}
	sc.Kinds = map[string]driver.Kind{"server03": driver.DisasterRecovery}
	sc.Needs = dsl.Always(dsl.ClientsBeside, dsl.Cuts)
	sc.Driver = func(map[string]string) (driver.Driver, error) {
		cfg, err := config()
		if err != nil {
			return nil, err
		}
		cfg.TLS, cfg.Spare = true, []string{copyHost}
		return iris.New(cfg), bearable(cfg)
	}
	return sc
}

// copyHost is where a copy of a member is started.
const copyHost = "server04"

func knownErrors(s *story) {
	s.errorsOfMaking()
	s.errorsOfJoining()
	s.errorsInUse()
	s.step("A copy of a member is started", func(ctx SpecContext) { s.startCopy(ctx) })
	s.step("Confirm the final state", func(ctx SpecContext) {
		s.final(ctx, s.a, s.b)
		s.d.Confirm("the mirror")(s.iris().CheckHealthy(ctx))
	})
}

// errorsOfMaking are those that come while a mirror is made.
func (s *story) errorsOfMaking() {
	s.step("Look at the instance in use", func(ctx SpecContext) {
		s.readyAll(ctx)
		s.d.Confirm("mirror of %s", s.a.Name)(s.iris().CheckInNone(ctx, s.a))
	})
	s.step("No agent runs (#2118)", func(ctx SpecContext) {
		s.d.Confirm("a mirror without an agent")(s.iris().RefusedWithoutAgent(ctx, s.a))
	})
	s.step("The agent is older than the instance (#2136)", func(ctx SpecContext) {
		s.d.ConfirmSeen("a mirror with an older agent")(s.iris().RefusedByOlderAgent(ctx, s.a))
	})
	s.step("The key has a password (#2207)", func(ctx SpecContext) {
		s.d.Confirm("a mirror without the key's password")(s.iris().RefusedWithoutPassword(ctx, s.a))
	})
	s.step("Journals of an earlier mirror lie there (#2174)", func(ctx SpecContext) {
		s.d.Confirm("a mirror of the same name and day")(s.iris().RefusedByOldJournals(ctx, s.b))
	})
	s.step("Make the mirror", func(ctx SpecContext) {
		s.d.Confirm("made by")(s.iris().CreateMirror(ctx, s.a))
		s.d.Confirm("first member")(s.iris().CheckFirstMember(ctx, s.a))
		s.works(s.iris().LeadClients())
		s.d.ConfirmServed(ctx)
	})
}

// errorsOfJoining are those that come while members join.
func (s *story) errorsOfJoining() {
	s.step("The agent's name does not resolve (#2086)", func(ctx SpecContext) {
		s.d.Confirm("joining by a name")(s.iris().RefusedByName(ctx, s.b))
	})
	s.step("Port 1972 is closed on the private network (#2088)", func(ctx SpecContext) {
		cut := s.cut(ctx, link.Route{
			From: s.b.Name, To: s.a.Name, Over: host.Private, Port: conf.DefaultPorts().SuperServer,
		})
		s.works(s.d.Inject(ctx, cut))
		s.d.Confirm("joining without port 1972")(s.iris().RefusedByPort(ctx, s.b))
		s.works(s.d.Heal(ctx, cut))
	})
	s.step("What listens on 1972 does not answer", func(ctx SpecContext) {
		s.d.Confirm("%s joined by", s.b.Name)(s.iris().Join(ctx, s.b))
		hung := fault.HangServer(s.iris(), s.a)
		s.works(s.d.Inject(ctx, hung))
		s.d.Confirm("messages.log of %s", s.b.Name)(s.iris().WaitUnanswered(ctx, s.b))
		s.works(s.d.Heal(ctx, hung))
		s.d.ConfirmServed(ctx)
		s.d.Confirm("authorisation of %s", s.b.Name)(s.iris().Authorise(ctx, s.a, s.b))
	})
	s.step("Let the other members in", func(ctx SpecContext) {
		s.works(s.iris().WaitBackup(ctx, s.b))
		s.join(ctx, s.d.Cluster.Members[2])
		s.putIn(ctx, iris.Database)
		s.works(s.iris().WaitHealthy(ctx))
	})
}

// errorsInUse are those of a mirror that is used.
func (s *story) errorsInUse() {
	s.step("Created is not added (#2105)", func(ctx SpecContext) {
		s.d.Confirm("plain database")(s.iris().MakePlain(ctx, s.a, existing))
		s.d.Confirm("added by")(s.iris().AddDatabase(ctx, s.a, existing))
		s.d.Confirm("missing")(s.iris().WaitMissing(ctx, s.b, existing))
		s.d.Confirm("created as a mirrored one on the backup")(s.iris().CreatedIsNotAdded(ctx, s.b, existing))
		s.d.Confirm("taken out by")(s.iris().RemoveMirrored(ctx, s.a, existing, iris.Records{}))
		s.works(s.iris().RemovePlain(ctx, s.a, existing))
	})
	s.step("Mirroring is stopped on the primary (#2022)", func(ctx SpecContext) {
		s.d.Confirm("the primary")(s.iris().CheckState(ctx, s.a, console.TypeFailover, console.StatusPrimary))
		s.d.Confirm("mirroring of %s", s.a.Name)(s.iris().RefusedToStop(ctx, s.a))
	})
	s.step("A member is promoted that cannot be (#2117)", func(ctx SpecContext) {
		s.d.Confirm("promotion of %s", s.b.Name)(s.iris().CheckNotPromoted(ctx, s.b))
	})
	s.step("A member is promoted while the primary is in trouble (#2157)", func(ctx SpecContext) {
		s.works(s.iris().WaitHealthy(ctx))
		s.d.Confirm("arbiter")(s.iris().WaitArbiter(ctx, s.a)) // without one, trouble ends by itself
		all := cutCase{pb: true, pa: true, ba: true, writes: nobody}
		cuts := s.cutLinks(ctx, all, s.a, s.b)
		dr := s.d.Cluster.Members[2]
		s.d.Confirm("promotion of %s", dr.Name)(s.iris().RefusedInTrouble(ctx, s.a, dr))
		s.mendLinks(ctx, all, cuts)
		s.works(s.iris().WaitHealthy(ctx))
		s.d.ConfirmServed(ctx)
	})
}

// startCopy starts a copy of the disaster recovery member on another host, and removes it.
func (s *story) startCopy(ctx SpecContext) {
	GinkgoHelper()
	original := s.d.Cluster.Members[2]
	clone, there := s.d.Cluster.Auxiliary(copyHost)
	Expect(there).To(BeTrue(), copyHost)
	s.works(s.iris().CloneHost(ctx, original, clone))
	s.d.Confirm("the copy while the original is down")(s.iris().CheckKeptOut(ctx, clone))
	s.works(s.iris().StartAgain(ctx, original))
	s.d.Confirm("the copy beside its original")(s.iris().CheckKeptOut(ctx, clone))
	s.d.Confirm("mirror configuration removed by")(s.iris().RemoveClone(ctx, clone))
	s.works(s.iris().WaitHealthy(ctx))
}
