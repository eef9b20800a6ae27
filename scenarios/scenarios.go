// Package scenarios lists what carries out the runbooks: one package for each
// product.
package scenarios

import (
	"slices"

	"drillbook/scenarios/dm8"
	"drillbook/scenarios/dsl"
	"drillbook/scenarios/postgres"
)

// All are the scenarios of all products.
func All() []dsl.Scenario {
	return slices.Concat(dm8.Scenarios(), postgres.Scenarios())
}
