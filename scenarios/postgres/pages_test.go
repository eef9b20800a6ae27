package postgres_test

import (
	"fmt"
	"strings"
	"testing"

	"drillbook/fixtures/postgres"
	"drillbook/fixtures/postgres/image"
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
		{"planned-switchover", "Check the connectivity", "paths.sh", postgres.PathsScript},
		{"planned-switchover", "Check the connectivity", "unreplicated.sh", postgres.UnreplicatedScript},
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

// TestPagesOfBothLanguages: what is tried by hand in English must be what people
// type who read Chinese, and whoever is asked for a password must know where it goes.
func TestPagesOfBothLanguages(t *testing.T) {
	lib, err := runbooks.Load(runbooks.Embedded())
	if err != nil {
		t.Fatal(err)
	}
	for _, book := range lib {
		if book.Product() != "postgres" {
			continue
		}
		elsewhere := false
		for _, step := range book.Steps {
			want := typed(step.Body.In("en"))
			elsewhere = elsewhere || strings.Contains(want, "host=")
			for _, lang := range runbooks.Languages() {
				if got := typed(step.Body.In(lang)); got != want {
					t.Errorf("%s: the commands are not those of the English page:\n%s", step.Where.In(lang), got)
				}
			}
		}
		for _, lang := range runbooks.Languages() {
			intro := book.Intro.In(lang)
			said := strings.Contains(intro, "`~/.pgpass`") && strings.Contains(intro, "`passfile=`")
			if elsewhere && !said {
				t.Errorf("%s (%s) connects to another host and does not say where a password goes", book.Name, lang)
			}
		}
	}
}

// typed are all commands of a step.
func typed(body string) string {
	var all strings.Builder
	for _, b := range blocks(body) {
		all.WriteString(b.commands)
	}
	return all.String()
}

// A person must know before the first step whether a page is for their server.
func TestPagesNameTheOldestVersion(t *testing.T) {
	lib, err := runbooks.Load(runbooks.Embedded())
	if err != nil {
		t.Fatal(err)
	}
	want := fmt.Sprintf("PostgreSQL %d", image.Oldest)
	for _, book := range lib {
		if !strings.HasPrefix(book.Name, "postgres/") {
			continue
		}
		for _, lang := range runbooks.Languages() {
			if !strings.Contains(book.Intro.In(lang), want) {
				t.Errorf("%s (%s): %q does not stand before the first step", book.Name, lang, want)
			}
		}
	}
}
