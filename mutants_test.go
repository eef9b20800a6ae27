package drillbook_test

import (
	"context"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"drillbook/fixtures/images"
	"drillbook/harness/host/local"
)

// mutants is the folder of the patches that take something out of drillbook again.
// The lines before the diff begin with #. At least one of them names a test, which
// passes, and fails once the diff is applied:
//
//	# test: go test ./harness/probe -run '^TestHangIsBounded$' -count=1
//
// What the tests need is said in a line `# needs: engine`, a container engine, or
// `# needs: PostgreSQL 15`, that version on this machine.
const mutants = "testdata/mutants"

// mutant is such a patch.
type mutant struct {
	name, file string // file is absolute
	tests      []mutantTest
	postgres   string // the version of PostgreSQL that they need, "" for any or none
}

// mutantTest is a test that fails because of a mutant.
type mutantTest struct {
	line string   // as it stands in the patch
	pkg  string   // such as ./harness/probe
	run  string   // the pattern behind -run
	args []string // of go
}

// readMutants reads all patches of a folder.
func readMutants(dir string) ([]mutant, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	files, err := filepath.Glob(filepath.Join(dir, "*.patch"))
	if err != nil {
		return nil, err
	}
	all := make([]mutant, 0, len(files))
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			return nil, err
		}
		m := mutant{name: strings.TrimSuffix(filepath.Base(f), ".patch"), file: f}
		if m.tests, m.postgres, err = readHead(string(text)); err != nil {
			return nil, fmt.Errorf("%s: %w", m.name, err)
		}
		all = append(all, m)
	}
	return all, nil
}

// readHead reads the lines before the diff.
func readHead(patch string) (tests []mutantTest, postgres string, err error) {
	for line := range strings.Lines(patch) {
		if !strings.HasPrefix(line, "#") {
			break
		}
		key, value, _ := strings.Cut(strings.TrimSpace(strings.TrimPrefix(line, "#")), ": ")
		switch value = strings.TrimSpace(value); {
		case key == "needs" && strings.HasPrefix(value, "PostgreSQL "):
			postgres = strings.TrimPrefix(value, "PostgreSQL ")
		case key == "needs" && value != "engine":
			return nil, "", fmt.Errorf("it needs %q: only engine and a version of PostgreSQL are known", value)
		case key == "test":
			test, err := testOf(value)
			if err != nil {
				return nil, "", err
			}
			tests = append(tests, test)
		}
	}
	if len(tests) == 0 {
		return nil, "", errors.New(`its first line must be "# test: go test ./the/package -run '^TestName$' -count=1"`)
	}
	return tests, postgres, nil
}

// word is one of a command line: in quotes, or without blanks.
var word = regexp.MustCompile(`'[^']*'|"[^"]*"|\S+`)

func testOf(line string) (mutantTest, error) {
	t := mutantTest{line: line}
	words := word.FindAllString(line, -1)
	for i, w := range words {
		words[i] = strings.Trim(w, `'"`)
	}
	if len(words) < 2 || words[0] != "go" || words[1] != "test" {
		return t, fmt.Errorf("%q is no call of go test", line)
	}
	t.args = words[1:]
	for i, w := range words {
		switch {
		case w == "-run" && i+1 < len(words):
			t.run = words[i+1]
		case w == "." || strings.HasPrefix(w, "./"):
			t.pkg = w
		}
	}
	if t.pkg == "" || t.run == "" {
		return t, fmt.Errorf("%q names no package or no test", line)
	}
	return t, nil
}

// exists reports whether the package in this tree has such a test.
func (t mutantTest) exists(tree string) error {
	top, _, _ := strings.Cut(t.run, "/")
	pattern, err := regexp.Compile(top)
	if err != nil {
		return err
	}
	files, err := filepath.Glob(filepath.Join(tree, t.pkg, "*_test.go"))
	if err != nil {
		return err
	}
	for _, f := range files {
		parsed, err := parser.ParseFile(token.NewFileSet(), f, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		for _, d := range parsed.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv == nil && strings.HasPrefix(fn.Name.Name, "Test") &&
				pattern.MatchString(fn.Name.Name) {
				return nil
			}
		}
	}
	return fmt.Errorf("%s has no test %s", t.pkg, t.run)
}

// apply applies the patch to a tree, or does what else the flags say.
func (m mutant) apply(ctx context.Context, tree string, flags ...string) error {
	args := append([]string{"apply", "--whitespace=nowarn"}, flags...)
	cmd := exec.CommandContext(ctx, "git", append(args, m.file)...)
	cmd.Dir = tree
	cmd.Env = append(os.Environ(), "GIT_CEILING_DIRECTORIES="+filepath.Dir(tree)) // a copy is no repository
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("the patch does not apply any more: make it anew: %w\n%s", err, out)
	}
	return nil
}

// try has every test of the mutant pass in a copy of the tree, and fail there once
// the patch is applied. It leaves the copy as it was.
func (m mutant) try(ctx context.Context, tree string) error {
	for _, t := range m.tests {
		if out, err := goIn(ctx, tree, append(slices.Clone(t.args), "-v")...); err != nil {
			return fmt.Errorf("%s: it fails without the patch: %w\n%s", t.line, err, out)
		} else if !regexp.MustCompile(`(?m)^--- PASS: `).MatchString(out) {
			return fmt.Errorf("%s: no test ran without the patch, or all were skipped\n%s", t.line, out)
		}
	}
	if err := m.apply(ctx, tree); err != nil {
		return err
	}
	found := m.found(ctx, tree)
	return errors.Join(found, m.apply(ctx, tree, "-R"))
}

// found is nil if every test finds the mutant that was applied.
func (m mutant) found(ctx context.Context, tree string) error {
	for _, t := range m.tests {
		if out, err := goIn(ctx, tree, "test", "-c", "-o", os.DevNull, t.pkg); err != nil {
			return fmt.Errorf("%s: it does not compile with the patch, which proves nothing: %w\n%s", t.pkg, err, out)
		}
		out, err := goIn(ctx, tree, append(slices.Clone(t.args), "-vet=off")...)
		if err == nil {
			return fmt.Errorf("%s: it passes with the patch\n%s", t.line, out)
		}
		if exit := (*exec.ExitError)(nil); !errors.As(err, &exit) || ctx.Err() != nil {
			return fmt.Errorf("%s: %w", t.line, err)
		}
	}
	return nil
}

// goIn runs the go command in a tree.
func goIn(ctx context.Context, tree string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir = tree
	// Packages of every copy share what was built of them.
	cmd.Env = append(os.Environ(), "GOFLAGS="+strings.TrimSpace(os.Getenv("GOFLAGS")+" -trimpath"), "MUTANTS=")
	out, err := cmd.CombinedOutput()
	return string(out), err
}

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
	found, err := local.Find(images.PostgreSQL())
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

// TestMutantsAreTried: the runner believes no patch that proves nothing.
func TestMutantsAreTried(t *testing.T) {
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
	got, version, err := readHead("# test: go test ./x -run '^A B$' -count=1\n# needs: engine\n# needs: PostgreSQL 15\n" +
		"# test: go test ./y -run \"^C$\"\n--- a/x\n")
	if err != nil || len(got) != 2 || got[0].run != "^A B$" || got[0].pkg != "./x" || got[1].run != "^C$" ||
		version != "15" {
		t.Errorf("tests = %+v, version %q, %v, want those of ./x and ./y, and 15", got, version, err)
	}
}
