package postgres

import (
	"context"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"drillbook/fixtures/postgres"
	"drillbook/harness/driver"
	"drillbook/harness/fault"
	"drillbook/harness/phrase"
	"drillbook/scenarios/dsl"
)

// NetworkCut carries out runbooks/postgres/network-cut.md.
func NetworkCut() dsl.Scenario {
	return dsl.Scenario{
		Runbook:           "postgres/network-cut",
		Tier:              dsl.Nightly,
		Members:           pair(),
		DirectOverPrivate: true,
		Needs:             dsl.Always(dsl.Cuts),
		Faults: func(ctx context.Context, f dsl.Foreseen) ([]dsl.StepFault, error) {
			cut, err := f.CutOff(ctx, f.Primary, f.Standbys[0])
			return []dsl.StepFault{{Step: "The primary's network is cut", Fault: cut}}, err
		},
		Driver: func(params map[string]string) (driver.Driver, error) {
			if err := dsl.Durations(params, "apart"); err != nil {
				return nil, err
			}
			if apart, err := time.ParseDuration(params["apart"]); err != nil || apart <= 0 {
				return nil, phrase.Errorf("apart=%s is no positive duration such as 2s", params["apart"])
			}
			return byMode(params)
		},
		Body: func(d *dsl.Drill) {
			c := &networkCut{d: d}
			c.split()
			c.repair()
		},
	}
}

// networkCut holds what the steps share: the members by their original roles.
type networkCut struct {
	d    *dsl.Drill
	a, b driver.Member
	cut  fault.Fault
}

func (c *networkCut) split() {
	d := c.d
	It(d.Step("Confirm that the standby is in sync"), func(ctx SpecContext) {
		c.a, c.b = d.PairInSync(ctx)
	}, SpecTimeout(dsl.StepLimit))

	It(d.Step("The primary's network is cut"), func(ctx SpecContext) {
		c.cut = d.CutOff(ctx, c.a, c.b, c.d.Cluster.Driver.Product().Port)
		d.Confirm("who reaches whom")(postgres.CheckCutOff(ctx, d.Cluster.Members))
	}, SpecTimeout(dsl.StepLimit))

	It(d.Step("Take over on the standby"), func(ctx SpecContext) {
		Expect(d.Promote(ctx, c.b)).To(d.Succeed())
	}, SpecTimeout(dsl.StepLimit))

	It(d.Step("Find out who takes writes"), func(ctx SpecContext) {
		d.ConfirmServed(ctx)
		apart, err := time.ParseDuration(d.Params["apart"])
		Expect(err).To(d.Succeed())
		d.CheckWhoWrites(ctx, c.a, c.b, apart)
	}, SpecTimeout(dsl.StepLimit))

	It(d.Step("The network heals"), func(ctx SpecContext) {
		d.HealFault(ctx, c.cut)
	}, SpecTimeout(dsl.StepLimit))

	It(d.Step("Recognise the split"), func(ctx SpecContext) {
		d.ConfirmRole(ctx, c.a, driver.Primary)
		d.ConfirmRole(ctx, c.b, driver.Primary)
		d.Confirm("two histories")(postgres.CheckSplit(ctx, c.a, c.b))
	}, SpecTimeout(dsl.StepLimit))
}

func (c *networkCut) repair() {
	d := c.d
	It(d.Step("Stop the writes on the old primary"), func(ctx SpecContext) {
		Expect(postgres.StopWrites(ctx, c.a)).To(d.Succeed())
		d.Confirm("writes on the old primary")(postgres.CheckReadOnly(ctx, c.a))
		d.ConfirmServed(ctx)
		d.Confirm("where clients are led")(client(d).CheckPath(ctx, c.b, c.b, d.Cluster.Members))
	}, SpecTimeout(dsl.StepLimit))

	It(d.Step("Save what only the old primary holds"), func(ctx SpecContext) {
		d.SaveDiverged(ctx, c.a, c.b)
	}, SpecTimeout(dsl.StepLimit))

	It(d.Step("Rebuild the old primary as a standby"), func(ctx SpecContext) {
		Expect(postgres.Stop(ctx, c.a)).To(d.Succeed())
		way := driver.Rewind
		if d.Params["way"] == "pg_basebackup" {
			way = driver.Rebuild
		}
		Expect(d.Rejoin(ctx, c.a, c.b, way)).To(d.Succeed())
	}, SpecTimeout(dsl.StepLimit))

	It(d.Step("Confirm that the pair is in sync"), func(ctx SpecContext) {
		d.ConfirmRole(ctx, c.b, driver.Primary)
		d.ConfirmRole(ctx, c.a, driver.Standby)
		d.ConfirmInSync(ctx, c.a, c.b)
		d.ConfirmServed(ctx)
	}, SpecTimeout(dsl.StepLimit))
}
