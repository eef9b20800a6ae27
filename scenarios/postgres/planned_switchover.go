package postgres

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"drillbook/fixtures/postgres"
	"drillbook/harness/driver"
	"drillbook/harness/phrase"
	"drillbook/scenarios/dsl"
)

// PlannedSwitchover carries out runbooks/postgres/planned-switchover.md.
func PlannedSwitchover() dsl.Scenario {
	return dsl.Scenario{
		Runbook: "postgres/planned-switchover",
		Tier:    dsl.Smoke,
		Members: pair(),
		Driver:  byMode,
		Faults:  dsl.NoFaults,
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
		s.each(func(m driver.Member) { d.Confirm("autostart")(postgres.CheckAutostart(ctx, d.Cluster.Driver, m)) })
	}, SpecTimeout(dsl.StepLimit))

	It(d.Step("Check the replication settings"), func(ctx SpecContext) {
		s.each(func(m driver.Member) { d.Confirm("settings")(postgres.CheckReplicationSettings(ctx, m)) })
	}, SpecTimeout(dsl.StepLimit))

	It(d.Step("Confirm that the standby is in sync"), func(ctx SpecContext) {
		d.ConfirmInSync(ctx, s.b, s.a)
	}, SpecTimeout(dsl.StepLimit))

	s.compare()
	s.connect()
}

// compare answers the rows on consistency.
func (s *switchover) compare() {
	d := s.d
	const step = "Compare primary and standby"
	hosts := d.Row(step, "WAL, archive and other settings; scheduled jobs; foreign servers; users and roles")
	access := d.Row(step, "Access rules; pooler, proxy or web server")
	rows := []struct {
		row   dsl.Row
		topic postgres.Topic
	}{
		{hosts, postgres.OnHosts},
		{d.Row(step, "What starts by itself"), postgres.AtBoot},
		{d.Row(step, "Extensions and schemas"), postgres.Extensions},
		{d.Row(step, "Databases, tablespaces and where they lie"), postgres.Databases},
		{access, postgres.Access},
	}
	It(d.Step(step), func(ctx SpecContext) {
		same, err := postgres.Compare(ctx, s.a, s.b)
		Expect(err).To(d.Succeed())
		answers := make([]dsl.Answer, 0, len(rows)+2)
		for _, r := range rows {
			part := same.Of(r.topic)
			answers = append(answers,
				dsl.Answer{Row: r.row, What: r.topic.Phrase(), Found: part.Phrase(), Err: part.Check()})
		}
		d.ConfirmRows(append(answers,
			dsl.Unseen(hosts, phrase.Say("jobs outside of the database"), phrase.Say("users' own crontabs, "+
				"timers of systemd, schedulers of other hosts")),
			dsl.Unseen(access, phrase.Say("in front of the database"), phrase.Say("a pooler, proxy or web "+
				"server of the application")),
		)...)
	}, SpecTimeout(dsl.StepLimit))
}

// connect answers the rows on connectivity and on files.
func (s *switchover) connect() {
	d := s.d
	const step = "Check the connectivity"
	clients := d.Row(step, "Every external system names both members, never one alone")
	paths := d.Row(step, "Paths of files that are read or written")
	files := d.Row(step, "Files that the primary writes are on the standby too")
	It(d.Step(step), func(ctx SpecContext) {
		s.each(func(m driver.Member) {
			d.ConfirmRow(clients, "network paths")(postgres.CheckNetworkPaths(ctx, m, d.Cluster.Members))
			d.ConfirmRow(clients, "where clients are led")(client(d).CheckPath(ctx, m, s.a, d.Cluster.Members))
		})
		d.ConfirmRow(paths, "paths in the servers' settings")(postgres.ComparePaths(ctx, s.a, s.b))
		d.ConfirmRow(files, "what replication leaves out")(postgres.CheckUnreplicated(ctx, s.a))
		d.ConfirmRows(
			dsl.Unseen(clients, phrase.Say("other systems"), phrase.Say("the connection strings of those that "+
				"are no part of the drill")),
			dsl.Unseen(paths, phrase.Say("the application's paths"), phrase.Say("files that the application "+
				"reads or writes")),
			dsl.Unseen(files, phrase.Say("the application's files"), phrase.Say("what the application writes on "+
				"its hosts")),
		)
	}, SpecTimeout(dsl.StepLimit))
}

func (s *switchover) execute() {
	d := s.d
	It(d.Step("Turn on statement logging"), func(ctx SpecContext) {
		Expect(postgres.LogStatements(ctx, d.Cluster.Driver, s.a, true)).To(d.Succeed())
	}, SpecTimeout(dsl.StepLimit))

	It(d.Step("Switch over from a to b"), func(ctx SpecContext) {
		Expect(d.Switchover(ctx, s.a, s.b)).To(d.Succeed())
	}, SpecTimeout(dsl.StepLimit))

	It(d.Step("Run the functional validation tests on b"), func(ctx SpecContext) {
		d.ConfirmServed(ctx)
		d.Confirm("functional check")(client(d).CheckFunction(ctx, s.a, d.Cluster.Members))
	}, SpecTimeout(dsl.StepLimit))

	It(d.Step("Check the state of a"), func(ctx SpecContext) {
		d.ConfirmRole(ctx, s.a, driver.Standby)
		d.Confirm("writes on the standby")(postgres.CheckReadOnly(ctx, s.a))
	}, SpecTimeout(dsl.StepLimit))

	It(d.Step("Turn off statement logging"), func(ctx SpecContext) {
		s.each(func(m driver.Member) {
			Expect(postgres.LogStatements(ctx, d.Cluster.Driver, m, false)).To(d.Succeed())
		})
	}, SpecTimeout(dsl.StepLimit))
}

func (s *switchover) finalCheck() {
	d := s.d
	It(d.Step("Run the functional validation tests again"), func(ctx SpecContext) {
		d.Confirm("functional check")(client(d).CheckFunction(ctx, s.b, d.Cluster.Members))
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
			d.Confirm("where clients are led")(client(d).CheckPath(ctx, m, s.b, d.Cluster.Members))
		})
	}, SpecTimeout(dsl.StepLimit))
}

func (s *switchover) failback() {
	d := s.d
	It(d.Step("Turn on statement logging for the failback"), func(ctx SpecContext) {
		Expect(postgres.LogStatements(ctx, d.Cluster.Driver, s.b, true)).To(d.Succeed())
	}, SpecTimeout(dsl.StepLimit))

	It(d.Step("Switch back from b to a"), func(ctx SpecContext) {
		Expect(d.Switchover(ctx, s.b, s.a)).To(d.Succeed())
		d.ConfirmServed(ctx)
		d.ConfirmRole(ctx, s.a, driver.Primary)
		d.ConfirmRole(ctx, s.b, driver.Standby)
		d.ConfirmInSync(ctx, s.b, s.a)
		s.each(func(m driver.Member) {
			Expect(postgres.LogStatements(ctx, d.Cluster.Driver, m, false)).To(d.Succeed())
		})
	}, SpecTimeout(dsl.StepLimit))
}

// each does something with both members.
func (s *switchover) each(do func(driver.Member)) {
	do(s.a)
	do(s.b)
}
