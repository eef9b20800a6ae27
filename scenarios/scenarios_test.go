package scenarios_test

import (
	"os"
	"slices"
	"strings"
	"testing"

	"drillbook/runbooks"
	"drillbook/scenarios"
	"drillbook/scenarios/dsl"
)

// Every product has runbooks, and every runbook a scenario.
func TestProducts(t *testing.T) {
	lib, err := runbooks.Load(runbooks.Embedded())
	if err != nil {
		t.Fatal(err)
	}
	if err := dsl.CheckProducts(lib, scenarios.Products()...); err != nil {
		t.Error(err)
	}
}

// What all products share comes last, and once.
func TestImagesAreThoseOfAllProducts(t *testing.T) {
	all := scenarios.Images()
	names := make([]string, 0, len(all))
	for _, img := range all {
		names = append(names, img.Name)
	}
	shared := len(names) - 2
	if shared < len(scenarios.Products()) || !slices.Equal(names[shared:], []string{"netadmin", "toxiproxy"}) {
		t.Errorf("images are %v, want one of each product and then netadmin, toxiproxy", names)
	}
	slices.Sort(names)
	if len(slices.Compact(names)) != shared+2 {
		t.Errorf("images are %v, want each once", names)
	}
}

// Of a product that the README tells of, it names all runbooks, or the page that does.
func TestREADMENamesEveryRunbook(t *testing.T) {
	for _, name := range []string{"../README.md", "../README.zh.md"} {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		readme := string(text)
		for _, p := range scenarios.Products() {
			if !strings.Contains(readme, "["+p.Name+"/") || strings.Contains(readme, "["+p.Name+"/…]") {
				continue
			}
			for _, s := range p.Scenarios {
				if !strings.Contains(readme, "["+s.Runbook+"](runbooks/"+s.Runbook) {
					t.Errorf("%s does not name %s", name, s.Runbook)
				}
			}
		}
	}
}
