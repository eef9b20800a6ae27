package iris

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"drillbook/fixtures/iris"
	"drillbook/fixtures/iris/console"
	"drillbook/harness/driver"
	"drillbook/harness/phrase"
	"drillbook/scenarios/dsl"
)

// RemoveMirror carries out runbooks/iris/remove-mirror.md. The members that leave are none of the
// drill's: what they hold afterwards is old, and cannot be compared.
func RemoveMirror() dsl.Scenario {
	sc := scenario("iris/remove-mirror", dsl.Nightly, removeMirror)
	sc.Members = []string{"server01"}
	sc.Driver = func(map[string]string) (driver.Driver, error) {
		cfg, err := config()
		if err != nil {
			return nil, err
		}
		cfg.Leaving = []driver.Seat{{Name: laterMember}, {Name: reporting, Kind: driver.Asynchronous}}
		return iris.New(cfg), bearable(cfg)
	}
	return sc
}

// reporting is the asynchronous member.
const reporting = "server03"

func removeMirror(s *story) {
	var async driver.Member
	var records iris.Records
	again := false
	s.step("Confirm that the mirror is healthy", func(ctx SpecContext) {
		s.a, s.b, async = s.d.Cluster.Members[0], s.beside(laterMember), s.beside(reporting)
		s.d.Confirm("the mirror")(s.iris().AwaitHealthy(ctx))
		var err error
		records, err = s.iris().MakeRecords(ctx, s.a, iris.Database, recordsAfter)
		s.d.Confirm("records")(records.Phrase(), err)
		for _, m := range []driver.Member{s.b, async} {
			s.d.Confirm("records on %s", m.Name)(s.iris().WaitRecords(ctx, m, iris.Database, records))
		}
		s.d.Confirm("virtual address")(s.iris().LookAtVirtualAddress(ctx, s.a))
	})
	s.step("See that the wrong order is refused", func(ctx SpecContext) {
		s.d.Confirm("wrong order, not typed")(s.iris().CheckOrder(ctx, s.a, s.b, iris.Database))
		if s.d.Params["told"] == "no" {
			s.d.RecordFinding(phrase.Say("wrong order, typed"), phrase.Say("not tried: told=no"), nil)
			return
		}
		s.d.Confirm("the primary")(s.iris().CheckState(ctx, s.a, console.TypeFailover, console.StatusPrimary))
		s.d.Confirm("wrong order, typed")(s.iris().ProductRefusesPrimary(ctx, s.a))
	})
	s.step("Take the database out on the primary", func(ctx SpecContext) {
		s.d.Confirm("taken out by")(s.iris().RemoveMirrored(ctx, s.a, iris.Database, records))
		s.d.ConfirmServed(ctx)
	})
	s.step("Take it out on the backup", func(ctx SpecContext) {
		s.d.Confirm("taken out by")(s.iris().RemoveMirrored(ctx, s.b, iris.Database, records, s.a))
	})
	s.step("Take it out on the asynchronous member", func(ctx SpecContext) {
		s.d.Confirm("taken out by")(s.iris().RemoveMirrored(ctx, async, iris.Database, records, s.a, s.b))
	})
	s.step("Remove the asynchronous member", func(ctx SpecContext) {
		s.d.Confirm("removed by")(s.iris().RemoveMember(ctx, s.a, async))
	})
	s.step("Remove the backup", func(ctx SpecContext) {
		s.d.Confirm("removed by")(s.iris().RemoveMember(ctx, s.a, s.b))
		s.d.ConfirmServed(ctx)
	})
	s.step("Lead the clients back to the primary's address", func(ctx SpecContext) {
		s.works(s.iris().LeadClientsBack())
		s.d.ConfirmServed(ctx)
	})
	s.step("Remove the configuration of the primary", func(ctx SpecContext) {
		var found phrase.Phrase
		var err error
		found, again, err = s.iris().RemovePrimary(ctx, s.a)
		s.d.Confirm("removed by")(found, err)
		s.d.Confirm("virtual address at once")(s.iris().LookAtVirtualAddress(ctx, s.a))
	})
	s.step("Restart it, and remove what is left", func(ctx SpecContext) { s.removeAgain(ctx, again) })
	s.step("Confirm the final state", func(ctx SpecContext) {
		for _, m := range []driver.Member{s.a, s.b, async} {
			s.d.Confirm("mirror of %s", m.Name)(s.iris().CheckInNone(ctx, m))
			s.d.Confirm("virtual address on %s", m.Name)(s.iris().LookAtVirtualAddress(ctx, m))
			s.d.Confirm("records on %s", m.Name)(s.iris().WaitRecords(ctx, m, iris.Database, records))
		}
		s.d.ConfirmServed(ctx)
	})
}

// removeAgain restarts the primary, once more where the product takes two calls, and looks at the
// virtual address each time.
func (s *story) removeAgain(ctx SpecContext, again bool) {
	GinkgoHelper()
	s.works(s.iris().Restart(ctx, s.a))
	s.d.Confirm("virtual address after the restart")(s.iris().LookAtVirtualAddress(ctx, s.a))
	if again {
		found, more, err := s.iris().RemovePrimary(ctx, s.a)
		if err == nil && more {
			err = phrase.Errorf("the mirror is still there after the second call")
		}
		s.d.Confirm("removed by")(found, err)
		s.works(s.iris().Restart(ctx, s.a))
		s.d.Confirm("virtual address after the second restart")(s.iris().LookAtVirtualAddress(ctx, s.a))
	}
	s.d.ConfirmServed(ctx)
}

// beside is a member that is none of the drill's.
func (s *story) beside(name string) driver.Member {
	GinkgoHelper()
	m, there := s.d.Cluster.Auxiliary(name)
	Expect(there).To(BeTrue(), name)
	return m
}
