package reports_test

import (
	"bytes"
	"flag"
	"io"
	"os"
	"path/filepath"
	"testing"

	"drillbook/reports"
	"drillbook/reports/results"
)

var update = flag.Bool("update", false, "update the golden files")

func TestGolden(t *testing.T) {
	all := cases()
	all["night"] = aNight()
	for name, r := range all {
		for file, render := range map[string]func(io.Writer) error{
			name + ".golden.json":    func(w io.Writer) error { return results.Write(w, r) },
			name + ".golden.xml":     func(w io.Writer) error { return asJUnit(w, r) },
			name + ".en.golden.md":   func(w io.Writer) error { return asMarkdown(w, r, "en") },
			name + ".zh.golden.md":   func(w io.Writer) error { return asMarkdown(w, r, "zh") },
			name + ".en.golden.txt":  func(w io.Writer) error { return reports.Table(w, r, "en", 0) },
			name + ".zh.golden.txt":  func(w io.Writer) error { return reports.Table(w, r, "zh", 0) },
			name + ".en.golden.html": func(w io.Writer) error { return asHTML(w, r, "en") },
			name + ".zh.golden.html": func(w io.Writer) error { return asHTML(w, r, "zh") },
		} {
			t.Run(file, func(t *testing.T) { golden(t, file, render) })
		}
	}
}

func golden(t *testing.T, file string, render func(io.Writer) error) {
	t.Helper()
	var got bytes.Buffer
	if err := render(&got); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join("testdata", file)
	if *update {
		if err := os.WriteFile(path, got.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got.Bytes(), want) {
		t.Errorf("%s differs from the golden file; look at the difference after go test ./reports -update", file)
	}
}
