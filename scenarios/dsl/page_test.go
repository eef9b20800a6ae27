package dsl_test

import (
	"strings"
	"testing"

	"drillbook/scenarios/dsl"
)

// before, between and after are steps of the page that need no code.
const (
	runs = "\n~~~sh on=%\ntrue\n~~~\n"

	around = `---
rto: 5s
rpo: 10
source: "a test"
---
# A page

What it is about.

## 1. Before

It is looked at.
` + runs + `
## 2. First

Do the first thing.

## 3. Between

It is looked at.
` + runs + `
## 4. Second

Do the second thing.

## 5. After

It is looked at.

### A row

It is so.
` + runs
)

// on is a page whose commands are run on somebody.
func on(who string) string { return strings.ReplaceAll(around, "%", who) }

// TestPageSteps: steps with commands stand between those of the scenario, where the page has
// them.
func TestPageSteps(t *testing.T) {
	for _, tt := range []struct {
		name, page, user string
		body             func(*dsl.Drill)
		declare, check   string // what is wrong; "": nothing
	}{
		{"as they should be", on("b"), "db", body("First", "Second"), "", ""},
		{"on whoever is the primary", on("primary"), "db", body("First", "Second"), "", ""},
		{"on all", on("all"), "db", body("First", "Second"), "", ""},
		{"in another order", on("b"), "db", body("Second", "First"), "", "in another place than the runbook has it"},
		{
			"a step that the scenario has", on("b"), "db", body("First", "Between", "Second"), "",
			"fake/page.md:26: step \"3. Between\" is carried out by the scenario, which does not run",
		},
		{"on nobody", on("z"), "db", body("First", "Second"), "page.md:14: there is no member z: it may be a, b", ""},
		{"of a product without", on("b"), "", body("First", "Second"), "pages of fake have no commands", ""},
		{
			"by force", strings.Replace(on("b"), "true", "kill -9 1", 1), "db", body("First", "Second"),
			"fake/page.md:14: this ends a process", "",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			suite := dsl.NewSuite(dsl.Options{Library: libraryOf(t, tt.page), Trials: 1})
			sc := scenario("fake/page", onFake, tt.body)
			sc.PageUser = tt.user
			err := suite.Declare(sc)
			if err != nil || tt.declare != "" {
				if err == nil || !strings.Contains(err.Error(), tt.declare) || tt.declare == "" {
					t.Errorf("Declare = %v, want %q", err, tt.declare)
				}
				return
			}
			err = suite.Check()
			if (err == nil) != (tt.check == "") || err != nil && !strings.Contains(err.Error(), tt.check) {
				t.Errorf("Check = %v, want %q", err, tt.check)
			}
		})
	}
}

// TestPages: a runbook is carried out by its page alone if all of its steps have commands,
// and no scenario is of its name.
func TestPages(t *testing.T) {
	alone := strings.NewReplacer("Do the first thing.", "x\n"+runs, "Do the second thing.", "x\n"+runs, "%", "a")
	p := dsl.Product{Name: "fake", Page: scenario("", onFake, nil), PageUser: "db"}
	for name, tt := range map[string]struct {
		page string
		has  []dsl.Scenario
		want int
	}{
		"all have commands": {alone.Replace(around), nil, 1},
		"some have none":    {on("a"), nil, 0},
		"there is one":      {alone.Replace(around), []dsl.Scenario{scenario("fake/page", onFake, nil)}, 0},
	} {
		p.Scenarios = tt.has
		got := p.Pages(libraryOf(t, tt.page))
		if len(got) != tt.want || tt.want == 1 && (got[0].Runbook != "fake/page" || got[0].PageUser != "db") {
			t.Errorf("%s: %+v, want %d", name, got, tt.want)
		}
	}
}
