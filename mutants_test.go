package drillbook_test

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"drillbook/fixtures/postgres/image"
	"drillbook/harness/host/local"
)

// copyOfTree copies what git knows of, or would.
func copyOfTree(t *testing.T) string {
	t.Helper()
	list, err := exec.CommandContext(t.Context(),
		"git", "ls-files", "-z", "--cached", "--others", "--exclude-standard").Output()
	if err != nil {
		t.Fatalf("list the files of this tree: %v", err)
	}
	tree := t.TempDir()
	for name := range strings.SplitSeq(strings.TrimRight(string(list), "\x00"), "\x00") {
		if err := copyFile(name, filepath.Join(tree, name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			t.Fatal(err)
		}
	}
	return tree
}

func copyFile(from, to string) error {
	info, err := os.Stat(from)
	if err != nil {
		return err
	}
	text, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return err
	}
	return os.WriteFile(to, text, info.Mode().Perm())
}

// TestMutantsApply: every patch fits the tree and names tests that are there.
func TestMutantsApply(t *testing.T) {
	all, err := readMutants(mutants)
	if err != nil {
		t.Fatal(err)
	}
	root, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range all {
		if err := m.apply(t.Context(), root, "--check"); err != nil {
			t.Errorf("%s: %v", m.name, err)
		}
		for _, test := range m.tests {
			if err := test.exists(root); err != nil {
				t.Errorf("%s: %v", m.name, err)
			}
		}
	}
}

// TestMutantsThatDocumentsName: what a reader is told to run is there.
func TestMutantsThatDocumentsName(t *testing.T) {
	named := regexp.MustCompile(`make mutants ONLY="?([a-z0-9-]+)`)
	for _, doc := range []string{"README.md", "README.zh.md", "CONTRIBUTING.md", "docs/dm8.md", "docs/dm8.zh.md"} {
		text, err := os.ReadFile(doc)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range named.FindAllStringSubmatch(string(text), -1) {
			if _, err := os.Stat(filepath.Join(mutants, m[1]+".patch")); err != nil {
				t.Errorf("%s: there is no mutant %s: %v", doc, m[1], err)
			}
		}
	}
}

// TestMutants runs the mutants that MUTANTS names, or all of them: `make mutants`.
func TestMutants(t *testing.T) {
	names := strings.Fields(os.Getenv("MUTANTS"))
	if len(names) == 0 {
		t.Skip("MUTANTS names none: `make mutants` runs them all, which takes minutes")
	}
	found, err := readMutants(mutants)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(names, []string{"all"}) {
		for _, name := range names {
			if !slices.ContainsFunc(found, func(m mutant) bool { return m.name == name }) {
				t.Errorf("there is no %s/%s.patch", mutants, name)
			}
		}
		found = slices.DeleteFunc(found, func(m mutant) bool { return !slices.Contains(names, m.name) })
	}
	tree := copyOfTree(t)
	for _, m := range found {
		t.Run(m.name, func(t *testing.T) {
			if has := postgresHere(t); m.postgres != "" && m.postgres != has {
				t.Skipf("not tried: it needs PostgreSQL %s on this machine, which has version %q", m.postgres, has)
			}
			if err := m.try(t.Context(), tree); err != nil {
				t.Error(err)
			}
		})
	}
}

// postgresHere is the major version of PostgreSQL that members run from here, "" if
// there is none.
func postgresHere(t *testing.T) string {
	t.Helper()
	found, err := local.Find(image.Server())
	if err != nil {
		return ""
	}
	out, err := exec.CommandContext(t.Context(), filepath.Join(found.Folder, "postgres"), "--version").Output()
	if err != nil {
		t.Fatal(err)
	}
	m := regexp.MustCompile(`\) (\d+)`).FindStringSubmatch(string(out))
	if m == nil {
		t.Fatalf("postgres --version says %q", out)
	}
	return m[1]
}

// TestMutantRunner: the runner believes no patch that proves nothing.
func TestMutantRunner(t *testing.T) {
	const head = "--- a/sum.go\n+++ b/sum.go\n@@ -1,3 +1,3 @@\n package sum\n \n"
	const old = "-func Sum(a, b int) int { return a + b }\n"
	files := map[string]string{
		"go.mod": "module sum\n\ngo 1.26\n",
		"sum.go": "package sum\n\nfunc Sum(a, b int) int { return a + b }\n",
		"sum_test.go": `package sum

import "testing"

func TestSum(t *testing.T) {
	if Sum(1, 2) != 3 {
		t.Fail()
	}
}

func TestWrong(t *testing.T) { t.Fail() }

func TestSkipped(t *testing.T) { t.Skip() }
`,
	}
	tree := t.TempDir()
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(tree, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, tt := range []struct {
		name, test, line, want string
	}{
		{"found", "TestSum", "+func Sum(a, b int) int { return a - b }\n", ""},
		{"not found", "TestSum", "+func Sum(a, b int) int { return b + a }\n", "it passes with the patch"},
		{"no program", "TestSum", "+func Sum(a, b int) int { return c }\n", "does not compile with the patch"},
		{"another tree", "TestSum", " func Product() {}\n", "does not apply"},
		{"fails anyway", "TestWrong", "+func Sum(a, b int) int { return a - b }\n", "it fails without the patch"},
		{"is skipped", "TestSkipped", "+func Sum(a, b int) int { return a - b }\n", "all were skipped"},
		{"no such test", "TestOther", "+func Sum(a, b int) int { return a - b }\n", "no test ran"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			patch := "# test: go test ./ -run '^" + tt.test + "$' -count=1\n# words\n" + head + old + tt.line
			if err := os.WriteFile(filepath.Join(dir, "m.patch"), []byte(patch), 0o600); err != nil {
				t.Fatal(err)
			}
			read, err := readMutants(dir)
			if err != nil || len(read) != 1 || read[0].name != "m" {
				t.Fatalf("read %+v, %v, want the one patch", read, err)
			}
			err = read[0].try(t.Context(), tree)
			if (tt.want == "") != (err == nil) || err != nil && !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error = %v, want %q", err, tt.want)
			}
			if left, err := os.ReadFile(filepath.Join(tree, "sum.go")); err != nil || string(left) != files["sum.go"] {
				t.Errorf("the tree was left as %q, %v", left, err)
			}
			if err := read[0].tests[0].exists(tree); (err == nil) == (tt.test == "TestOther") {
				t.Errorf("whether %s exists: %v", tt.test, err)
			}
		})
	}
}

// A patch that says not what must fail proves nothing.
func TestMutantsMustNameTests(t *testing.T) {
	for _, patch := range []string{
		"", "--- a/x\n+++ b/x\n", "# test: make check\n", "# test: go test ./x -count=1\n", "# test: go test -run X\n",
		"# test: go test ./x -run '^X$'\n# needs: rain\n", "--- a/x\n# test: go test ./x -run '^X$'\n",
	} {
		if tests, _, err := readHead(patch); err == nil {
			t.Errorf("%q was read as %+v", patch, tests)
		}
	}
	got, version, err := readHead("# test: go test ./x -run '^A B$' -count=1\n# needs: engine\n" +
		"# needs: PostgreSQL 15\n# test: go test ./y -run \"^C$\"\n--- a/x\n")
	if err != nil || len(got) != 2 || got[0].run != "^A B$" || got[0].pkg != "./x" || got[1].run != "^C$" ||
		version != "15" {
		t.Errorf("tests = %+v, version %q, %v, want those of ./x and ./y, and 15", got, version, err)
	}
}
