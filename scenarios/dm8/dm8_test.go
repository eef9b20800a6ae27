package dm8_test

import (
	"os"
	"slices"
	"strings"
	"testing"

	"drillbook/scenarios/dm8"
	"drillbook/scenarios/dsl"
)

// onlyEnv names the scenarios to carry out, by the ends of their names; without
// it those that are due are.
const onlyEnv = "DM8_ONLY"

func TestScenarios(t *testing.T) {
	all := dm8.Product().All()
	only := strings.Fields(os.Getenv(onlyEnv))
	if len(only) == 0 {
		dsl.Test(t, dsl.Containers(), dsl.Due(all)...)
		return
	}
	dsl.Test(t, dsl.Containers(), slices.DeleteFunc(all, func(s dsl.Scenario) bool {
		return !slices.ContainsFunc(only, func(end string) bool { return strings.HasSuffix(s.Runbook, end) })
	})...)
}
