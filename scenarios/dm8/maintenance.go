package dm8

import (
	. "github.com/onsi/ginkgo/v2"

	"drillbook/fixtures/dm8/conf"
	"drillbook/harness/driver"
	"drillbook/harness/phrase"
	"drillbook/scenarios/dsl"
)

// RebuildStandby carries out runbooks/dm8/rebuild-standby.md.
func RebuildStandby() dsl.Scenario {
	sc := scenario("dm8/rebuild-standby", dsl.Nightly, conf.Manual, rebuildStandby)
	sc.Faults = dsl.NoFaults
	return sc
}

func rebuildStandby(s *story) {
	var set string
	s.healthy()
	s.step("Stop the monitor", func(ctx SpecContext) { s.works(s.dm().ExitMonitor(ctx)) })
	s.step("Stop watcher and server of the standby", func(ctx SpecContext) {
		s.works(s.dm().StopMember(ctx, s.b))
		s.d.ConfirmServed(ctx)
	})
	s.step("Remove the control file, and only that", func(ctx SpecContext) {
		s.works(s.dm().RemoveControl(ctx, s.b))
		s.d.Confirm("files of the watcher")(s.dm().CheckWatcherFile(ctx, s.b))
	})
	s.step("Back up the primary online", func(ctx SpecContext) {
		var err error
		set, err = s.dm().Backup(ctx, s.a)
		s.d.Confirm("backup set")(phrase.Quote(set), err)
	})
	s.step("Copy the backup to the standby", func(ctx SpecContext) {
		s.d.Confirm("copy")(s.dm().CopyBackup(ctx, s.a, s.b, set))
	})
	s.step("Restore the standby", func(ctx SpecContext) {
		s.works(s.dm().Restore(ctx, s.b, set))
		s.works(s.dm().Mount(ctx, s.b))
		s.works(s.dm().Enlist(ctx, s.b, false))
		s.d.Confirm("magics")(s.dm().CheckMagics(ctx))
	})
	s.step("Check the standby's files", func(ctx SpecContext) {
		s.d.Confirm("configuration")(s.dm().CheckFiles(ctx, 0))
	})
	s.step("Start the watcher of the standby", func(ctx SpecContext) { s.works(s.dm().StartWatcher(ctx, s.b)) })
	s.step("Start the monitor", func(ctx SpecContext) { s.works(s.dm().StartMonitor(ctx)) })
	s.step("Confirm the final state", func(ctx SpecContext) {
		s.works(s.dm().WaitHealthy(ctx))
		s.both(ctx, s.a, s.b)
	})
}

// OrderedShutdown carries out runbooks/dm8/ordered-shutdown.md.
func OrderedShutdown() dsl.Scenario {
	return scenario("dm8/ordered-shutdown", dsl.Nightly, conf.Manual, orderedShutdown)
}

func orderedShutdown(s *story) {
	s.healthy()
	s.step("Stop the group through the monitor", func(ctx SpecContext) { s.works(s.dm().StopGroup(ctx)) })
	s.step("Start the group again", func(ctx SpecContext) {
		s.works(s.dm().StartGroup(ctx))
		s.as(ctx)
	})
	s.step("Stop by hand, the primary's watcher first", func(ctx SpecContext) { s.byHand(ctx, s.a, s.b) })
	s.step("Start by hand", func(ctx SpecContext) {
		if s.services() {
			s.d.Confirm("services")(s.dm().RegisterServices(ctx))
		}
		s.startByHand(ctx)
	})
	s.step("Stop by hand, the standby's watcher first", func(ctx SpecContext) {
		if s.services() {
			s.d.Confirm("instances that ran on without their watchers")(s.dm().StopServices(ctx, s.b, s.a))
			return
		}
		s.byHand(ctx, s.b, s.a)
	})
	s.step("Start by hand again", func(ctx SpecContext) { s.startByHand(ctx) })
}

// byHand stops the monitor, the watchers in the order given, and then what of
// the instances still runs: the primary first, whose last log the standby is
// to have.
func (s *story) byHand(ctx SpecContext, order ...driver.Member) {
	GinkgoHelper()
	s.works(s.dm().ExitMonitor(ctx))
	ranOn, err := s.dm().StopWatchers(ctx, order...)
	s.d.Confirm("instances that ran on without their watchers")(phrase.Say("%v", ranOn), err)
	s.works(s.dm().StopProgram(ctx, s.a, "dmserver"))
	s.works(s.dm().StopProgram(ctx, s.b, "dmserver"))
}

func (s *story) startByHand(ctx SpecContext) {
	GinkgoHelper()
	if s.services() {
		s.d.Confirm("services")(s.dm().StartServices(ctx))
	} else {
		s.works(s.dm().StartWatcher(ctx, s.a))
		s.works(s.dm().StartWatcher(ctx, s.b))
	}
	s.works(s.dm().StartMonitor(ctx))
	s.works(s.dm().WaitHealthy(ctx))
	s.as(ctx)
}

// services: programs are started and stopped as the vendor's services, with a monitor by
// hand beside the one that is a service.
func (s *story) services() bool { return s.d.Params["by"] == "services" }

// as makes sure that everything is as it was: a shutdown moves no role.
func (s *story) as(ctx SpecContext) {
	GinkgoHelper()
	s.d.ConfirmServed(ctx)
	s.both(ctx, s.a, s.b)
}

// ServiceName carries out runbooks/dm8/service-name.md.
func ServiceName() dsl.Scenario {
	return scenario("dm8/service-name", dsl.Nightly, conf.Manual, serviceName)
}

func serviceName(s *story) {
	s.healthy()
	s.step("Check the clients' file", func(ctx SpecContext) {
		s.d.Confirm("configuration")(s.dm().CheckFiles(ctx, 0))
		s.d.Confirm("a login that names the standby")(s.dm().CheckPinned(ctx, s.b))
		s.readsGo(ctx)
	})
	s.step("Log in with every LOGIN_MODE", func(ctx SpecContext) {
		s.d.Confirm("where the service leads")(s.dm().CheckService(ctx))
	})
	s.step("Switch over under the clients", func(ctx SpecContext) {
		s.expect(conf.Switchover)
		s.works(s.d.Switchover(ctx, s.a, s.b))
	})
	s.step("Confirm that the clients follow", func(ctx SpecContext) {
		s.d.ConfirmServed(ctx)
		s.works(s.dm().WaitHealthy(ctx))
		s.d.Confirm("where the service leads")(s.dm().CheckService(ctx))
		s.readsGo(ctx)
	})
	s.step("Switch back", func(ctx SpecContext) {
		s.works(s.d.Switchover(ctx, s.b, s.a))
		s.works(s.dm().WaitHealthy(ctx))
		s.as(ctx)
		s.readsGo(ctx)
	})
}

// readsGo looks where clients read, if that is to be elsewhere than where they write.
func (s *story) readsGo(ctx SpecContext) {
	GinkgoHelper()
	if separate(s.d.Params) != conf.AtPrimary {
		s.d.Confirm("where reads go")(s.dm().CheckReads(ctx))
	}
}
