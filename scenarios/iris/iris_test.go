package iris_test

import (
	"os"
	"slices"
	"strings"
	"testing"

	"drillbook/scenarios/dsl"
	"drillbook/scenarios/iris"
)

// onlyEnv names the scenarios to carry out, by the ends of their names; without it those that
// are due are.
const onlyEnv = "IRIS_ONLY"

func TestScenarios(t *testing.T) {
	only := strings.Fields(os.Getenv(onlyEnv))
	all := iris.Product().All()
	if len(only) > 0 {
		dsl.Test(t, dsl.Containers(), slices.DeleteFunc(all, func(s dsl.Scenario) bool {
			return !slices.ContainsFunc(only, func(end string) bool { return strings.HasSuffix(s.Runbook, end) })
		})...)
		return
	}
	all = dsl.Due(all)
	for i := range all {
		switch all[i].Runbook {
		case "iris/network-cut":
			all[i].Params = map[string]string{"case": "7"}
		case "iris/remove-mirror":
			all[i].Params = map[string]string{"told": "yes"}
		}
	}
	dsl.Test(t, dsl.Containers(), all...)
}
