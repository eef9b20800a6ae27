package postgres_test

import (
	"testing"

	"drillbook/scenarios/dsl"
	"drillbook/scenarios/postgres"
)

func TestScenarios(t *testing.T) {
	dsl.Test(t, dsl.Containers(), postgres.Scenarios()...)
}
