package iris_test

import (
	"os"
	"slices"
	"strings"
	"testing"

	"drillbook/scenarios/dsl"
	"drillbook/scenarios/iris"
)

// onlyEnv names the scenarios to carry out, by the ends of their names; without it all
// are.
const onlyEnv = "IRIS_ONLY"

func TestScenarios(t *testing.T) {
	all := iris.Product().All()
	if only := strings.Fields(os.Getenv(onlyEnv)); len(only) > 0 {
		all = slices.DeleteFunc(all, func(s dsl.Scenario) bool {
			return !slices.ContainsFunc(only, func(end string) bool { return strings.HasSuffix(s.Runbook, end) })
		})
	}
	dsl.Test(t, dsl.Containers(), all...)
}
