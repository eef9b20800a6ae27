package drillbook_test

import (
	"slices"
	"testing"
)

// A table that forbids nothing would pass every test.
func TestForbiddenImportsAreFound(t *testing.T) {
	for _, tt := range []struct {
		pkg, planted string
	}{
		{"harness/record", "drillbook/harness/measure"},
		{"harness/measure", "drillbook/harness/probe"},
		{"harness/drill", "drillbook/fixtures/fake"},
		{"harness/drill", "drillbook/scenarios/dsl"},
		{"harness/drill", "drillbook/reports"},
		{"harness/drill", "github.com/onsi/ginkgo/v2"},
		{"harness/cluster", "github.com/docker/docker/client"},
		{"harness/host/local", "drillbook/harness/host/container"},
		{"harness/link/cut", "github.com/Shopify/toxiproxy/v2/client"},
		{"harness/drivertest", "testing"},
		{"reports", "drillbook/harness/drill"},
		{"reports/results", "drillbook/reports/model"},
		{"reports/page", "drillbook/reports/table"},
		{"reports/junit", "drillbook/reports/words"},
		{"reports/table", "drillbook/harness/measure"},
		{"runbooks", "drillbook/harness/record"},
		{"fixtures/fake", "github.com/jackc/pgx/v5"},
		{"fixtures/standin/engine", "drillbook/fixtures/dm8/standin/state"},
		{"fixtures/dm8/standin/ini", "drillbook/fixtures/dm8/conf"},
		{"fixtures/iris/console", "drillbook/harness/host"},
		{"fixtures/iris/conf", "drillbook/fixtures/dm8/conf"},
		{"fixtures/dm8/standin/dminit", "drillbook/fixtures/dm8/standin/server"},
	} {
		i := slices.IndexFunc(rules(), func(r rule) bool { return r.pkg == tt.pkg })
		if i < 0 {
			t.Errorf("there is no rule for %s", tt.pkg)
			continue
		}
		if got := forbidden(rules()[i], []string{"context", tt.planted}); !slices.Equal(got, []string{tt.planted}) {
			t.Errorf("forbidden imports of %s = %v, want %s", tt.pkg, got, tt.planted)
		}
	}
}
