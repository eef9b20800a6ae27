package postgres_test

import (
	"testing"

	"drillbook/scenarios/dsl"
	"drillbook/scenarios/postgres"
)

// brief are parameters with which drills show the same in less time: what is done
// for a while is done for long enough to be seen, and rows still come in batches.
func brief() map[string]map[string]string {
	return map[string]map[string]string{
		"postgres/half-open":            {"hold": "2s"},
		"postgres/slow-network":         {"hold": "2s"},
		"postgres/wrong-order-shutdown": {"hold": "1s"},
		"postgres/sync-check":           {"rows": "250000"},
	}
}

func TestScenarios(t *testing.T) {
	all, briefly := postgres.Product().All(), brief()
	for i, sc := range all {
		all[i].Params = briefly[sc.Runbook]
		delete(briefly, sc.Runbook)
	}
	if len(briefly) > 0 {
		t.Errorf("there are no scenarios of %v", briefly)
	}
	dsl.Test(t, dsl.Containers(), dsl.Due(all)...)
}
