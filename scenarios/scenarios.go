// Package scenarios lists the products and what carries out their runbooks: one
// package for each product.
package scenarios

import (
	"drillbook/harness/host"
	"drillbook/runbooks"
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

// For are the scenarios that carry out the runbooks of a library: those of all products, and
// those of its own pages.
func For(lib runbooks.Library) []dsl.Scenario {
	all := All()
	for _, p := range Products() {
		all = append(all, p.Pages(lib)...)
	}
	return all
}

// Images are what the drills of all products run from.
func Images() []host.Image { return dsl.Images(Products()...) }
