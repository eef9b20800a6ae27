package drillbook_test

import (
	"encoding/json"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// A product is added as fixtures/README.md says, to a tree that the go command sees in
// place of this one: files of its own, and a change of two that were there before. Its
// drill is met, and the commands know it.
func TestAddingAProduct(t *testing.T) {
	tree, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	seen := withToy(t, tree)
	changed := slices.DeleteFunc(slices.Collect(maps.Keys(seen)), func(file string) bool {
		_, err := os.Stat(file)
		return err != nil
	})
	if len(changed) != 2 {
		t.Errorf("files that were there before are changed: %v, want two", changed)
	}
	overlay := filepath.Join(t.TempDir(), "overlay.json")
	text, err := json.Marshal(map[string]any{"Replace": seen})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(overlay, text, 0o600); err != nil {
		t.Fatal(err)
	}
	in := func(dir string, argv ...string) string {
		t.Helper()
		c := exec.CommandContext(t.Context(), argv[0], argv[1:]...)
		c.Dir, c.Env = dir, append(os.Environ(), "GOFLAGS=-overlay="+overlay)
		out, err := c.CombinedOutput()
		if err != nil {
			t.Errorf("%s: %v\n%s", strings.Join(argv, " "), err, out)
		}
		return string(out)
	}
	bin := t.TempDir()
	for _, tt := range []struct{ pkg, run, dir string }{
		{".", "^TestImportsPointDown$", tree},
		{"./scenarios", ".", filepath.Join(tree, "scenarios")},
		{"./scenarios/toy", ".", bin}, // whose own folder is not really there
	} {
		test := filepath.Join(bin, filepath.Base(tt.pkg)+".test")
		// Vet wants real folders, and a drill measures time.
		in(tree, "go", "test", "-c", "-vet=off", "-o", test, tt.pkg)
		in(tt.dir, test, "-test.run", tt.run, "-test.short="+strconv.FormatBool(testing.Short()))
	}
	if list := in(tree, "go", "run", "./cmd/drillbook", "list"); !strings.Contains(list, "toy/lost-primary") {
		t.Errorf("the command does not list the toy's runbook:\n%s", list)
	}
}

// withToy are the files of the tree with the toy, by where they are seen.
func withToy(t *testing.T, tree string) map[string]string {
	t.Helper()
	toy := filepath.Join(tree, "testdata", "toy")
	seen := map[string]string{}
	err := filepath.WalkDir(toy, func(file string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			seen[filepath.Join(tree, strings.TrimPrefix(file, toy))] = file
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	edited := t.TempDir()
	for file, edits := range map[string][]string{
		"scenarios/scenarios.go": {
			"\t\tpostgres.Product(),\n", "\t\tpostgres.Product(),\n\t\ttoy.Product(),\n",
			"/scenarios/postgres\"\n", "/scenarios/postgres\"\n\t\"drillbook/scenarios/toy\"\n",
		},
		"arch_test.go": {
			"\treturn []rule{\n", "\treturn []rule{\n" +
				"\t\t{\"fixtures/toy\", []string{\"fixtures/fake\", \"harness/driver\"}, \"\"},\n" +
				"\t\t{\"fixtures/toy/image\", []string{\"fixtures/images\", \"harness/host\"}, \"\"},\n" +
				"\t\t{\"scenarios/toy\", []string{\"scenarios/dsl\", \"fixtures/toy/...\", \"harness/...\", " +
				"\"github.com/onsi/...\"}, \"\"},\n",
		},
	} {
		text, err := os.ReadFile(filepath.Join(tree, file))
		if err != nil {
			t.Fatal(err)
		}
		made := string(text)
		for pair := range slices.Chunk(edits, 2) {
			if !strings.Contains(made, pair[0]) {
				t.Fatalf("%s has no line %q", file, pair[0])
			}
			made = strings.Replace(made, pair[0], pair[1], 1)
		}
		to := filepath.Join(edited, filepath.Base(file))
		if err := os.WriteFile(to, []byte(made), 0o600); err != nil {
			t.Fatal(err)
		}
		seen[filepath.Join(tree, file)] = to
	}
	return seen
}
