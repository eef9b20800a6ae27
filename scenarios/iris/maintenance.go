package iris

import (
	"context"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"drillbook/fixtures/iris"
	"drillbook/fixtures/iris/conf"
	"drillbook/fixtures/iris/console"
	"drillbook/harness/driver"
	"drillbook/harness/fault"
	"drillbook/harness/phrase"
	"drillbook/harness/wait"
	"drillbook/scenarios/dsl"
)

// Maintenance carries out runbooks/iris/maintenance.md.
func Maintenance() dsl.Scenario {
	sc := scenario("iris/maintenance", dsl.Nightly, maintenance)
	usual := sc.Driver
	sc.Driver = func(params map[string]string) (driver.Driver, error) {
		if err := pauses(params); err != nil {
			return nil, err
		}
		return usual(params)
	}
	return sc
}

// pauses refuses lengths with which the two timeouts could not be told apart.
func pauses(params map[string]string) error {
	if err := shows(params, "pause"); err != nil {
		return err
	}
	pause, _ := time.ParseDuration(params["pause"]) // it was parsed
	longer, err := qos(map[string]string{"qos": params["longer"]})
	if err != nil {
		return phrase.Errorf("longer=%s: %w", params["longer"], err)
	}
	if longer < 2*pause {
		return phrase.Errorf(
			"longer=%s outlasts no pause=%s with certainty: make it twice as long, or the pause shorter",
			longer,
			pause,
		)
	}
	return nil
}

func maintenance(s *story) {
	s.healthy()
	s.noFailover()
	s.pauses()
	s.backupDown()
	s.step("Confirm the final state", func(ctx SpecContext) { s.final(ctx, s.a, s.b) })
}

// noFailover are the steps of a snapshot of the backup, and of a primary that is lost meanwhile.
func (s *story) noFailover() {
	s.step("Set no failover", func(ctx SpecContext) {
		s.d.Confirm("set by")(s.iris().SetNoFailover(ctx, s.a, true))
		s.d.Confirm("no failover on %s", s.b.Name)(s.iris().CheckNoFailover(ctx, s.b, true))
	})
	s.step("Stop mirroring on the backup", func(ctx SpecContext) {
		s.d.Confirm("stopped by")(s.iris().StopMirroring(ctx, s.b, s.a))
		s.d.ConfirmServed(ctx)
	})
	s.step("Take the snapshot of the backup", func(ctx SpecContext) {
		snapshot, err := s.iris().FrozenCopy(ctx, s.b, iris.Database)
		s.d.Confirm("snapshot")(snapshot.Phrase(), err)
		s.works(s.iris().RemoveCopy(ctx, s.b, snapshot))
	})
	s.step("Start mirroring on the backup", func(ctx SpecContext) {
		s.d.Confirm("started by")(s.iris().StartMirroring(ctx, s.b))
		s.d.ConfirmInSync(ctx, s.b, s.a)
	})
	s.step("See that a lost primary is not replaced", func(ctx SpecContext) {
		lost := fault.KillServer(s.iris(), s.a)
		s.works(s.d.Inject(ctx, lost))
		s.d.Confirm("the backup")(s.staysBackup(ctx))
		s.works(s.d.Heal(ctx, lost))
		s.d.ConfirmServed(ctx)
		s.works(s.iris().WaitHealthy(ctx))
	})
	s.step("Clear no failover", func(ctx SpecContext) {
		s.d.Confirm("after the restart")(s.iris().CheckNoFailover(ctx, s.a, false))
		s.d.Confirm("set again by")(s.iris().SetNoFailover(ctx, s.a, true))
		s.d.Confirm("cleared by")(s.iris().SetNoFailover(ctx, s.a, false))
		s.works(s.iris().WaitHealthy(ctx))
	})
}

// suffered is what a pause of the primary came to.
type suffered struct {
	qos    string
	outage time.Duration
	taken  bool // over by the backup
}

// Phrase is for reports.
func (s suffered) Phrase() phrase.Phrase {
	outage := s.outage.Round(time.Millisecond)
	if s.taken {
		return phrase.Say("QoS %s: the backup took over, clients were out for %s", s.qos, outage)
	}
	return phrase.Say("QoS %s: nobody took over, clients were out for %s", s.qos, outage)
}

// pauses are the steps of the same pause under two QoS timeouts.
func (s *story) pauses() {
	var short suffered
	s.step("A pause longer than the QoS timeout", func(ctx SpecContext) {
		s.expect(conf.HostLost)
		short = s.pause(ctx, s.d.Params["qos"], true)
		s.d.Confirm("false failover")(short.Phrase(), nil)
	})
	s.step("Bring the old primary back", func(ctx SpecContext) {
		s.d.Confirm("the primary")(s.iris().CheckState(ctx, s.b, console.TypeFailover, console.StatusPrimary))
		s.forcedDown(ctx, s.a, s.b)
		s.works(s.iris().WaitHealthy(ctx))
		s.works(s.d.Switchover(ctx, s.b, s.a))
		s.d.ConfirmServed(ctx)
		s.works(s.iris().WaitHealthy(ctx))
	})
	s.step("Raise the QoS timeout", func(ctx SpecContext) {
		longer, err := time.ParseDuration(s.d.Params["longer"])
		s.works(err)
		s.d.Confirm("changed by")(s.iris().AdjustQoS(ctx, s.a, longer))
	})
	s.step("The same pause again", func(ctx SpecContext) {
		long := s.pause(ctx, s.d.Params["longer"], false)
		s.d.Confirm("the same pause under both")(phrase.Join([]phrase.Phrase{short.Phrase(), long.Phrase()}, "; "), nil)
	})
	s.step("Set the QoS timeout back", func(ctx SpecContext) {
		before, err := time.ParseDuration(s.d.Params["qos"])
		s.works(err)
		s.d.Confirm("changed by")(s.iris().AdjustQoS(ctx, s.a, before))
		s.works(s.iris().WaitHealthy(ctx))
	})
}

// pause pauses the primary's host, and makes sure that the backup takes over, or does not.
func (s *story) pause(ctx context.Context, qos string, takesOver bool) suffered {
	GinkgoHelper()
	pause, err := time.ParseDuration(s.d.Params["pause"])
	s.works(err)
	before, err := s.iris().Takeovers(ctx, s.b)
	s.works(err)
	frozen := fault.Freeze(s.a)
	s.works(s.d.Inject(ctx, frozen))
	h, _ := s.d.Health()
	began := h.LastAck
	s.works(wait.Duration(ctx, s.iris().Lasts(pause)))
	s.works(s.d.Heal(ctx, frozen))
	if takesOver {
		s.works(s.iris().WaitTakenOver(ctx, s.b))
	}
	s.d.ConfirmServed(ctx)
	h, _ = s.d.Health() // before anything else befalls the clients
	after, err := s.iris().Takeovers(ctx, s.b)
	s.works(err)
	taken := after > before
	Expect(taken).To(Equal(takesOver), "the backup has taken over")
	if !taken {
		s.works(s.iris().WaitHealthy(ctx))
	}
	return suffered{qos: qos, outage: max(0, h.BackAt-began), taken: taken}
}

// backupDown are the steps of a backup whose host goes down, and of a primary that is restarted
// meanwhile.
func (s *story) backupDown() {
	var down fault.Fault
	loseBackup := func(ctx context.Context) {
		down = fault.HostLoss(s.b)
		s.works(s.d.Inject(ctx, down))
		s.d.ConfirmServed(ctx)
	}
	s.step("The backup's host is down, and the primary is restarted", func(ctx SpecContext) {
		loseBackup(ctx)
		s.works(s.iris().StopInstance(ctx, s.a))
		s.works(s.iris().StartInstance(ctx, s.a))
		s.d.Confirm("the restarted primary")(s.iris().CheckNoRole(ctx, s.a))
		s.works(s.d.Heal(ctx, down))
		s.works(s.iris().StartAgent(ctx, s.b))
		s.works(s.iris().WaitTakenOver(ctx, s.a))
		s.d.ConfirmServed(ctx)
		s.works(s.d.Rejoin(ctx, s.b, s.a, driver.Rewind))
		s.works(s.iris().WaitHealthy(ctx))
	})
	s.step("Demote the backup before its host goes down", func(ctx SpecContext) {
		s.d.Confirm("the backup")(s.iris().CheckState(ctx, s.b, console.TypeFailover, console.StatusBackup))
		s.d.Confirm("demoted by")(s.iris().DemoteMember(ctx, s.b))
		loseBackup(ctx)
		s.works(s.iris().StopInstance(ctx, s.a))
		s.works(s.iris().StartServer(ctx, s.a))
		s.d.Confirm("the restarted primary")(s.iris().CheckState(ctx, s.a, console.TypeFailover, console.StatusPrimary))
		s.d.ConfirmServed(ctx)
	})
	s.step("Bring it back and promote it", func(ctx SpecContext) {
		s.works(s.d.Heal(ctx, down))
		s.works(s.iris().StartServer(ctx, s.b))
		found, err := s.iris().WaitState(ctx, s.b, console.TypeDisasterRecovery, console.StatusConnected)
		s.d.Confirm("after the start")(found, err)
		s.d.Confirm("promoted by")(s.iris().PromoteMember(ctx, s.b))
		s.works(s.iris().WaitHealthy(ctx))
	})
}
