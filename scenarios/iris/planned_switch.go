package iris

import (
	"context"
	"time"

	. "github.com/onsi/ginkgo/v2"

	"drillbook/fixtures/iris"
	"drillbook/fixtures/iris/conf"
	"drillbook/harness/driver"
	"drillbook/harness/phrase"
	"drillbook/scenarios/dsl"
)

// PlannedSwitch carries out runbooks/iris/planned-switch-and-failback.md.
func PlannedSwitch() dsl.Scenario {
	return scenario("iris/planned-switch-and-failback", dsl.Smoke, plannedSwitch)
}

func plannedSwitch(s *story) {
	s.primaryRows()
	s.compareRows()
	s.connectivityRows()
	s.switchRows()
	s.finalRows()
	s.failbackRows()
}

// primaryRows are those of the primary's settings and state.
func (s *story) primaryRows() {
	const step = "Check the primary failover member"
	resources := s.d.Row(step, "Memory, advanced memory, disks, databases")
	alerts := s.d.Row(step, "Alerts and errors in dashboards and monitors")
	productions := s.d.Row(step, "Productions start by themselves")
	settings := s.d.Row(step, "Mirror settings")
	state := s.d.Row(step, "Mirror state")
	s.step(step, func(ctx SpecContext) {
		s.a, s.b = s.d.Pair(ctx)
		s.works(s.iris().WaitHealthy(ctx))
		i := s.iris()
		s.d.ConfirmRows(
			answer(resources, phrase.Say("resources"))(i.CheckResources(ctx, s.a)),
			answer(alerts, phrase.Say("alerts"))(s.alerts(ctx)),
			answer(productions, phrase.Say("productions"))(i.CheckAutostart(ctx, s.a)),
			answer(settings, phrase.Say("settings of the mirror"))(i.CheckMirrorSettings(ctx)),
			answer(state, phrase.Say("state of the mirror"))(i.CheckHealthy(ctx)),
		)
	})
}

// answer is what a check found for a row.
func answer(row dsl.Row, what phrase.Phrase) func(found phrase.Phrase, err error) dsl.Answer {
	return func(found phrase.Phrase, err error) dsl.Answer {
		return dsl.Answer{Row: row, What: what, Found: found, Err: err}
	}
}

// alerts are those of both members.
func (s *story) alerts(ctx context.Context) (phrase.Phrase, error) {
	onA, err := s.iris().CheckAlerts(ctx, s.a)
	if err != nil {
		return onA, err
	}
	onB, err := s.iris().CheckAlerts(ctx, s.b)
	return phrase.Say("%s; %s", onA, onB), err
}

// compareRows are those of what a mirror does not copy.
func (s *story) compareRows() {
	const step = "Compare primary and backup"
	settings := s.d.Row(step, "Journal, tasks, SQL gateways, users, roles, resources")
	productions := s.d.Row(step, "Start of productions")
	schemas := s.d.Row(step, "HL7 v2, XML and other schemas")
	mappings := s.d.Row(step, "Global, package and routine mappings")
	web := s.d.Row(step, "CSP server")
	s.step(step, func(ctx SpecContext) {
		i := s.iris()
		s.d.ConfirmRows(
			answer(settings, phrase.Say("settings of both"))(i.CompareSettings(ctx, s.a, s.b)),
			answer(productions, phrase.Say("productions of both"))(i.CompareAutostart(ctx, s.a, s.b)),
			answer(schemas, phrase.Say("schemas of both"))(i.CompareSchemas(ctx, s.a, s.b)),
			answer(mappings, phrase.Say("mappings of both"))(i.CompareMappings(ctx, s.a, s.b)),
			answer(web, phrase.Say("web applications of both"))(i.CompareWebApplications(ctx, s.a, s.b)),
		)
	})
}

// connectivityRows are those of clients and files.
func (s *story) connectivityRows() {
	const step = "Check the connectivity"
	clients := s.d.Row(step, "External systems use the virtual address")
	paths := s.d.Row(step, "File paths are the same")
	files := s.d.Row(step, "Written files are synchronised")
	s.step(step, func(ctx SpecContext) {
		i := s.iris()
		s.d.ConfirmRows(
			answer(clients, phrase.Say("where clients are led"))(i.CheckClientAddresses(ctx, s.a)),
			answer(paths, phrase.Say("paths of both"))(i.ComparePaths(ctx, s.a, s.b, []string{iris.Data})),
			answer(files, phrase.Say("files of both"))(phrase.Phrase{}, phrase.Errorf("%w: what the application "+
				"writes to files, only its owner "+
				"knows: compare a list of your own", driver.ErrUnseen)),
		)
	})
}

// switchRows are those of the switch itself.
func (s *story) switchRows() {
	s.step("Turn on CACHETRM logging", func(ctx SpecContext) { s.log(ctx, s.a, s.b) })
	s.step("Switch from server01 to server02", func(ctx SpecContext) { s.change(ctx, s.a, s.b) })
	s.step("Run the functional validation tests on server02", func(ctx SpecContext) {
		s.d.ConfirmServed(ctx)
		s.d.Confirm("functional check")(s.iris().CheckFunction(ctx, s.b))
	})
	s.step("Check the state of server01", func(ctx SpecContext) {
		s.d.Confirm("server01")(s.iris().Down(ctx, s.a))
	})
	s.step("Start server01 again", func(ctx SpecContext) {
		s.works(s.d.Rejoin(ctx, s.a, s.b, driver.Rewind))
	})
}

// finalRows are those of the final check.
func (s *story) finalRows() {
	s.step("Run the TrakCare validation tests", func(ctx SpecContext) {
		s.d.Confirm("functional check")(s.iris().CheckFunction(ctx, s.b))
	})
	s.step("Check the state of both servers", func(ctx SpecContext) {
		for _, m := range []driver.Member{s.b, s.a} {
			i, err := s.iris().ListInstance(ctx, m)
			s.d.Confirm("%s", m.Name)(phrase.Say("%s, health %s, %s %s", i.Up, i.Health, i.Type, i.Status), err)
		}
	})
	s.step("Check the state of the mirror", func(ctx SpecContext) {
		s.d.Confirm("the mirror")(s.iris().AwaitHealthy(ctx))
		s.d.ConfirmInSync(ctx, s.a, s.b)
	})
	s.step("Check external connections and interfaces", func(ctx SpecContext) {
		s.d.ConfirmServed(ctx)
		s.d.ConfirmSeen("where clients are led")(s.iris().CheckClientAddresses(ctx, s.b))
	})
}

// failbackRows bring the first roles back.
func (s *story) failbackRows() {
	s.step("Turn on CACHETRM logging for the failback", func(ctx SpecContext) { s.log(ctx, s.a, s.b) })
	s.step("Make server01 the primary again", func(ctx SpecContext) {
		s.change(ctx, s.b, s.a)
		s.d.ConfirmServed(ctx)
		s.works(s.d.Rejoin(ctx, s.b, s.a, driver.Rewind))
		s.final(ctx, s.a, s.b)
	})
}

// log says where what is typed from here on can be read.
func (s *story) log(ctx SpecContext, members ...driver.Member) {
	for _, m := range members {
		s.d.Confirm("console of %s", m.Name)(s.iris().StartLogging(ctx, m))
	}
}

// change moves the role of the primary in the way that the drill is about, and records how
// long the databases and the productions took.
func (s *story) change(ctx SpecContext, from, to driver.Member) {
	GinkgoHelper()
	s.expect(conf.PlannedSwitch)
	began := time.Now()
	var way phrase.Phrase
	err := s.d.ChangePrimary(ctx, to, func(ctx context.Context) (err error) {
		way, err = s.takeRole(ctx, from, to)
		return err
	})
	s.d.Confirm("way")(way, err)
	databases := time.Since(began)
	found, err := s.iris().WaitProductions(ctx, to)
	s.d.Confirm("productions")(phrase.Say("databases after %s; productions after %s: %s",
		databases.Round(time.Millisecond), time.Since(began).Round(time.Millisecond), found), err)
}

// takeRole is the procedure that the parameter names. It returns once the member is the
// primary.
func (s *story) takeRole(ctx context.Context, from, to driver.Member) (way phrase.Phrase, err error) {
	switch s.d.Params["how"] {
	case "try":
		return s.iris().TryToBePrimary(ctx, to)
	case "force":
		s.d.RecordFinding(phrase.Say("forcing a pair that is well"),
			phrase.Say("the guide has this entry for a primary that is down; some operations may be lost, and the "+
				"other member may have to be rebuilt"), nil)
		return s.iris().Force(ctx, to)
	}
	return phrase.Quote("iris stop"), s.iris().HandOver(ctx, from, to)
}
