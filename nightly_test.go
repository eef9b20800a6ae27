package drillbook_test

import (
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestWhatTakesLongIsCalled: what go test leaves out unless a variable is set, a make
// target has, and every such target is called each night and told to contributors.
func TestWhatTakesLongIsCalled(t *testing.T) {
	read := func(file string) string {
		t.Helper()
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	setting := regexp.MustCompile(`DRILLBOOK_EVERY_[A-Z]+`)
	targets := map[string]string{} // that set a variable, with their recipes
	rule := regexp.MustCompile(`(?m)^([a-z-]+):.*\n((?:(?:\t|ifeq|else|endif).*\n)*)`)
	for _, m := range rule.FindAllStringSubmatch(read("Makefile"), -1) {
		if setting.MatchString(m[2]) {
			targets[m[1]] = m[2]
		}
	}
	err := filepath.WalkDir(".", func(file string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || filepath.Ext(file) != ".go" {
			return err
		}
		top, _, _ := strings.Cut(file, "/")
		for _, v := range setting.FindAllString(read(file), -1) {
			called := func(recipe string) bool {
				return strings.Contains(recipe, v+"=1") && (strings.Contains(recipe, "./"+filepath.Dir(file)) ||
					strings.Contains(recipe, "./"+top+"/..."))
			}
			if !slices.ContainsFunc(slices.Collect(maps.Values(targets)), called) {
				t.Errorf("%s: no make target sets %s there", file, v)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(targets) == 0 {
		t.Error("the Makefile sets no such variable")
	}
	nightly, told := read(".github/workflows/nightly.yml"), read("CONTRIBUTING.md")
	for name := range targets {
		listed := regexp.MustCompile(`(?m)^\s+target: \[.*\b` + name + `\b.*\]$`)
		if !listed.MatchString(nightly) {
			t.Errorf("no nightly job calls make %s", name)
		}
		if !strings.Contains(told, "`make "+name+"`") {
			t.Errorf("CONTRIBUTING.md does not say what make %s is for", name)
		}
	}
}
