package drillbook_test

import (
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// listed is a package as the go command lists it.
type listed struct {
	ImportPath string
	Doc        string
	Imports    []string // of the package itself, without its tests
	GoFiles    []string
}

// packages lists all packages of the module.
func packages(t *testing.T, dir string) []listed {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", "list", "-json=ImportPath,Doc,Imports,GoFiles", "./...")
	cmd.Dir = dir
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var all []listed
	for d := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p listed
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		if len(p.GoFiles) > 0 { // else it has only tests
			all = append(all, p)
		}
	}
}

func TestEveryPackageSaysWhatItIsFor(t *testing.T) {
	for _, p := range packages(t, ".") {
		if p.Doc == "" {
			t.Errorf("%s has no package comment", p.ImportPath)
		}
	}
}

// The harness is the same for every product, and says the name of none.
func TestHarnessNamesNoProduct(t *testing.T) {
	names := regexp.MustCompile(`(?i)postgres|\bpg_|dm8|dameng|\bdm(server|watcher|monitor)|iris|patroni`)
	err := filepath.WalkDir("harness", func(file string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || !strings.HasSuffix(file, ".go") || strings.HasSuffix(file, "_test.go") {
			return err
		}
		text, err := os.ReadFile(file)
		for n, line := range strings.Split(string(text), "\n") {
			if names.MatchString(line) {
				t.Errorf("%s:%d names a product: %s", file, n+1, strings.TrimSpace(line))
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
