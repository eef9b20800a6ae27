package drillbook_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strings"
	"testing"
)

// asksForShort reports whether a file leaves something out with -short.
func asksForShort(file string) (asks bool, err error) {
	parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
	if err != nil {
		return false, err
	}
	ast.Inspect(parsed, func(n ast.Node) bool {
		if s, ok := n.(*ast.SelectorExpr); ok {
			if of, ok := s.X.(*ast.Ident); ok {
				name := of.Name + "." + s.Sel.Name
				asks = asks || name == "testing.Short" || name == "dsl.Test"
			}
		}
		return true
	})
	return asks, nil
}

// leavesOut are all packages, and whether -short leaves out something of their tests.
func leavesOut(t *testing.T) map[string]bool {
	t.Helper()
	all := map[string]bool{}
	err := filepath.WalkDir(".", func(file string, e fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case e.IsDir() && e.Name() == "testdata":
			return fs.SkipDir
		case filepath.Ext(file) != ".go":
			return nil
		}
		asks, err := asksForShort(file)
		pkg := path.Join("drillbook", filepath.ToSlash(filepath.Dir(file)))
		if test := strings.HasSuffix(file, "_test.go"); test || !asks {
			all[pkg] = all[pkg] || asks
		} else if file != "scenarios/dsl/gotest.go" { // which is dsl.Test
			t.Errorf("%s asks for -short, and tools/test.sh does not know whose tests that is for", file)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// TestPartsAreAllTests: every package is in one part of tools/test.sh. Of those that CI leaves to
// make check, -short leaves nothing out; CI runs the other parts.
func TestPartsAreAllTests(t *testing.T) {
	out, err := exec.CommandContext(t.Context(), "tools/test.sh", "go", "list").CombinedOutput()
	if err != nil {
		t.Fatalf("tools/test.sh: %v\n%s", err, out)
	}
	parts, seen := map[string]string{}, map[string]bool{}
	for line := range strings.Lines(string(out)) {
		part, pkg, _ := strings.Cut(strings.TrimSpace(line), " ")
		if other := parts[pkg]; other != "" {
			t.Errorf("%s is in the parts %s and %s", pkg, other, part)
		}
		parts[pkg], seen[part] = part, true
	}
	for pkg, longer := range leavesOut(t) {
		if part := parts[pkg]; part == "" || (part == "units") == longer {
			t.Errorf("%s is in the part %q, and -short leaves something out of it: %t", pkg, part, longer)
		}
	}
	ci, err := os.ReadFile(".ci/run")
	if err != nil {
		t.Fatal(err)
	}
	for part := range seen {
		call := "make test PART=" + part
		if part == "units" {
			call = "make check"
		}
		if !strings.Contains(string(ci), call) {
			t.Errorf(".ci/run does not call %s", call)
		}
	}
}
