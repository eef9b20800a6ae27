package reports_test

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"

	"drillbook/harness/measure"
	"drillbook/reports"
	"drillbook/reports/results"
	"drillbook/reports/words"
)

func TestWrite(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "out", "run")
	if err := reports.Write(dir, run(unmeasurable()), "zh"); err != nil {
		t.Fatal(err)
	}
	folder := "20261121-0142-0003"
	pages := []string{"index.en.html", reports.PageFile}
	want := slices.Concat(pages, []string{reports.JUnitFile, reports.SummaryFile, reports.ResultsFile, folder})
	slices.Sort(want)
	if got := names(t, dir); !slices.Equal(got, want) {
		t.Errorf("the folder holds %v, want %v", got, want)
	}
	if got := names(t, filepath.Join(dir, folder)); !slices.Equal(got, pages) {
		t.Errorf("the folder of the drill holds %v, want %v", got, pages)
	}
	info, err := os.Stat(filepath.Join(dir, reports.PageFile))
	if err != nil || info.Size() == 0 || info.Mode().Perm()&0o444 != 0o444 {
		t.Errorf("the page is %v, %v; want a file that everybody can read", info, err)
	}
}

func names(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	ns := make([]string, 0, len(entries))
	for _, e := range entries {
		ns = append(ns, e.Name())
	}
	return ns
}

func TestWriteLeavesNothingHalfMade(t *testing.T) {
	dir := t.TempDir()
	old := filepath.Join(dir, reports.ResultsFile)
	if err := os.WriteFile(old, []byte("old"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := reports.Write(dir, run(unmeasurable()), "fr"); !errors.Is(err, words.ErrLanguage) {
		t.Errorf("Write in French = %v, want ErrLanguage", err)
	}
	if got := names(t, dir); !slices.Equal(got, []string{reports.ResultsFile}) {
		t.Errorf("the folder holds %v, want the old file only", got)
	}
	if text, err := os.ReadFile(old); err != nil || string(text) != "old" {
		t.Errorf("the old file is %q, %v", text, err)
	}
}

func TestWriteSaysWhere(t *testing.T) {
	file := filepath.Join(t.TempDir(), "a-file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	err := reports.Write(filepath.Join(file, "run"), run(unmeasurable()), "en")
	if err == nil || !strings.Contains(err.Error(), "a-file") {
		t.Errorf("Write below a file = %v, want an error that names it", err)
	}
}

func TestRefusesWhatIsNotMeasured(t *testing.T) {
	rec := unmeasurable()
	for name, d := range map[string]reports.Drill{
		"no record":    {Result: measure.Of(rec), Name: "x"},
		"not measured": {Record: rec, Name: "x"},
	} {
		r := reports.Run{Drills: []reports.Drill{d}}
		for _, render := range []func() error{
			func() error { return results.Write(io.Discard, r) },
			func() error { return asJUnit(io.Discard, r) },
			func() error { return asHTML(io.Discard, r, "en") },
			func() error { return asMarkdown(io.Discard, r, "en") },
			func() error { return reports.Table(io.Discard, r, "en", 0) },
		} {
			if err := render(); err == nil {
				t.Errorf("%s: rendered without an error", name)
			}
		}
	}
}

func TestNoDrillsAreNoSuccess(t *testing.T) {
	got := rendered(t, func(w io.Writer) error { return asMarkdown(w, reports.Run{}, "en") })
	if !strings.Contains(got, "? Unmeasurable") {
		t.Errorf("a run without drills reads\n%s", got)
	}
	_ = rendered(t, func(w io.Writer) error { return asHTML(w, reports.Run{}, "en") })
	_ = rendered(t, func(w io.Writer) error { return results.Write(w, reports.Run{}) })
}

// columns is the width of a line of a terminal, counted in another way than
// the package does.
func columns(line string) int {
	n := 0
	for _, r := range line {
		switch {
		case unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf):
		case unicode.In(r, unicode.Han, unicode.Hangul, unicode.Hiragana, unicode.Katakana),
			r >= 0x3000 && r < 0x3040,
			r >= 0xff00 && r <= 0xff60:
			n += 2
		default:
			n++
		}
	}
	return n
}

func TestTableIsAligned(t *testing.T) {
	for name, r := range cases() {
		for _, lang := range reports.Languages() {
			got := rendered(t, func(w io.Writer) error { return reports.Table(w, r, lang, 0) })
			for line := range strings.SplitSeq(got, "\n") {
				if n := columns(line); n > 100 {
					t.Errorf("%s, %s: a line has %d columns: %s", name, lang, n, line)
				}
			}
		}
	}
}

// The index of a run leads to the page of every drill, and back, in both languages; an
// old page in the language that index.html is in now is gone.
func TestPagesLeadToOneAnother(t *testing.T) {
	dir := t.TempDir()
	r := run(trials()...)
	r.Skipped, r.Broken = skipped(), brokenRuns()
	for _, lang := range []string{"en", "zh"} {
		if err := reports.Write(dir, r, lang); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "index.zh.html")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the old Chinese page is still there: %v", err)
	}
	pages := make([]string, 0, 2+2*len(r.Drills))
	pages = append(pages, "index.html", "index.en.html")
	for _, d := range r.Drills {
		pages = append(pages, d.Name+"/index.html", d.Name+"/index.en.html")
	}
	led := map[string]bool{}
	for _, p := range pages {
		text, err := os.ReadFile(filepath.Join(dir, p))
		if err != nil {
			t.Fatal(err)
		}
		if lang := map[bool]string{true: "en", false: "zh"}[strings.HasSuffix(p, ".en.html")]; !strings.Contains(
			string(text), `<html lang="`+lang+`">`) {
			t.Errorf("%s is not in %s", p, lang)
		}
		for _, m := range regexp.MustCompile(`<a [^>]*href="([^"#]+)"`).FindAllStringSubmatch(string(text), -1) {
			to := filepath.Join(filepath.Dir(p), m[1])
			led[to] = true
			if _, err := os.Stat(filepath.Join(dir, to)); err != nil {
				t.Errorf("%s leads to %s: %v", p, m[1], err)
			}
		}
	}
	for _, p := range pages {
		if !led[filepath.Clean(p)] {
			t.Errorf("nothing leads to %s", p)
		}
	}
	index, _ := os.ReadFile(filepath.Join(dir, "index.html"))
	for _, say := range []string{"已跳过", "没有开始", "未达标", "试次"} {
		if !strings.Contains(string(index), say) {
			t.Errorf("the index does not say %s", say)
		}
	}
}
