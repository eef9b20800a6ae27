// Package toy carries out the runbook of the toy.
package toy

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"drillbook/fixtures/toy"
	"drillbook/fixtures/toy/image"
	"drillbook/harness/driver"
	"drillbook/harness/fault"
	"drillbook/harness/host"
	"drillbook/scenarios/dsl"
)

// Product is the toy.
func Product() dsl.Product {
	return dsl.Product{
		Name: "toy", Title: "Toy", Images: []host.Image{image.Server()},
		Scenarios: []dsl.Scenario{{
			Runbook: "toy/lost-primary", Tier: dsl.Smoke, Members: []string{"a", "b"}, Body: lostPrimary,
			Driver: func(map[string]string) (driver.Driver, error) { return toy.New(), nil },
		}},
	}
}

func lostPrimary(d *dsl.Drill) {
	var a, b driver.Member
	var lost fault.Fault
	It(d.Step("The primary is lost"), func(ctx SpecContext) {
		a, b = d.PairInSync(ctx)
		lost = fault.HostLoss(a)
		Expect(d.Inject(ctx, lost)).To(d.Succeed())
	}, SpecTimeout(dsl.StepLimit))
	It(d.Step("Promote the standby"), func(ctx SpecContext) {
		Expect(d.Promote(ctx, b)).To(d.Succeed())
		d.ConfirmServed(ctx)
		Expect(d.Heal(ctx, lost)).To(d.Succeed())
		Expect(d.Rejoin(ctx, a, b, driver.Rewind)).To(d.Succeed())
	}, SpecTimeout(dsl.StepLimit))
}
