package dsl_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"drillbook/harness/drill"
	"drillbook/harness/host"
	"drillbook/scenarios/dsl"
)

func product(name string, all ...dsl.Scenario) dsl.Product {
	return dsl.Product{
		Name: name, Title: "A database", Images: []host.Image{{Name: name}}, Scenarios: all,
		Probe: drill.Probe{Writes: 25, Reply: time.Second},
	}
}

func TestCheckProducts(t *testing.T) {
	good := scenario("fake/page", onFake, body("First", "Second"))
	nameless := product("fake", good)
	nameless.Title = ""
	for _, tt := range []struct {
		name string
		all  []dsl.Product
		want string // "": nothing is wrong
	}{
		{"as it should be", []dsl.Product{product("fake", good)}, ""},
		{"two of one name", []dsl.Product{product("fake", good), product("fake", good)}, `two products "fake"`},
		{"without runbooks", []dsl.Product{product("fake", good), product("toy")}, "product toy has no scenario"},
		{
			"a runbook that is not there",
			[]dsl.Product{product("fake", good, scenario("fake/nowhere", onFake, nil))},
			"no such runbook: fake/nowhere",
		},
		{"of another product", []dsl.Product{product("toy", good)}, "fake/page is not of product toy"},
		{"a runbook without a scenario", []dsl.Product{product("fake")}, "fake/page is carried out by no scenario"},
		{"without a title", []dsl.Product{nameless}, "needs a name, a title and an image"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			err := dsl.CheckProducts(library(t), tt.all...)
			if tt.want == "" && err != nil {
				t.Errorf("CheckProducts = %v", err)
			}
			if tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
				t.Errorf("CheckProducts = %v, want %q", err, tt.want)
			}
		})
	}
}

// A product's probe is that of its scenarios, where they say nothing else.
func TestProductsProbe(t *testing.T) {
	quick := scenario("fake/page", onFake, nil)
	quick.Probe.Writes = 400
	all := dsl.Scenarios(product("fake", quick, scenario("fake/other", onFake, nil)))
	got := []float64{all[0].Probe.Writes, all[1].Probe.Writes}
	if !slices.Equal(got, []float64{400, 25}) || all[0].Probe.Reply != time.Second {
		t.Errorf("writes %v, reply %s, want the scenario's own and the product's", got, all[0].Probe.Reply)
	}
}
