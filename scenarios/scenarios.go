// Package scenarios lists the products and what carries out their runbooks: one
// package for each product.
package scenarios

import (
	"drillbook/harness/host"
	"drillbook/scenarios/dm8"
	"drillbook/scenarios/dsl"
	"drillbook/scenarios/iris"
	"drillbook/scenarios/postgres"
)

// Products are all products.
func Products() []dsl.Product {
	return []dsl.Product{
		dm8.Product(),
		iris.Product(),
		postgres.Product(),
	}
}

// All are the scenarios of all products.
func All() []dsl.Scenario { return dsl.Scenarios(Products()...) }

// Images are what the drills of all products run from.
func Images() []host.Image { return dsl.Images(Products()...) }
