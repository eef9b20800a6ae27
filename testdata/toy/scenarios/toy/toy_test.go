package toy_test

import (
	"context"
	"testing"

	fixture "drillbook/fixtures/toy"
	"drillbook/harness/driver"
	"drillbook/harness/host"
	"drillbook/harness/link"
	"drillbook/scenarios/dsl"
	"drillbook/scenarios/toy"
)

func TestScenarios(t *testing.T) {
	dsl.Test(t, dsl.Place{
		Name: "memory",
		Open: func(_ context.Context, _ string, d driver.Driver, _ func(string)) (host.Host, link.Network, error) {
			db := d.(*fixture.Driver)
			return db, db.Links(), nil
		},
	}, toy.Product().All()...)
}
