package dsl_test

import (
	"context"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/onsi/ginkgo/v2"

	"drillbook/fixtures/fake"
	"drillbook/harness/driver"
	"drillbook/harness/host"
	"drillbook/harness/phrase"
	"drillbook/runbooks"
	"drillbook/scenarios/dsl"
)

const page = `---
rto: 5s
rpo: 10
source: "a test"
needs: [promote]
params:
  speed: {default: slow, allowed: [slow, fast]}
---
# A page

What it is about.

## 1. First

Do the first thing.

## 2. Second

Do the second thing.
`

// form is a page whose second step answers two rows of a form.
const form = page + `
### Files

They are the same.

### Jobs

They are the same.
`

func library(t *testing.T) runbooks.Library {
	t.Helper()
	return libraryOf(t, page)
}

func libraryOf(t *testing.T, page string) runbooks.Library {
	t.Helper()
	lib, err := runbooks.Load(fstest.MapFS{
		"fake/page.md":    {Data: []byte(page)},
		"fake/page.zh.md": {Data: []byte(page)},
	})
	if err != nil {
		t.Fatal(err)
	}
	return lib
}

func onFake(map[string]string) (driver.Driver, error) { return fake.New(fake.Config{}), nil }

// body is a scenario's body that does nothing in steps of these titles.
func body(titles ...string) func(*dsl.Drill) {
	return func(d *dsl.Drill) {
		for _, title := range titles {
			ginkgo.It(d.Step(title), func(ginkgo.SpecContext) {})
		}
	}
}

// answering is a body of both steps that names rows of the second one, or of another.
func answering(step string, rows ...string) func(*dsl.Drill) {
	return func(d *dsl.Drill) {
		for _, title := range rows {
			d.Row(step, title)
		}
		body("First", "Second")(d)
	}
}

func scenario(
	book string, drv func(map[string]string) (driver.Driver, error), body func(*dsl.Drill),
) dsl.Scenario {
	return dsl.Scenario{Runbook: book, Tier: dsl.Smoke, Members: []string{"a", "b"}, Driver: drv, Body: body}
}

// Ginkgo's tree is one for the whole process, so every suite of this test is
// only looked at, never run.
func TestCheck(t *testing.T) {
	for _, tt := range []struct {
		name string
		page string
		body func(*dsl.Drill)
		want string // "": nothing is wrong
	}{
		{"as the runbook has it", page, body("First", "Second"), ""},
		{"a title that is not there", page, body("First", "Sekond"), `has no step "Sekond"; it has "First", "Second"`},
		{
			"a step that nobody carries out", page, body("First"),
			`fake/page.md:17: step "2. Second" is carried out by no It`,
		},
		{
			"a step twice", page, body("First", "Second", "First"),
			`fake/page.md:13: step "1. First" is carried out twice`,
		},
		{"another order", page, body("Second", "First"), `in another place than the runbook has it`},
		{"rows as the runbook has them", form, answering("Second", "Jobs", "Files"), ""},
		{"a row twice", form, answering("Second", "Files", "Jobs", "Files"), ""},
		{
			"a row that nobody answers", form, answering("Second", "Files"),
			`fake/page.md:25: the row "Jobs" of step "2. Second" is answered by no check`,
		},
		{
			"a row that is not there", form, answering("Second", "Files", "Jobs", "Roles"),
			`fake/page.md:17: step "2. Second" has no row "Roles"; it has "Files", "Jobs"`,
		},
		{
			"a row of a step without any", page, answering("First", "Files"),
			`fake/page.md:13: step "1. First" has no row "Files"; it has none`,
		},
		{"a row of no step", form, answering("Third", "Files"), `has no step "Third"`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			suite := dsl.NewSuite(dsl.Options{Library: libraryOf(t, tt.page), Trials: 1})
			err := suite.Declare(scenario("fake/page", onFake, tt.body))
			if err != nil {
				t.Fatal(err)
			}
			err = suite.Check()
			if tt.want == "" && err != nil {
				t.Errorf("Check = %v", err)
			}
			if tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
				t.Errorf("Check = %v, want an error that contains %q", err, tt.want)
			}
		})
	}
}

// unable is a driver without any ability.
type unable struct{ driver.Driver }

func TestDeclareRefuses(t *testing.T) {
	for _, tt := range []struct {
		name   string
		book   string
		params map[string]string
		driver func(map[string]string) (driver.Driver, error)
		want   string
	}{
		{"an unknown runbook", "fake/nowhere", nil, onFake, "no such runbook: fake/nowhere; there are fake/page"},
		{"an unknown parameter", "fake/page", map[string]string{"sped": "fast"}, onFake, `has a parameter "sped"`},
		{"a value that is not allowed", "fake/page", map[string]string{"speed": "c"}, onFake, "it may be slow, fast"},
		{
			"a product that cannot", "fake/page", nil,
			func(map[string]string) (driver.Driver, error) { return unable{fake.New(fake.Config{})}, nil },
			`needs the abilities ["promote"], which fake database of goroutines lacks: give its driver`,
		},
		{
			"an auxiliary node with a member's name", "fake/page", nil,
			func(map[string]string) (driver.Driver, error) {
				plans := []driver.Auxiliary{{Spec: host.Spec{Name: "b"}, Duty: phrase.Say("arbiter")}}
				return fake.New(fake.Config{Auxiliaries: plans}), nil
			},
			`scenario fake/page: the auxiliary node for the arbiter needs a name of its own, not "b"`,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			suite := dsl.NewSuite(dsl.Options{Library: library(t), Trials: 1, Params: tt.params})
			err := suite.Declare(scenario(tt.book, tt.driver, body("First", "Second")))
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("Declare = %v, want an error that contains %q", err, tt.want)
			}
		})
	}
}

// TestParams: what a run is told outweighs what a scenario says, and that the page.
func TestParams(t *testing.T) {
	slow, fast := map[string]string{"speed": "slow"}, map[string]string{"speed": "fast"}
	for _, tt := range []struct {
		name         string
		scenario, of map[string]string
		want         string // or what the error contains
	}{
		{"the page's", nil, nil, "slow"},
		{"the scenario's", fast, nil, "fast"},
		{"the run's", fast, slow, "slow"},
		{"one that the page lacks", map[string]string{"sped": "fast"}, nil, `has no parameter "sped"`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := ""
			sc := scenario("fake/page", func(params map[string]string) (driver.Driver, error) {
				got = params["speed"]
				return fake.New(fake.Config{}), nil
			}, body("First", "Second"))
			sc.Params = tt.scenario
			suite := dsl.NewSuite(dsl.Options{Library: library(t), Trials: 1, Params: tt.of})
			if err := suite.CheckOptions(sc); err != nil {
				got = err.Error()
			}
			if !strings.Contains(got, tt.want) {
				t.Errorf("speed is %q, want %q", got, tt.want)
			}
		})
	}
}

// TestMoreMembers: the values of parameters say which members there are besides.
func TestMoreMembers(t *testing.T) {
	for speed, want := range map[string]string{"slow": "", "fast": "arbiter needs a name of its own"} {
		sc := scenario("fake/page", func(map[string]string) (driver.Driver, error) {
			plans := []driver.Auxiliary{{Spec: host.Spec{Name: "c"}, Duty: phrase.Say("arbiter")}}
			return fake.New(fake.Config{Auxiliaries: plans}), nil
		}, body("First", "Second"))
		sc.More = func(params map[string]string) []string {
			if params["speed"] == "fast" {
				return []string{"c"} // which is the arbiter's name
			}
			return nil
		}
		suite := dsl.NewSuite(dsl.Options{Library: library(t), Trials: 1, Params: map[string]string{"speed": speed}})
		err := suite.Declare(sc)
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("speed=%s: Declare = %v, want %q", speed, err, want)
		}
		if len(sc.Members) != 2 {
			t.Errorf("the scenario has members %v afterwards", sc.Members)
		}
	}
}

// TestPlaceFindsWhatItLacks: what a place lacks is found out for scenarios that may
// need it, and they are skipped, saying why.
func TestPlaceFindsWhatItLacks(t *testing.T) {
	looked := 0
	place := dsl.Place{
		Name: "faraway", Lacks: map[dsl.Need]string{dsl.Disks: "there are none"},
		Look: func(context.Context) (map[dsl.Need]string, error) {
			looked++
			return map[dsl.Need]string{dsl.ClientsBeside: "everybody is far away"}, nil
		},
	}
	plain := scenario("fake/page", onFake, body("First", "Second"))
	direct := plain
	direct.DirectOverPrivate = true
	for _, tt := range []struct {
		name   string
		sc     dsl.Scenario
		looked int
		why    string
	}{
		{"a scenario that asks the members as clients do", plain, 0, ""},
		{
			"a scenario that dials members over the private network", direct, 1,
			"needs clients beside the members, and on a faraway host everybody is far",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			looked = 0
			p, err := place.WithLacks(t.Context(), tt.sc)
			if err != nil {
				t.Fatal(err)
			}
			if looked != tt.looked || p.Lacks[dsl.Disks] == "" || len(place.Lacks) != 1 {
				t.Errorf("looked %d times, then it lacks %v, at first %v", looked, p.Lacks, place.Lacks)
			}
			suite := dsl.NewSuite(dsl.Options{Library: library(t), Place: p, Trials: 1})
			if err := suite.Declare(tt.sc); err != nil {
				t.Fatal(err)
			}
			skipped := suite.Skipped()
			if (len(skipped) == 1) != (tt.why != "") || tt.why != "" && !strings.Contains(skipped[0].Why, tt.why) {
				t.Errorf("skipped = %v, want %q", skipped, tt.why)
			}
		})
	}
}
