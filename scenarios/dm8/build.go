package dm8

import (
	. "github.com/onsi/ginkgo/v2"

	"drillbook/fixtures/dm8/conf"
	"drillbook/harness/driver"
	"drillbook/harness/phrase"
	"drillbook/scenarios/dsl"
)

// SyncCheck carries out runbooks/dm8/sync-check.md.
func SyncCheck() dsl.Scenario {
	return scenario("dm8/sync-check", dsl.Smoke, conf.Manual, syncCheck)
}

func syncCheck(s *story) {
	s.healthy()
	s.step("Make a table on the primary", func(ctx SpecContext) {
		s.d.Confirm("rows on the primary")(s.dm().MakeObjects(ctx, s.a))
	})
	s.step("Count its rows on the standby", func(ctx SpecContext) {
		s.d.Confirm("rows on the standby")(s.dm().CompareCounts(ctx, s.a, s.b, "T_OBJECTS"))
	})
	s.step("Make a tablespace and a user on the primary", func(ctx SpecContext) {
		s.works(s.dm().MakeUser(ctx, s.a))
	})
	s.step("See both on the standby", func(ctx SpecContext) {
		s.d.Confirm("tablespace and user on the standby")(s.dm().CheckUser(ctx, s.b))
	})
	s.step("Write many rows on the primary", func(ctx SpecContext) {
		s.d.Confirm("rows written")(s.dm().WriteRows(ctx, s.a, s.d.Params["rows"]))
	})
	s.step("Count the rows on the standby", func(ctx SpecContext) {
		s.d.Confirm("rows on the standby")(s.dm().CompareCounts(ctx, s.a, s.b, "STUDENT"))
	})
	s.step("Look at the archived log of both", func(ctx SpecContext) {
		for _, m := range []driver.Member{s.a, s.b} {
			s.d.Confirm("archive of %s", m.Name)(s.dm().CheckArchiveFiles(ctx, m))
		}
	})
	s.step("Remove what was made", func(ctx SpecContext) {
		s.works(s.dm().RemoveMade(ctx, s.a))
		s.both(ctx, s.a, s.b)
	})
}

// BuildGroup carries out runbooks/dm8/build-group.md: a database that is in
// use becomes the primary of a group.
func BuildGroup() dsl.Scenario {
	sc := scenario("dm8/build-group", dsl.Nightly, conf.Manual, buildGroup)
	sc.Alone = true
	return sc
}

func buildGroup(s *story) {
	var set string
	s.step("Check the hosts", func(ctx SpecContext) {
		s.a, s.b = s.d.Cluster.Members[0], s.d.Cluster.Members[1]
		for _, m := range s.d.Cluster.Members {
			s.d.Confirm("host %s", m.Name)(s.dm().CheckHost(ctx, m))
		}
	})
	s.step("Check the software", func(ctx SpecContext) {
		s.d.Confirm("software")(s.dm().CheckSoftware(ctx))
	})
	s.step("Check the database in use", func(ctx SpecContext) {
		s.d.ConfirmRole(ctx, s.a, driver.Primary)
		s.d.Confirm("archiving")(s.dm().CheckArchiving(ctx, s.a))
	})
	s.step("Back it up online", func(ctx SpecContext) {
		var err error
		set, err = s.dm().Backup(ctx, s.a)
		s.d.Confirm("backup set")(phrase.Quote(set), err)
	})
	s.step("Make the standby's instance", func(ctx SpecContext) { s.works(s.dm().Initialise(ctx, s.b)) })
	s.step("Copy the backup and restore the standby", func(ctx SpecContext) {
		s.d.Confirm("copy")(s.dm().CopyBackup(ctx, s.a, s.b, set))
		s.works(s.dm().Restore(ctx, s.b, set))
	})
	s.step("Write the configuration of both hosts", func(ctx SpecContext) {
		s.works(s.dm().Configure(ctx, s.a))
		s.works(s.dm().Configure(ctx, s.b))
		s.d.Confirm("configuration")(s.dm().CheckFiles(ctx, s.d.Book.RTO))
	})
	s.step("Start both in MOUNT", func(ctx SpecContext) {
		s.works(s.dm().StopProgram(ctx, s.a, "dmserver"))
		s.works(s.dm().Mount(ctx, s.a))
		s.works(s.dm().Mount(ctx, s.b))
		s.d.Confirm("magics")(s.dm().CheckMagics(ctx))
	})
	s.step("Set OGUID and modes", func(ctx SpecContext) {
		s.works(s.dm().Enlist(ctx, s.a, true))
		s.works(s.dm().Enlist(ctx, s.b, false))
	})
	s.step("Start the watchers", func(ctx SpecContext) {
		s.works(s.dm().StartWatcher(ctx, s.a))
		s.works(s.dm().StartWatcher(ctx, s.b))
	})
	s.step("Start the monitor", func(ctx SpecContext) { s.works(s.dm().StartMonitor(ctx)) })
	s.step("Lead the clients to the service", func(ctx SpecContext) {
		s.works(s.dm().LoginToPrimaryOnly(ctx))
		s.works(s.dm().WaitHealthy(ctx))
		s.as(ctx)
	})
}
