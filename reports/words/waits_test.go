package words_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"
)

// TestWaitsCanBeTold: whatever the harness, the adapters and the scenarios wait for is named
// by a phrase, since reports name it in their own language.
func TestWaitsCanBeTold(t *testing.T) {
	waits := 0
	for _, root := range []string{"../../harness", "../../fixtures", "../../scenarios"} {
		err := filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
			switch {
			case err != nil:
				return err
			case e.IsDir() && hasNoReport(e.Name()):
				return fs.SkipDir
			case strings.HasSuffix(path, ".go") && !strings.HasSuffix(path, "_test.go"):
				waits += waitsIn(t, path)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if waits < 50 {
		t.Errorf("found only %d waits", waits)
	}
}

// hasNoReport are the folders of programs and checks of their own.
func hasNoReport(folder string) bool {
	return folder == "standin" || strings.HasSuffix(folder, "test")
}

// waitsIn counts the waits of a file, each of which must be named by a phrase.
func waitsIn(t *testing.T, path string) (n int) {
	t.Helper()
	files := token.NewFileSet()
	file, err := parser.ParseFile(files, path, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	ast.Inspect(file, func(node ast.Node) bool {
		call, ok := node.(*ast.CallExpr)
		if !ok || !isOf(call.Fun, "wait", "For") {
			return true
		}
		n++
		if name := call.Args[1]; isText(name) {
			t.Errorf("%s: what is waited for is no phrase.Say(…), so that reports name it in English",
				files.Position(name.Pos()))
		}
		return true
	})
	return n
}

// isText reports whether an expression is seen to be a string.
func isText(e ast.Expr) bool {
	switch e := e.(type) {
	case *ast.BasicLit, *ast.BinaryExpr:
		return true
	case *ast.CallExpr:
		return isOf(e.Fun, "fmt", "Sprintf")
	case *ast.Ident:
		if e.Obj == nil {
			return false
		}
		switch made := e.Obj.Decl.(type) {
		case *ast.AssignStmt:
			return isText(made.Rhs[0])
		case *ast.Field:
			of, ok := made.Type.(*ast.Ident)
			return ok && of.Name == "string"
		}
	}
	return false
}

func isOf(e ast.Expr, pkg, name string) bool {
	s, ok := e.(*ast.SelectorExpr)
	if !ok || s.Sel.Name != name {
		return false
	}
	x, ok := s.X.(*ast.Ident)
	return ok && x.Name == pkg
}
