package iris_test

import (
	"os"
	"slices"
	"strings"
	"testing"

	"drillbook/scenarios/dsl"
	"drillbook/scenarios/iris"
)

// onlyEnv names the scenarios to carry out, by the ends of their names; without it those of
// the smoke tier are, as that tier has them: `make nightly PRODUCT=iris` carries out all.
const onlyEnv = "IRIS_ONLY"

func TestScenarios(t *testing.T) {
	only := strings.Fields(os.Getenv(onlyEnv))
	all := slices.DeleteFunc(iris.Product().All(), func(s dsl.Scenario) bool {
		if len(only) == 0 {
			return s.Tier != dsl.Smoke
		}
		return !slices.ContainsFunc(only, func(end string) bool { return strings.HasSuffix(s.Runbook, end) })
	})
	for i := range all {
		if len(only) == 0 && all[i].Runbook == "iris/network-cut" {
			all[i].Params = map[string]string{"case": "7"}
		}
	}
	dsl.Test(t, dsl.Containers(), all...)
}
