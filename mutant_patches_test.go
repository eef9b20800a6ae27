package drillbook_test

import (
	"context"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
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
