package drillbook_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// Whatever ends a process or cuts a network, other than by the product's own
// orderly commands, is a fault: prepared, confirmed, in the ledger and in the
// report. So scenarios may do none of it but by package fault.

// byForce are commands that do so, as adapters have them; killing is any command
// that could, which scenarios have no use for.
var (
	byForce = regexp.MustCompile(`\bkill -(9|KILL|s)|\bS?I?G?KILL\b|\b(pkill|killall|nft|iptables|ifdown|poweroff)\b|` +
		`\bip link|-m i(mmediate)?\b|\bsystemctl (kill|stop network)`)
	killing = regexp.MustCompile(byForce.String() + `|\bkill\b`)
)

// doing are the methods of nodes, links and adapters that do so.
var doing = []string{"Kill", "Freeze", "Thaw", "Unplug", "Plug", "NetExec", "Impose", "Clear"}

// sources parses the files of a folder and of all below it, tests left out.
func sources(t *testing.T, fset *token.FileSet, dir string) []*ast.File {
	t.Helper()
	var files []*ast.File
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		f, err := parser.ParseFile(fset, path, nil, parser.SkipObjectResolution)
		files = append(files, f)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// called is the name that a call ends with, and the package or value before it.
func called(c *ast.CallExpr) (of, name string) {
	switch fun := c.Fun.(type) {
	case *ast.Ident:
		return "", fun.Name
	case *ast.SelectorExpr:
		if x, ok := fun.X.(*ast.Ident); ok {
			of = x.Name
		}
		return of, fun.Sel.Name
	}
	return "", ""
}

// forceful are the functions of adapters that use force, or call one that does.
func forceful(adapters []*ast.File) []string {
	found := slices.Clone(doing)
	for {
		before := len(found)
		for _, file := range adapters {
			for _, decl := range file.Decls {
				f, ok := decl.(*ast.FuncDecl)
				if !ok || f.Body == nil || slices.Contains(found, f.Name.Name) {
					continue
				}
				ast.Inspect(f.Body, func(n ast.Node) bool {
					switch n := n.(type) {
					case *ast.BasicLit:
						ok = ok && !byForce.MatchString(n.Value)
					case *ast.CallExpr:
						_, name := called(n)
						ok = ok && !slices.Contains(found, name)
					}
					return ok
				})
				if !ok {
					found = append(found, f.Name.Name)
				}
			}
		}
		if len(found) == before {
			return found
		}
	}
}

// force is what a scenario does by force, past package fault.
func force(fset *token.FileSet, scenario *ast.File, forceful []string) []string {
	var found []string
	say := func(n ast.Node, format string, args ...any) {
		found = append(found, fmt.Sprintf("%s: %s", fset.Position(n.Pos()), fmt.Sprintf(format, args...)))
	}
	ast.Inspect(scenario, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.SelectorExpr:
			if n.Sel.Name == "Node" {
				say(n, "it reaches for a member's node")
			}
		case *ast.CallExpr:
			of, name := called(n)
			if of == "regexp" {
				return false // a pattern runs nothing
			}
			if of != "fault" && slices.Contains(forceful, name) {
				say(n, "it calls %s", name)
			}
		case *ast.BasicLit:
			if n.Kind == token.STRING && killing.MatchString(n.Value) {
				say(n, "it has the command %s", n.Value)
			}
		}
		return true
	})
	return found
}

func TestScenariosUseForceOnlyByFaults(t *testing.T) {
	fset := token.NewFileSet()
	adapters := slices.Concat(sources(t, fset, "fixtures/dm8/conf"), sources(t, fset, "fixtures/dm8/console"),
		sources(t, fset, "fixtures/dm8/svc"), sources(t, fset, "fixtures/iris/conf"),
		sources(t, fset, "fixtures/iris/console"), sources(t, fset, "fixtures/postgres"))
	top, err := filepath.Glob(
		"fixtures/[di]*/*.go",
	) // of dm8, images and iris; below them are also the stand-ins, which are products
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range top {
		if !strings.HasSuffix(path, "_test.go") {
			f, err := parser.ParseFile(fset, path, nil, parser.SkipObjectResolution)
			if err != nil {
				t.Fatal(err)
			}
			adapters = append(adapters, f)
		}
	}
	bad := forceful(adapters)
	scenarios := sources(t, fset, "scenarios")
	if len(adapters) < 20 || len(scenarios) < 20 {
		t.Errorf("%d files of adapters and %d of scenarios were read, want all of them", len(adapters), len(scenarios))
	}
	for _, file := range scenarios {
		for _, found := range force(fset, file, bad) {
			t.Errorf("%s: do it by a fault", found)
		}
	}
}

// A test that finds nothing would pass every scenario.
func TestForceIsFound(t *testing.T) {
	fset := token.NewFileSet()
	file := func(body string) *ast.File {
		f, err := parser.ParseFile(fset, "planted.go", "package p\n"+body, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		return f
	}
	bad := forceful([]*ast.File{file(`
		func (d *D) Wreck() { d.wreck("KILL") }
		func (d *D) Ruin() { d.Wreck() }
		func (d *D) Stop() { d.wreck("TERM") }
		func (d *D) Halt() { run("pg_ctl stop -m fast") }
		func Crash() { run("pg_ctl stop -m immediate") }`)})
	for body, want := range map[string]int{
		`s.dm().Wreck(ctx, s.a)`:                1,
		`s.dm().Ruin(ctx, s.a)`:                 1,
		`postgres.Crash(ctx, a)`:                1,
		`s.dm().Stop(ctx, s.a); x.Halt()`:       0,
		`a.Node.Stop(ctx)`:                      1,
		`n := a.Node; n.Start(ctx)`:             1,
		`u.Unplug(ctx, host.Public)`:            1,
		`s.d.Inject(ctx, fault.Unplug(s.a))`:    0,
		`a.Run(ctx, shell("kill $(pidof x)"))`:  1,
		`a.Run(ctx, shell("nft -f -"))`:         1,
		`l.Impose(ctx, c)`:                      1,
		`s.step("The server is killed", do(s))`: 0,
	} {
		if got := force(fset, file("func f() { "+body+" }"), bad); len(got) != want {
			t.Errorf("%s: found %q, want %d", body, got, want)
		}
	}
}
