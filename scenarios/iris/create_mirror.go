package iris

import (
	. "github.com/onsi/ginkgo/v2"

	"drillbook/fixtures/iris"
	"drillbook/harness/driver"
	"drillbook/harness/shell"
	"drillbook/scenarios/dsl"
)

// CreateMirror carries out runbooks/iris/create-mirror.md: an instance that is in use becomes
// the primary of a mirror with one member of every kind.
func CreateMirror() dsl.Scenario {
	sc := scenario("iris/create-mirror", dsl.Nightly, createMirror)
	sc.Alone = true
	sc.Members = []string{"server01", "server02", "server03", "server04", "server05"}
	sc.Kinds = map[string]driver.Kind{
		"server03": driver.DisasterRecovery, "server04": driver.Asynchronous, "server05": driver.Asynchronous,
	}
	return sc
}

func createMirror(s *story) {
	s.first()
	s.members()
	s.step("Put the database into the mirror", func(ctx SpecContext) { s.putIn(ctx, iris.Database) })
	s.step("Confirm the final state", func(ctx SpecContext) {
		s.final(ctx, s.a, s.b)
		for _, m := range s.d.Cluster.Members {
			s.d.Confirm("database on %s", m.Name)(s.iris().CheckDatabase(ctx, m, iris.Database))
			s.d.Confirm("databases that %s lacks", m.Name)(s.iris().CheckNothingMissing(ctx, m))
		}
		for _, m := range s.d.Cluster.Members[1:4] { // the last one may write for itself
			s.d.Confirm("writes on %s", m.Name)(s.iris().CheckOnlyRead(ctx, m, iris.Database))
		}
	})
}

// first are the steps that make the mirror with its first member.
func (s *story) first() {
	s.step("Enable the mirror service", func(ctx SpecContext) { s.readyAll(ctx) })
	s.step("Create the mirror", func(ctx SpecContext) {
		s.d.Confirm("made by")(s.iris().CreateMirror(ctx, s.a))
	})
	s.step("Check the first member", func(ctx SpecContext) {
		s.d.Confirm("first member")(s.iris().CheckFirstMember(ctx, s.a))
	})
	s.step("Lead the clients to the virtual address", func(ctx SpecContext) {
		s.works(s.iris().LeadClients())
		s.d.ConfirmServed(ctx)
	})
}

// readyAll makes the arbiter and all members ready for a mirror.
func (s *story) readyAll(ctx SpecContext) {
	GinkgoHelper()
	all := s.d.Cluster.Members
	s.a, s.b = all[0], all[1]
	s.works(s.iris().StartArbiter(ctx))
	for _, m := range all {
		s.d.Confirm("certificate of %s", m.Name)(s.iris().InstallCertificate(ctx, m))
	}
	s.works(shell.Each(all, func(m driver.Member) error { return s.ready(ctx, m) }))
}

// ready starts the agent and the instance of a member, with the settings of the plan, and
// switches the mirror service on.
func (s *story) ready(ctx SpecContext, m driver.Member) error {
	if err := s.iris().StartAgent(ctx, m); err != nil {
		return err
	}
	if err := s.iris().StartInstance(ctx, m); err != nil {
		return err
	}
	if err := s.iris().Configure(ctx, m); err != nil {
		return err
	}
	_, err := s.iris().EnableService(ctx, m)
	return err
}

// members are the steps that let the others in, and show what they may do.
func (s *story) members() {
	join := func(title string, at int) {
		s.step(title, func(ctx SpecContext) { s.join(ctx, s.d.Cluster.Members[at]) })
	}
	s.step("Join the second member", func(ctx SpecContext) {
		s.d.Confirm("%s joined by", s.b.Name)(s.iris().Join(ctx, s.b))
	})
	s.step("Authorise the pending member", func(ctx SpecContext) {
		s.d.Confirm("authorisation of %s", s.b.Name)(s.iris().Authorise(ctx, s.a, s.b))
	})
	s.step("Wait for an active backup", func(ctx SpecContext) {
		s.works(s.iris().WaitBackup(ctx, s.b))
		s.d.Confirm("arbiter")(s.iris().WaitArbiter(ctx, s.a))
	})
	const recovery, reads, writes = 2, 3, 4
	join("Join a disaster recovery member", recovery)
	join("Join a reporting member that only reads", reads)
	join("Join a reporting member that also writes", writes)
	s.step("See what each kind may do", func(ctx SpecContext) {
		all := s.d.Cluster.Members
		for _, m := range []driver.Member{all[reads], all[writes]} {
			s.d.Confirm("promotion of %s", m.Name)(s.iris().CheckNotPromoted(ctx, m))
		}
		s.d.Confirm("writes of %s", all[writes].Name)(s.iris().CheckWritesStay(ctx, all[writes], s.a))
	})
}

// join lets a member in.
func (s *story) join(ctx SpecContext, m driver.Member) {
	GinkgoHelper()
	s.d.Confirm("%s joined by", m.Name)(s.iris().Join(ctx, m))
	s.d.Confirm("authorisation of %s", m.Name)(s.iris().Authorise(ctx, s.a, m))
}

// putIn puts a database of the primary into the mirror by a backup, which is restored on
// every other member.
func (s *story) putIn(ctx SpecContext, name string) {
	GinkgoHelper()
	d := s.iris()
	s.d.Confirm("added by")(d.AddDatabase(ctx, s.a, name))
	s.d.Confirm("listed for the backup by")(d.ListForBackup(ctx, s.a, name))
	backup, err := d.Backup(ctx, s.a, name)
	s.d.Confirm("backup")(backup.Phrase(), err)
	for _, m := range s.d.Cluster.Members[1:] {
		s.d.Confirm("plain database on %s", m.Name)(d.MakePlain(ctx, m, name))
		s.d.Confirm("carried to %s", m.Name)(d.CarryCopy(ctx, s.a, m, backup))
		s.d.Confirm("restored on %s", m.Name)(d.Restore(ctx, m, backup))
		s.works(d.Publish(ctx, m))
		s.works(d.RemoveCopy(ctx, m, backup))
	}
	s.works(d.RemoveCopy(ctx, s.a, backup))
}
