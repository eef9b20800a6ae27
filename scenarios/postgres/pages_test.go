package postgres_test

import (
	"strings"
	"testing"

	"drillbook/fixtures/postgres"
	"drillbook/runbooks"
)

// A person who follows a page must run the very scripts that the drill runs.
func TestPagesHaveTheScripts(t *testing.T) {
	lib, err := runbooks.Load(runbooks.Embedded())
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ book, step, name, script string }{
		{"network-cut", "Save what only the old primary holds", "salvage.sh", postgres.SalvageScript},
		{"sync-check", "Compare primary and standby", "consistency.sh", postgres.ConsistencyScript},
	} {
		book, err := lib.Get("postgres/" + tt.book)
		if err != nil {
			t.Fatal(err)
		}
		step, err := book.Step(tt.step)
		if err != nil {
			t.Fatal(err)
		}
		script := "    " + strings.ReplaceAll(strings.TrimSpace(tt.script), "\n", "\n    ")
		for _, lang := range runbooks.Languages() {
			if !strings.Contains(step.Body.In(lang), script) {
				t.Errorf("%s: the script differs from fixtures/postgres/%s", step.Where.In(lang), tt.name)
			}
		}
	}
}
