// Package postgres carries out the runbooks of PostgreSQL.
package postgres

import (
	"drillbook/fixtures/postgres"
	"drillbook/fixtures/postgres/image"
	"drillbook/harness/driver"
	"drillbook/harness/host"
	"drillbook/scenarios/dsl"
)

// Product is PostgreSQL.
func Product() dsl.Product {
	return dsl.Product{
		Name: "postgres", Title: "PostgreSQL", Images: []host.Image{image.Server()},
		ImageVariable: image.Variable, Params: params(), Own: adopt,
		Page: dsl.Scenario{Members: pair(), More: third, Driver: byMode}, PageUser: "postgres",
		Scenarios: []dsl.Scenario{
			LostPrimary(), PlannedSwitchover(), NetworkCut(), SyncCheck(),
			OrderedShutdown(), WrongOrderShutdown(), HalfOpen(), SlowNetwork(),
		},
	}
}

// pair is the usual cluster: a primary and a standby.
func pair() []string { return []string{"a", "b"} }

// byMode makes the driver for the parameter mode.
func byMode(params map[string]string) (driver.Driver, error) {
	return configured(params, postgres.Config{})
}

// byModeAnd does that, too, and makes sure that further parameters are durations.
func byModeAnd(durations ...string) func(map[string]string) (driver.Driver, error) {
	return func(params map[string]string) (driver.Driver, error) {
		if err := dsl.Durations(params, durations...); err != nil {
			return nil, err
		}
		return byMode(params)
	}
}
