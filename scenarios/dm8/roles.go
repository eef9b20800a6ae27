package dm8

import (
	"context"
	"errors"
	"time"

	. "github.com/onsi/ginkgo/v2"

	"drillbook/fixtures/dm8"
	"drillbook/fixtures/dm8/conf"
	"drillbook/harness/driver"
	"drillbook/harness/fault"
	"drillbook/harness/host"
	"drillbook/harness/link"
	"drillbook/harness/phrase"
	"drillbook/harness/site"
	"drillbook/scenarios/dsl"
)

// Switchover carries out runbooks/dm8/switchover.md.
func Switchover() dsl.Scenario {
	sc := scenario("dm8/switchover", dsl.Smoke, conf.Manual, switchover)
	sc.Faults = dsl.NoFaults
	return sc
}

func switchover(s *story) {
	s.healthy()
	s.step("List what can be switched to", func(ctx SpecContext) {
		names, said, err := s.dm().Choose(ctx, "switchover")
		switch {
		case err == nil && len(names) == 0:
			err = phrase.Errorf("nothing can be switched to: %s", said)
		case err == nil && len(names) <= len(s.others):
			err = phrase.Errorf("the monitor lists %v, and there are %d standbys", names, 1+len(s.others))
		}
		s.d.Confirm("choose switchover")(phrase.Say("%v", names), err)
	})
	s.step("Switch over to the standby", func(ctx SpecContext) {
		s.expect(conf.Switchover)
		s.works(s.d.Switchover(ctx, s.a, s.b))
	})
	s.step("Confirm that the clients follow", func(ctx SpecContext) { s.d.ConfirmServed(ctx) })
	s.step("Wait until the new standby is archived to", func(ctx SpecContext) {
		s.works(s.dm().WaitHealthy(ctx))
		s.both(ctx, s.b, s.a)
	})
	s.step("Switch back", func(ctx SpecContext) {
		s.expect(conf.Switchover)
		s.works(s.d.Switchover(ctx, s.b, s.a))
		s.d.ConfirmServed(ctx)
	})
	s.step("Confirm the final state", func(ctx SpecContext) {
		s.works(s.dm().WaitHealthy(ctx))
		s.both(ctx, s.a, s.b)
	})
}

// Takeover carries out runbooks/dm8/takeover.md.
func Takeover() dsl.Scenario {
	sc := scenario("dm8/takeover", dsl.Smoke, conf.Manual, takeover)
	sc.Needs = dsl.Always(dsl.Cuts) // of machines that stay; of others the interfaces are taken away
	sc.Faults = takeoverFaults
	return sc
}

// The steps of takeover that inject faults.
const (
	networkStops = "The primary's network stops"
	oldIsStopped = "Stop the old primary at its own console"
)

// takeoverFaults are the faults of takeover.
func takeoverFaults(ctx context.Context, f dsl.Foreseen) ([]dsl.StepFault, error) {
	dm, ok := f.Cluster.Driver.(*dm8.Driver)
	if !ok || len(f.Standbys) == 0 {
		return nil, phrase.Errorf("this is no group of DM8 with a standby: %T", f.Cluster.Driver)
	}
	var all []dsl.StepFault
	if f.Params["feed"] == "async" {
		held, err := f.Link(ctx, link.Route{
			From: f.Primary.Name, To: f.Standbys[0].Name, Over: host.Private, Port: conf.DefaultPorts().Mail,
		}, link.Drop)
		if err != nil {
			return nil, err
		}
		all = append(all, dsl.StepFault{Step: networkStops, Fault: held})
	}
	stops, err := isolation(ctx, dm, f.Links, f.Primary, f.Standbys)
	return append(all, dsl.StepFault{Step: networkStops, Fault: stops},
		dsl.StepFault{Step: oldIsStopped, Fault: fault.KillServer(watched{dm}, f.Primary)}), err
}

// isolation is the fault by which a member's network stops: its interfaces are taken away, or, on
// a machine that stays, all traffic with the others of the group, monitor and clients is cut.
func isolation(
	ctx context.Context, dm *dm8.Driver, links link.Network, m driver.Member, others []driver.Member,
) (fault.Fault, error) {
	if !dm.Stays() {
		return fault.Unplug(m, host.Public, host.Private), nil
	}
	names := make([]string, 0, 1+len(others))
	for _, o := range others {
		names = append(names, o.Name)
	}
	var parts []fault.Fault
	for _, name := range append(names, site.MonitorName) {
		l, err := links.Link(ctx, link.Route{From: m.Name, To: name})
		if err != nil {
			return nil, err
		}
		parts = append(parts, fault.Impair(l, link.Condition{Kind: link.Drop}))
	}
	return fault.Group(phrase.Say("network of %s is cut", m.Name), parts...), nil
}

func takeover(s *story) {
	var held, cut, killed fault.Fault
	s.healthy()
	s.step("See that nobody can take over while the primary is well", func(ctx SpecContext) {
		s.d.Confirm("choose takeover")(s.nobody(ctx, "takeover"))
		s.d.Confirm("choose takeover force")(s.nobody(ctx, "takeover force"))
	})
	s.step(networkStops, func(ctx SpecContext) {
		s.expect(conf.ManualTakeover)
		if s.async() {
			held = s.holdBack(ctx)
		}
		var err error
		cut, err = isolation(ctx, s.dm(), s.d.Links, s.a, append([]driver.Member{s.b}, s.others...))
		s.works(err)
		s.works(s.d.Inject(ctx, cut))
	})
	s.step("Take over", func(ctx SpecContext) {
		if s.async() {
			s.d.Confirm("choose takeover")(s.dm().WaitLost(ctx, s.b))
		}
		if len(s.others) > 0 {
			offered, err := s.dm().WaitOffered(ctx, "takeover")
			s.d.Confirm("choose takeover")(phrase.Say("%v", names(offered)), err)
			s.lead(offered[0])
		}
		s.works(s.d.Promote(ctx, s.b))
	})
	s.step("Confirm that the clients follow", func(ctx SpecContext) {
		s.d.ConfirmServed(ctx)
		s.follow(ctx)
	})
	s.step(oldIsStopped, func(ctx SpecContext) {
		s.works(s.dm().StopProgram(ctx, s.a, "dmwatcher"))
		killed = fault.KillServer(watched{s.dm()}, s.a)
		s.works(s.d.Inject(ctx, killed))
	})
	s.step("Give the network back", func(ctx SpecContext) {
		if held != nil {
			s.works(s.d.Heal(ctx, held))
		}
		s.works(s.d.Heal(ctx, cut))
	})
	s.step("Bring the old primary back", func(ctx SpecContext) {
		if s.async() {
			s.works(s.dm().ReplicateFrom(ctx, s.b))
			s.d.ConfirmServed(ctx)
		}
		s.works(s.d.Heal(ctx, killed))
		s.comeBack(ctx)
	})
	s.step("Confirm the final state", func(ctx SpecContext) {
		s.works(s.dm().WaitHealthy(ctx))
		s.both(ctx, s.b, s.a)
	})
}

// lead makes a standby the one that the page is about.
func (s *story) lead(m driver.Member) {
	for i, o := range s.others {
		if o.Name == m.Name {
			s.b, s.others[i] = o, s.b
		}
	}
}

// follow makes sure that the other standbys, if there are any, follow the one that has
// become the primary.
func (s *story) follow(ctx SpecContext) {
	GinkgoHelper()
	for _, m := range s.others {
		s.d.Confirm("the other standby")(s.dm().CheckFollows(ctx, m, s.b))
		s.d.ConfirmInSync(ctx, m, s.b)
	}
}

func names(members []driver.Member) []string {
	all := make([]string, 0, len(members))
	for _, m := range members {
		all = append(all, m.Name)
	}
	return all
}

// watched starts servers as people do: by their watchers. Whether one then opens, and
// as what, is for the group to say.
type watched struct{ *dm8.Driver }

// StartServer starts the watcher, if none runs.
func (w watched) StartServer(ctx context.Context, m driver.Member) error {
	if runs, err := w.WatcherRuns(ctx, m); err != nil || runs {
		return err
	}
	return w.StartWatcher(ctx, m)
}

// async: the standby is fed asynchronously.
func (s *story) async() bool { return s.d.Params["feed"] == "async" }

// holdBack keeps from an asynchronous standby what the primary acknowledges in
// the last moment: the drill is to show a loss, not luck with the timer.
func (s *story) holdBack(ctx SpecContext) fault.Fault {
	GinkgoHelper()
	const long = time.Second
	// The primary opens the connection here, so the two change places.
	return s.d.HoldReplication(ctx, s.a, s.b, conf.DefaultPorts().Mail, long)
}

// nobody: the list of who may take over is empty.
func (s *story) nobody(ctx SpecContext, how string) (phrase.Phrase, error) {
	names, said, err := s.dm().Choose(ctx, how)
	if err == nil && len(names) > 0 {
		err = phrase.Errorf("%v could take over from a primary that is well", names)
	}
	return phrase.Quote(said), err
}

// comeBack waits for the old primary. If it has split, what only it holds is
// saved before it is rebuilt.
func (s *story) comeBack(ctx SpecContext) {
	GinkgoHelper()
	err := s.dm().WaitRejoined(ctx, s.a)
	if errors.Is(err, dm8.ErrSplit) {
		s.d.RecordFinding(phrase.Say("the old primary"), phrase.Of(err), nil)
		s.d.SaveDiverged(ctx, s.a, s.b)
		s.works(s.d.Rejoin(ctx, s.a, s.b, driver.Rebuild))
		return
	}
	s.d.Confirm("the old primary")(phrase.Say("it rejoined by itself"), err)
	if s.async() {
		s.works(s.dm().Follow(ctx, s.a))
	}
}

// AutoTakeover carries out runbooks/dm8/auto-takeover.md.
func AutoTakeover() dsl.Scenario {
	return scenario("dm8/auto-takeover", dsl.Smoke, conf.Auto, autoTakeover)
}

func autoTakeover(s *story) {
	var lost fault.Fault
	s.healthy()
	s.step("See that one monitor confirms, and only one", func(ctx SpecContext) {
		s.d.Confirm("a second confirm monitor")(s.dm().StartSecondConfirmMonitor(ctx))
	})
	s.step("The primary's host is lost", func(ctx SpecContext) {
		s.expect(conf.AutoTakeover)
		lost = fault.HostLoss(s.a)
		s.works(s.d.Inject(ctx, lost))
	})
	s.step("Watch the standby take over", func(ctx SpecContext) {
		taker, err := s.dm().WaitAutoTakeover(ctx, append([]driver.Member{s.b}, s.others...)...)
		s.d.Confirm("the standby that has taken over")(phrase.Quote(taker.Name), err)
		s.lead(taker)
	})
	s.step("Confirm that the clients follow", func(ctx SpecContext) {
		s.d.ConfirmServed(ctx)
		s.follow(ctx)
	})
	s.step("Switch the host on again", func(ctx SpecContext) {
		s.works(s.d.Heal(ctx, lost))
		s.works(s.dm().StartWatcher(ctx, s.a))
	})
	s.step("Bring the old primary back", func(ctx SpecContext) { s.comeBack(ctx) })
	s.step("Confirm the final state", func(ctx SpecContext) {
		s.works(s.dm().WaitHealthy(ctx))
		s.both(ctx, s.b, s.a)
	})
}

// SplitBrain carries out runbooks/dm8/split-brain.md.
func SplitBrain() dsl.Scenario {
	return scenario("dm8/split-brain", dsl.Nightly, conf.Manual, splitBrain)
}

func splitBrain(s *story) {
	var cut fault.Fault
	s.healthy()
	s.step("Only the network between the two fails", func(ctx SpecContext) {
		cut = fault.Unplug(s.a, host.Private)
		s.works(s.d.Inject(ctx, cut))
		s.d.ConfirmServed(ctx) // the old primary goes on alone
	})
	s.step("Take over although the old primary still serves", func(ctx SpecContext) {
		s.works(s.d.Promote(ctx, s.b))
	})
	s.step("See that both take writes", func(ctx SpecContext) {
		s.d.ConfirmRole(ctx, s.a, driver.Primary)
		s.d.ConfirmRole(ctx, s.b, driver.Primary)
		s.d.Confirm("a write to each")(s.dm().CheckBothWrite(ctx, s.a, s.b))
	})
	s.step("Give the network back", func(ctx SpecContext) { s.works(s.d.Heal(ctx, cut)) })
	s.step("Ask what is wrong", func(ctx SpecContext) {
		s.d.Confirm("tip")(s.dm().WaitSplit(ctx, s.a))
	})
	s.step("Save what only the loser holds", func(ctx SpecContext) {
		s.d.SaveDiverged(ctx, s.a, s.b)
	})
	s.step("Rebuild the loser", func(ctx SpecContext) {
		s.works(s.d.Rejoin(ctx, s.a, s.b, driver.Rebuild))
		s.d.ConfirmServed(ctx)
	})
	s.step("Confirm the final state", func(ctx SpecContext) {
		s.works(s.dm().WaitHealthy(ctx))
		s.both(ctx, s.b, s.a)
	})
}
