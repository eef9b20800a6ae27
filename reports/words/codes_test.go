package words_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
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
	return map[string]int{"Say": 0, "Errorf": 0, "Confirm": 0, "ConfirmSeen": 0, "ConfirmRow": 1, "tell": 0, "fault": 0}
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
			found[phrase.Code(format)] = files.Position(call.Pos()).String()
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

// TestPhrasesAreTranslated: whatever checks find and errors say has Chinese words, and the
// tables have no word that nobody says.
func TestPhrasesAreTranslated(t *testing.T) {
	all := codesOf(t, "../../harness", "../../fixtures", "../../scenarios", "../../cmd", "../../reports")
	for _, k := range fault.Kinds("en") { // their mechanisms are constants
		all[k.Made] = "harness/fault/kinds.go"
	}
	for code, at := range all {
		if words.In("zh").Told(phrase.Phrase{Code: code, Text: code}) {
			continue
		}
		t.Errorf("%s: %q has no Chinese words: add them to reports/words/zh", strings.TrimPrefix(at, "../../"), code)
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
				if code, err := strconv.Unquote(line); err == nil {
					line = code
				}
				codes[line] = true
			}
		}
	}
	return codes
}

// TestEventsHaveWords: what is expected of an event is told in the language of the report.
func TestEventsHaveWords(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob(filepath.Join("..", "..", "fixtures", "*", "conf", "*.go"))
	if err != nil || len(files) == 0 {
		t.Fatalf("the settings of products: %v, %v", files, err)
	}
	found := 0
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile(`\bEvent\s+= "([^"]+)"`).FindAllStringSubmatch(string(text), -1) {
			found++
			for _, lang := range words.Languages() {
				if !words.In(lang).Has("event." + m[1]) {
					t.Errorf("%s: %q has no words in %s: add event.%[2]s to reports/words", file, m[1], lang)
				}
			}
		}
	}
	if found < 19 {
		t.Errorf("%d events were found, and there were 19", found)
	}
}
