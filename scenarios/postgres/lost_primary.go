package postgres

import (
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"drillbook/fixtures/postgres"
	"drillbook/harness/driver"
	"drillbook/harness/fault"
	"drillbook/scenarios/dsl"
)

// LostPrimary carries out runbooks/postgres/lost-primary.md.
func LostPrimary() dsl.Scenario {
	return dsl.Scenario{
		Runbook: "postgres/lost-primary",
		Tier:    dsl.Smoke,
		Members: pair(),
		Driver:  byModeAnd("hold"),
		Needs: func(params map[string]string) []dsl.Need {
			if hold, err := time.ParseDuration(params["hold"]); err == nil && hold > 0 {
				return []dsl.Need{dsl.Cuts} // which is how replication is held up
			}
			return nil
		},
		Body: lostPrimary,
	}
}

func lostPrimary(d *dsl.Drill) {
	var a, b driver.Member
	var lost, held fault.Fault

	It(d.Step("Confirm that the standby is in sync"), func(ctx SpecContext) {
		a, b = d.PairInSync(ctx)
	}, SpecTimeout(dsl.StepLimit))

	It(d.Step("The primary's host is lost"), func(ctx SpecContext) {
		hold, err := time.ParseDuration(d.Params["hold"])
		Expect(err).To(d.Succeed())
		if hold > 0 {
			held = d.HoldReplication(ctx, b, a, postgres.Port, hold)
		}
		lost = fault.HostLoss(a)
		Expect(d.Inject(ctx, lost)).To(d.Succeed())
	}, SpecTimeout(dsl.StepLimit))

	It(d.Step("Promote the standby"), func(ctx SpecContext) {
		Expect(d.Promote(ctx, b)).To(d.Succeed())
	}, SpecTimeout(dsl.StepLimit))

	It(d.Step("Confirm that the clients follow"), func(ctx SpecContext) {
		d.ConfirmServed(ctx)
		d.Confirm("where clients are led")(postgres.CheckClientPath(ctx, b, b, d.Cluster.Members))
	}, SpecTimeout(dsl.StepLimit))

	It(d.Step("Check that the application works"), func(ctx SpecContext) {
		d.Confirm("functional check")(postgres.CheckFunction(ctx, b, d.Cluster.Members))
	}, SpecTimeout(dsl.StepLimit))

	It(d.Step("Rejoin the old primary as a standby"), func(ctx SpecContext) {
		if held != nil {
			d.HealFault(ctx, held)
		}
		d.HealFault(ctx, lost)
		Expect(d.Rejoin(ctx, a, b, driver.Rewind)).To(d.Succeed())
	}, SpecTimeout(dsl.StepLimit))

	It(d.Step("Confirm that the pair is in sync"), func(ctx SpecContext) {
		d.ConfirmRole(ctx, b, driver.Primary)
		d.ConfirmRole(ctx, a, driver.Standby)
		d.ConfirmInSync(ctx, a, b)
	}, SpecTimeout(dsl.StepLimit))
}
