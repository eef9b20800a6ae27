package postgres

import (
	"context"
	"errors"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"drillbook/fixtures/postgres"
	"drillbook/harness/driver"
	"drillbook/harness/fault"
	"drillbook/scenarios/dsl"
)

// OrderedShutdown carries out runbooks/postgres/ordered-shutdown.md.
func OrderedShutdown() dsl.Scenario {
	return dsl.Scenario{
		Runbook: "postgres/ordered-shutdown",
		Tier:    dsl.Nightly,
		Members: pair(),
		Driver:  byMode,
		Faults:  shutdownFaults,
		Body: func(d *dsl.Drill) {
			s := &shutdown{d: d}
			s.close()
			s.stop()
			s.start()
			s.open()
		},
	}
}

// shutdownFaults are the faults of a drill in which both members are stopped in order.
func shutdownFaults(_ context.Context, f dsl.Foreseen) ([]dsl.StepFault, error) {
	a, b := f.Primary, f.Standbys[0]
	closedA, err1 := f.RejectClients(a)
	closedB, err2 := f.RejectClients(b)
	downA, err3 := f.StopServer(a)
	downB, err4 := f.StopServer(b)
	return []dsl.StepFault{
		{Step: "Turn the clients away", Fault: closedA},
		{Step: "Turn the clients away", Fault: closedB},
		{Step: "Stop the primary", Fault: downA},
		{Step: "Stop the standby", Fault: downB},
	}, errors.Join(err1, err2, err3, err4)
}

// shutdown holds what the steps share.
type shutdown struct {
	d        *dsl.Drill
	a, b     driver.Member
	away     []fault.Fault // clients, of each member
	aDown    fault.Fault
	bDown    fault.Fault
	timeline int
}

func (s *shutdown) close() {
	d := s.d
	It(d.Step("Confirm that the standby is in sync"), func(ctx SpecContext) {
		s.a, s.b = d.PairInSync(ctx)
	}, SpecTimeout(dsl.StepLimit))

	It(d.Step("Stop whatever would take over or start by itself"), func(ctx SpecContext) {
		for _, m := range []driver.Member{s.a, s.b} {
			d.Confirm("who would act by himself")(postgres.CheckNoClusterManager(ctx, d.Cluster.Driver, m))
		}
	}, SpecTimeout(dsl.StepLimit))

	It(d.Step("Turn the clients away"), func(ctx SpecContext) {
		s.away = append(s.away, d.RejectClients(ctx, s.a), d.RejectClients(ctx, s.b))
	}, SpecTimeout(dsl.StepLimit))
}

func (s *shutdown) stop() {
	d := s.d
	It(d.Step("Stop the primary"), func(ctx SpecContext) {
		_, err := postgres.Psql(ctx, s.a, "CHECKPOINT")
		Expect(err).To(d.Succeed())
		s.aDown = d.StopServer(ctx, s.a)
	}, SpecTimeout(dsl.StepLimit))

	It(d.Step("Confirm that the standby has everything"), func(ctx SpecContext) {
		d.Confirm("the end of the primary")(postgres.CheckReceivedAll(ctx, s.a, s.b))
		c, err := postgres.ReadControl(ctx, s.a)
		Expect(err).To(d.Succeed())
		s.timeline = c.Timeline
	}, SpecTimeout(dsl.StepLimit))

	It(d.Step("Stop the standby"), func(ctx SpecContext) {
		s.bDown = d.StopServer(ctx, s.b)
		d.Confirm("the ends of both")(postgres.CheckStoppedOnSameTimeline(ctx, s.a, s.b))
	}, SpecTimeout(dsl.StepLimit))
}

func (s *shutdown) start() {
	d := s.d
	It(d.Step("Start the primary"), func(ctx SpecContext) {
		d.HealFault(ctx, s.aDown)
		d.Confirm("what a came up as")(postgres.CheckStarted(ctx, s.a, driver.Primary, s.timeline))
	}, SpecTimeout(dsl.StepLimit))

	It(d.Step("Start the standby"), func(ctx SpecContext) {
		d.HealFault(ctx, s.bDown)
		d.Confirm("what b came up as")(postgres.CheckStarted(ctx, s.b, driver.Standby, s.timeline))
	}, SpecTimeout(dsl.StepLimit))

	It(d.Step("Confirm that the standby has caught up"), func(ctx SpecContext) {
		d.Confirm("replication")(postgres.CheckCaughtUp(ctx, d.Cluster.Driver, s.b, s.a))
	}, SpecTimeout(dsl.StepLimit))
}

func (s *shutdown) open() {
	d := s.d
	It(d.Step("Let the clients in"), func(ctx SpecContext) {
		for _, f := range s.away {
			d.HealFault(ctx, f)
		}
		d.ConfirmServed(ctx)
		d.Confirm("where clients are led")(client(d).CheckPath(ctx, s.b, s.a, d.Cluster.Members))
	}, SpecTimeout(dsl.StepLimit))

	It(d.Step("Check that the application works and nothing is lost"), func(ctx SpecContext) {
		d.ConfirmRole(ctx, s.a, driver.Primary)
		d.ConfirmRole(ctx, s.b, driver.Standby)
		d.Confirm("functional check")(client(d).CheckFunction(ctx, s.b, d.Cluster.Members))
		d.ConfirmInSync(ctx, s.b, s.a)
	}, SpecTimeout(dsl.StepLimit))
}

// WrongOrderShutdown carries out runbooks/postgres/wrong-order-shutdown.md.
func WrongOrderShutdown() dsl.Scenario {
	return dsl.Scenario{
		Runbook: "postgres/wrong-order-shutdown",
		Tier:    dsl.Nightly,
		Members: pair(),
		Driver:  byModeAnd("hold"),
		Faults: func(_ context.Context, f dsl.Foreseen) ([]dsl.StepFault, error) {
			down, err := f.StopServer(f.Standbys[0])
			return []dsl.StepFault{{Step: "The standby is stopped first", Fault: down}}, err
		},
		Body: wrongOrder,
	}
}

func wrongOrder(d *dsl.Drill) {
	var a, b driver.Member
	var down fault.Fault

	It(d.Step("Confirm that the standby is in sync"), func(ctx SpecContext) {
		a, b = d.PairInSync(ctx)
	}, SpecTimeout(dsl.StepLimit))

	It(d.Step("The standby is stopped first"), func(ctx SpecContext) {
		down = d.StopServer(ctx, b)
		d.Hold(ctx, "the standby to have been away")
	}, SpecTimeout(dsl.StepLimit))

	It(d.Step("See whether commits wait"), func(ctx SpecContext) {
		d.Confirm("commits that wait")(postgres.CheckCommitsWait(ctx, a, d.Params["mode"] == "sync"))
	}, SpecTimeout(dsl.StepLimit))

	It(d.Step("Let commits go on"), func(ctx SpecContext) {
		d.HealFault(ctx, down)
	}, SpecTimeout(dsl.StepLimit))

	It(d.Step("Confirm that clients are served"), func(ctx SpecContext) {
		d.ConfirmServed(ctx)
	}, SpecTimeout(dsl.StepLimit))

	It(d.Step("Confirm that the pair is in sync"), func(ctx SpecContext) {
		d.ConfirmRole(ctx, a, driver.Primary)
		d.ConfirmRole(ctx, b, driver.Standby)
		d.ConfirmInSync(ctx, b, a)
	}, SpecTimeout(dsl.StepLimit))
}
