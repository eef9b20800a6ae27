package postgres

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"drillbook/fixtures/postgres"
	"drillbook/harness/driver"
	"drillbook/scenarios/dsl"
)

// PlannedSwitchover carries out runbooks/postgres/planned-switchover.md.
func PlannedSwitchover() dsl.Scenario {
	return dsl.Scenario{
		Runbook: "postgres/planned-switchover",
		Tier:    dsl.Smoke,
		Members: pair(),
		Driver:  byMode,
		Body: func(d *dsl.Drill) {
			s := &switchover{d: d}
			s.prepare()
			s.execute()
			s.finalCheck()
			s.failback()
		},
	}
}

// switchover holds what the steps share: the members by their original roles.
type switchover struct {
	d    *dsl.Drill
	a, b driver.Member
}

func (s *switchover) prepare() {
	d := s.d
	It(d.Step("Check the primary's resources and settings"), func(ctx SpecContext) {
		s.a, s.b = d.Pair(ctx)
		d.Confirm("resources")(postgres.CheckResources(ctx, s.a))
	}, SpecTimeout(dsl.StepLimit))

	It(d.Step("Check for alerts and errors"), func(ctx SpecContext) {
		d.Confirm("alerts")(postgres.CheckAlerts(ctx, s.a))
	}, SpecTimeout(dsl.StepLimit))

	It(d.Step("Check what starts by itself"), func(ctx SpecContext) {
		s.each(func(m driver.Member) { d.Confirm("autostart")(postgres.CheckAutostart(ctx, m)) })
	}, SpecTimeout(dsl.StepLimit))

	It(d.Step("Check the replication settings"), func(ctx SpecContext) {
		s.each(func(m driver.Member) { d.Confirm("settings")(postgres.CheckReplicationSettings(ctx, m)) })
	}, SpecTimeout(dsl.StepLimit))

	It(d.Step("Confirm that the standby is in sync"), func(ctx SpecContext) {
		d.ConfirmInSync(ctx, s.b, s.a)
	}, SpecTimeout(dsl.StepLimit))

	It(d.Step("Compare primary and standby"), func(ctx SpecContext) {
		same, err := postgres.Compare(ctx, s.a, s.b)
		d.Confirm("primary against standby")(same.String(), err)
	}, SpecTimeout(dsl.StepLimit))

	It(d.Step("Check the connectivity"), func(ctx SpecContext) {
		s.each(func(m driver.Member) {
			d.Confirm("network paths")(postgres.CheckNetworkPaths(ctx, m, d.Cluster.Members))
			d.Confirm("where clients are led")(postgres.CheckClientPath(ctx, m, s.a, d.Cluster.Members))
		})
	}, SpecTimeout(dsl.StepLimit))
}

func (s *switchover) execute() {
	d := s.d
	It(d.Step("Turn on statement logging"), func(ctx SpecContext) {
		Expect(postgres.LogStatements(ctx, s.a, true)).To(d.Succeed())
	}, SpecTimeout(dsl.StepLimit))

	It(d.Step("Switch over from a to b"), func(ctx SpecContext) {
		Expect(d.Switchover(ctx, s.a, s.b)).To(d.Succeed())
	}, SpecTimeout(dsl.StepLimit))

	It(d.Step("Run the functional validation tests on b"), func(ctx SpecContext) {
		d.ConfirmServed(ctx)
		d.Confirm("functional check")(postgres.CheckFunction(ctx, s.a, d.Cluster.Members))
	}, SpecTimeout(dsl.StepLimit))

	It(d.Step("Check the state of a"), func(ctx SpecContext) {
		d.ConfirmRole(ctx, s.a, driver.Standby)
		d.Confirm("writes on the standby")(postgres.CheckReadOnly(ctx, s.a))
	}, SpecTimeout(dsl.StepLimit))

	It(d.Step("Turn off statement logging"), func(ctx SpecContext) {
		s.each(func(m driver.Member) { Expect(postgres.LogStatements(ctx, m, false)).To(d.Succeed()) })
	}, SpecTimeout(dsl.StepLimit))
}

func (s *switchover) finalCheck() {
	d := s.d
	It(d.Step("Run the functional validation tests again"), func(ctx SpecContext) {
		d.Confirm("functional check")(postgres.CheckFunction(ctx, s.b, d.Cluster.Members))
	}, SpecTimeout(dsl.StepLimit))

	It(d.Step("Check the state of both members"), func(ctx SpecContext) {
		d.ConfirmRole(ctx, s.b, driver.Primary)
		d.ConfirmRole(ctx, s.a, driver.Standby)
	}, SpecTimeout(dsl.StepLimit))

	It(d.Step("Check the state of replication"), func(ctx SpecContext) {
		d.ConfirmInSync(ctx, s.a, s.b)
	}, SpecTimeout(dsl.StepLimit))

	It(d.Step("Check the clients' connections"), func(ctx SpecContext) {
		s.each(func(m driver.Member) {
			d.Confirm("where clients are led")(postgres.CheckClientPath(ctx, m, s.b, d.Cluster.Members))
		})
	}, SpecTimeout(dsl.StepLimit))
}

func (s *switchover) failback() {
	d := s.d
	It(d.Step("Turn on statement logging for the failback"), func(ctx SpecContext) {
		Expect(postgres.LogStatements(ctx, s.b, true)).To(d.Succeed())
	}, SpecTimeout(dsl.StepLimit))

	It(d.Step("Switch back from b to a"), func(ctx SpecContext) {
		Expect(d.Switchover(ctx, s.b, s.a)).To(d.Succeed())
		d.ConfirmServed(ctx)
		d.ConfirmRole(ctx, s.a, driver.Primary)
		d.ConfirmRole(ctx, s.b, driver.Standby)
		d.ConfirmInSync(ctx, s.b, s.a)
		s.each(func(m driver.Member) { Expect(postgres.LogStatements(ctx, m, false)).To(d.Succeed()) })
	}, SpecTimeout(dsl.StepLimit))
}

// each does something with both members.
func (s *switchover) each(do func(driver.Member)) {
	do(s.a)
	do(s.b)
}
