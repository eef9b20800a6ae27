package driver_test

import (
	"context"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"slices"
	"strings"
	"testing"

	"drillbook/harness/driver"
)

// Every interface of this package is an ability, but for those that every product has,
// those of its sessions, and a site, which no drill asks for.
func TestAbilitiesAreTheInterfaces(t *testing.T) {
	want := interfaces(t)
	got := make([]string, 0, len(want))
	names := map[string]bool{}
	for _, a := range driver.Abilities() {
		got = append(got, a.Interface)
		if names[a.Name] {
			t.Errorf("two abilities are called %q", a.Name)
		}
		names[a.Name] = true
	}
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("abilities are %v\nand interfaces %v", got, want)
	}
}

func interfaces(t *testing.T) []string {
	t.Helper()
	own := func(f fs.FileInfo) bool { return !strings.HasSuffix(f.Name(), "_test.go") }
	//nolint:staticcheck // no types are needed
	pkgs, err := parser.ParseDir(token.NewFileSet(), ".", own, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	ast.Inspect(pkgs["driver"], func(n ast.Node) bool {
		if spec, ok := n.(*ast.TypeSpec); ok {
			_, ok := spec.Type.(*ast.InterfaceType)
			if ok && !slices.Contains([]string{"Driver", "Session", "Register", "Site"}, spec.Name.Name) {
				all = append(all, spec.Name.Name)
			}
		}
		return true
	})
	slices.Sort(all)
	return all
}

// switching is a driver that can switch over.
type switching struct{ driver.Driver }

func (switching) Switchover(context.Context, driver.Member, driver.Member) error { return nil }

func TestLacking(t *testing.T) {
	got := driver.Lacking(switching{}, []string{"switchover", "promote", "fly"})
	if !slices.Equal(got, []string{"promote", "fly"}) {
		t.Errorf("it lacks %v, want promote and what nobody can do", got)
	}
}
