// Package postgres carries out the runbooks of PostgreSQL.
package postgres

import (
	"drillbook/fixtures/postgres"
	"drillbook/harness/driver"
	"drillbook/scenarios/dsl"
)

// Scenarios are all scenarios of PostgreSQL.
func Scenarios() []dsl.Scenario {
	return []dsl.Scenario{LostPrimary(), PlannedSwitchover()}
}

// pair is the usual cluster: a primary and a standby.
func pair() []string { return []string{"a", "b"} }

// byMode makes the driver for the parameter mode.
func byMode(params map[string]string) (driver.Driver, error) {
	return postgres.New(postgres.Config{Synchronous: params["mode"] == "sync"}), nil
}
