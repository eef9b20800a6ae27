package words_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"drillbook/harness/fault"
	"drillbook/harness/phrase"
	"drillbook/reports/words"
)

// formats are where the format is among the arguments of what makes phrases, by the name
// of the function.
func formats() map[string]int {
	return map[string]int{"Say": 0, "Errorf": 0, "Confirm": 0, "ConfirmRow": 1, "tell": 0, "fault": 0}
}

// codesOf are the codes of all phrases that are made below a folder, and where. Stand-ins
// are programs of their own, whose words are a product's.
func codesOf(t *testing.T, roots ...string) map[string]string {
	t.Helper()
	found := map[string]string{}
	for _, root := range roots {
		err := filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
			switch {
			case err != nil:
				return err
			case e.IsDir() && (e.Name() == "standin" || e.Name() == "testdata"):
				return fs.SkipDir
			case strings.HasSuffix(path, ".go") && !strings.HasSuffix(path, "_test.go"):
				codesIn(t, path, found)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if len(found) < 100 {
		t.Fatalf("found only %d codes", len(found))
	}
	return found
}

func codesIn(t *testing.T, path string, found map[string]string) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(text), "phrase") && !strings.Contains(string(text), "onfirm") &&
		!strings.Contains(string(text), "l.") {
		return
	}
	files := token.NewFileSet()
	file, err := parser.ParseFile(files, path, text, 0)
	if err != nil {
		t.Fatal(err)
	}
	ast.Inspect(file, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok {
			return true
		}
		name, ok := call.Fun.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		at, ok := formats()[name.Sel.Name]
		x, isName := name.X.(*ast.Ident)
		ofPhrase := isName && x.Name == "phrase"
		if general := name.Sel.Name == "Say" || name.Sel.Name == "Errorf"; !ok || at >= len(call.Args) ||
			general && !ofPhrase {
			return true
		}
		if format, ok := literal(t, call.Args[at]); ok {
			code := phrase.Code(format)
			if was, ok := found[code]; !ok || strings.HasSuffix(was, " Errorf") {
				found[code] = files.Position(call.Pos()).String() + " " + name.Sel.Name
			}
		}
		return true
	})
}

// literal is the value of a string that is put together from literals.
func literal(t *testing.T, e ast.Expr) (string, bool) {
	t.Helper()
	switch e := e.(type) {
	case *ast.BasicLit:
		s, err := strconv.Unquote(e.Value)
		return s, err == nil
	case *ast.BinaryExpr:
		left, ok := literal(t, e.X)
		right, also := literal(t, e.Y)
		return left + right, ok && also
	case *ast.Ident:
		if e.Obj == nil { // a constant of another file
			return "", false
		}
		if spec, ok := e.Obj.Decl.(*ast.ValueSpec); ok && len(spec.Values) == 1 {
			return literal(t, spec.Values[0])
		}
	}
	return "", false
}

// unsaid are the folders whose errors tell of the place, the probe or the call, and of no
// check: reports show them in English, marked as the original.
func unsaid() []string {
	return []string{
		"harness/host/", "harness/probe/", "harness/calibrate/", "harness/console/", "harness/shell/",
		"harness/cluster/",
		"harness/link/", "harness/drill/", "harness/driver/", "harness/fault/ledger.go", "fixtures/fake/",
		"fixtures/dm8/svc/", "fixtures/iris/console/", "fixtures/iris/conf/", "scenarios/dsl/",
	}
}

// TestPhrasesAreTranslated: whatever checks find has Chinese words, and the tables have no
// word that nobody says. Errors of preparing and undoing, which are no findings, are counted:
// their number may only fall.
func TestPhrasesAreTranslated(t *testing.T) {
	all := codesOf(t, "../../harness", "../../fixtures", "../../scenarios", "../../cmd")
	for _, k := range fault.Kinds("en") { // their mechanisms are constants
		all[k.Made] = "harness/fault/kinds.go Errorf"
	}
	left := 0
	for code, at := range all {
		if words.In("zh").Told(phrase.Phrase{Code: code, Text: code}) {
			continue
		}
		at = strings.TrimPrefix(at, "../../")
		if strings.HasSuffix(at, " Errorf") || slices.ContainsFunc(unsaid(), func(u string) bool {
			return strings.HasPrefix(at, u)
		}) {
			left++
			continue
		}
		t.Errorf("%s: %q has no Chinese words: add them to reports/words/zh", at, code)
	}
	if most := 431; left > most {
		t.Errorf("%d errors have no Chinese words, at most %d may: translate the new one", left, most)
	}
	for code := range translatedCodes(t) {
		if _, said := all[code]; !said {
			t.Errorf("nobody says %q, which reports/words/zh has words for", code)
		}
	}
}

// translatedCodes are the codes that the Chinese tables have words for.
func translatedCodes(t *testing.T) map[string]bool {
	t.Helper()
	files, err := filepath.Glob("zh/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no tables: %v", err)
	}
	codes := map[string]bool{}
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(text)) {
			line = strings.TrimSuffix(line, "\n")
			if line != "" && !strings.HasPrefix(line, "\t") && !strings.HasPrefix(line, "#") {
				codes[line] = true
			}
		}
	}
	return codes
}
