package reports_test

import (
	"archive/zip"
	"bytes"
	"encoding/xml"
	"errors"
	"html"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/xuri/excelize/v2"

	"drillbook/harness/phrase"
	"drillbook/harness/record"
	"drillbook/reports"
	"drillbook/reports/model"
	"drillbook/reports/office"
	"drillbook/reports/sheet"
	"drillbook/runbooks"
)

// toldFrom names the folder of a real run, whose reports are looked at too (`make chinese`).
const toldFrom = "DRILLBOOK_TOLD"

// TestReportsAreChinese: whoever reads Chinese gets no cell and no line that has letters and
// no Chinese, but for commands, answers, names, and the reviewed words of testdata/words.zh.txt.
func TestReportsAreChinese(t *testing.T) {
	all := cases()
	library, err := runbooks.Load(runbooks.Embedded())
	if err != nil {
		t.Fatal(err)
	}
	for _, book := range library {
		all["written "+strings.ReplaceAll(book.Name, "/", "-")] = run(carriedOut(book))
	}
	if dir := os.Getenv(toldFrom); dir != "" {
		for name, r := range toldRuns(t, dir) {
			all["told "+name] = r
		}
	}
	words := wordList(t)
	for name, r := range all {
		t.Run(name, func(t *testing.T) {
			own := namesIn(r)
			for format, texts := range chineseOf(t, r) {
				for _, s := range texts {
					if left := words.strip(s, own); latin().MatchString(left) && !hasHan(left) {
						t.Errorf("%s, without Chinese: %q (%q)", format, s, left)
					}
					if english := original(r, name, s); english != "" {
						t.Errorf("%s, in English: %q in %q", format, english, s)
					}
				}
			}
		})
	}
	for w, n := range words.used {
		if n == 0 {
			t.Errorf("testdata/words.zh.txt has %q, which no report says", w)
		}
	}
}

// original is what a text says in English and marks so, although the record says how to tell
// it; of a real run, whatever is marked.
func original(r reports.Run, name, s string) string {
	_, marked, found := strings.Cut(s, "「原文」")
	if !found || strings.HasPrefix(name, "told") {
		return marked
	}
	for _, d := range r.Drills {
		for _, p := range d.Record.Phrases {
			if p.Code != "" && strings.Contains(s, "「原文」"+p.Text) {
				return p.Text
			}
		}
	}
	return ""
}

// chineseOf are the cells and lines of all formats of a run.
func chineseOf(t *testing.T, r reports.Run) map[string][]string {
	t.Helper()
	m, err := model.Of(r, "zh")
	if err != nil {
		t.Fatal(err)
	}
	out := map[string][]string{
		"html":     htmlCells(rendered(t, func(w io.Writer) error { return asHTML(w, r, "zh") })),
		"markdown": markdownCells(rendered(t, func(w io.Writer) error { return asMarkdown(w, r, "zh") })),
	}
	for _, d := range m.Drills {
		out["sheet"] = append(out["sheet"], htmlCells(rendered(t, func(w io.Writer) error {
			return sheet.WriteAt(w, d.Sheet, 0)
		}))...)
		out["docx"] = append(out["docx"], docxLines(t, d.Sheet)...)
		out["xlsx"] = append(out["xlsx"], xlsxCells(t, d)...)
	}
	return out
}

// htmlCells are the texts of a page, each of an element that is no part of a line, and what is
// read aloud. Commands, answers and logs are preformatted.
func htmlCells(page string) []string {
	read := regexp.MustCompile(`(?:aria-label|data-label|title|alt)="([^"]*)"`).FindAllStringSubmatch(page, -1)
	all := make([]string, 0, len(read))
	for _, m := range read {
		all = append(all, html.UnescapeString(m[1]))
	}
	page = regexp.MustCompile(`(?s)<(pre|style|script|template|code)[ >].*?</(pre|style|script|template|code)>`).
		ReplaceAllString(page, "")
	page = regexp.MustCompile(`</?(?:span|b|a|strong|em|br|tspan)(?: [^>]*)?/?>`).ReplaceAllString(page, " ")
	for _, s := range regexp.MustCompile(`<[^>]*>`).Split(page, -1) {
		all = append(all, html.UnescapeString(s))
	}
	return all
}

func markdownCells(page string) []string {
	var all []string
	for line := range strings.SplitSeq(page, "\n") {
		line = strings.ReplaceAll(line, `\|`, "¦")
		for cell := range strings.SplitSeq(line, "|") {
			cell = regexp.MustCompile(`<[^>]*>`).ReplaceAllString(cell, " ")
			all = append(all, html.UnescapeString(regexp.MustCompile(`\\([^\w\s])`).ReplaceAllString(cell, "$1")))
		}
	}
	return all
}

func docxLines(t *testing.T, s model.Sheet) []string {
	t.Helper()
	var b bytes.Buffer
	if err := office.DOCX(&b, s); err != nil {
		t.Fatal(err)
	}
	z, err := zip.NewReader(bytes.NewReader(b.Bytes()), int64(b.Len()))
	if err != nil {
		t.Fatal(err)
	}
	f, err := z.Open("word/document.xml")
	if err != nil {
		t.Fatal(err)
	}
	dec := xml.NewDecoder(f)
	var all []string
	var line strings.Builder
	for {
		token, err := dec.Token()
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		switch x := token.(type) {
		case xml.CharData:
			line.Write(x)
		case xml.EndElement:
			if x.Name.Local == "p" {
				all = append(all, line.String())
				line.Reset()
			}
		}
	}
}

func xlsxCells(t *testing.T, d model.Drill) []string {
	t.Helper()
	var b bytes.Buffer
	if err := office.XLSX(&b, d); err != nil {
		t.Fatal(err)
	}
	f, err := excelize.OpenReader(bytes.NewReader(b.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	all := f.GetSheetList()
	for _, name := range f.GetSheetList() {
		rows, err := f.GetRows(name)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, slices.Concat(rows...)...)
	}
	return all
}

func latin() *regexp.Regexp { return regexp.MustCompile(`[A-Za-z]{2,}`) }

func hasHan(s string) bool {
	return strings.ContainsFunc(s, func(r rune) bool { return unicode.Is(unicode.Han, r) })
}

// reviewed are the words that are the same in Chinese, as testdata/words.zh.txt has them.
type reviewed struct {
	used  map[string]int
	each  map[string]*regexp.Regexp
	order []string // the longest first: short ones are parts of others
}

func wordList(t *testing.T) reviewed {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", "words.zh.txt"))
	if err != nil {
		t.Fatal(err)
	}
	l := reviewed{used: map[string]int{}, each: map[string]*regexp.Regexp{}}
	for line := range strings.Lines(string(text)) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
			l.used[line], l.each[line] = 0, regexp.MustCompile(line)
			l.order = append(l.order, line)
		}
	}
	slices.SortStableFunc(l.order, func(a, b string) int { return len(b) - len(a) })
	return l
}

// strip is a text without names and reviewed words.
func (l reviewed) strip(s string, names []string) string {
	if hasHan(s) {
		return s
	}
	s = spaced(strings.ReplaceAll(s, "¦", "|"))
	if begin, cut := strings.CutSuffix(s, "…"); cut && len(begin) > 40 {
		isPart := func(n string) bool { return strings.Contains(spaced(n), begin[len(begin)-40:]) }
		if slices.ContainsFunc(names, isPart) {
			return ""
		}
	}
	s = l.without(s, true) // titles have names in them
	for _, n := range names {
		s = strings.ReplaceAll(s, spaced(n), " ")
	}
	return l.without(s, false)
}

// spaced is a text whose words are parted by a space each: formats break lines in ways of their
// own.
func spaced(s string) string { return strings.Join(strings.Fields(s), " ") }

// without is a text without reviewed words, or without the sentences among them.
func (l reviewed) without(s string, sentences bool) string {
	for _, word := range l.order {
		if re := l.each[word]; strings.Contains(word, " ") == sentences && re.MatchString(s) {
			l.used[word]++
			s = re.ReplaceAllString(s, " ")
		}
	}
	return s
}

// namesIn are what the records of a run name: members, versions, the run, commands, and what
// others said, the longest first.
func namesIn(r reports.Run) []string {
	var all []string
	for _, d := range r.Drills {
		h := d.Record.Head
		all = append(all, h.Run, h.Runbook, h.Host, h.Machine, h.Harness, h.Product, h.Revision, h.Zone, h.Operator)
		all = append(all, h.Members...)
		for _, a := range h.Auxiliaries {
			all = append(all, a.Name)
		}
		for k, v := range h.Params {
			all = append(all, k+"="+v, v, k)
		}
		for k, v := range h.Sums {
			all = append(all, k+" "+v, v)
		}
		if d.Record.Tail != nil {
			for k, v := range d.Record.Tail.Versions {
				all = append(all, k, v)
			}
		}
		for _, s := range h.Streams {
			all = append(all, s.Name)
		}
		for _, e := range d.Record.Events {
			if e.Kind == record.Command {
				all = append(append(all, e.What, e.Answer), strings.Split(e.What, "\n")...)
			}
			if e.Kind == record.Finding && strings.Contains(e.Answer, "\n") { // as a console prints it
				all = append(all, e.Answer)
			}
			if e.Kind == record.Alert {
				all = append(all, e.Answer, e.Logged.Level, e.Logged.Clock, "messages.log")
			}
		}
		for _, c := range d.Record.Copies {
			if c.Saved != nil {
				all = append(all, c.Saved.File, c.Saved.SHA256)
			}
		}
		for _, p := range d.Record.Phrases {
			all = append(all, quotes(phrase.Phrase{Args: []phrase.Phrase{p}})...)
		}
		if h.Schema < record.Schema { // it has no other texts than English ones
			all = append(append(all, d.Record.Causes...), h.Source)
			for _, e := range d.Record.Events {
				all = append(all, e.What, e.Answer, e.Err, e.Fault, e.Unit)
			}
			for _, a := range h.Auxiliaries {
				all = append(all, a.Duty)
			}
		}
	}
	all = slices.DeleteFunc(all, func(s string) bool { return len(s) < 2 })
	slices.SortFunc(all, func(a, b string) int { return len(b) - len(a) })
	return slices.Compact(all)
}

// quotes are what others said within a phrase.
func quotes(p phrase.Phrase) []string {
	var all []string
	for _, a := range p.Args {
		if a.Code == "" || a.Code == "{1}" {
			all = append(all, a.Text)
		}
		all = append(all, quotes(a)...)
	}
	return all
}

// toldRuns are the drills of a real run, by the names of their folders.
func toldRuns(t *testing.T, dir string) map[string]reports.Run {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*", "record.jsonl"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no records in %s: %v", dir, err)
	}
	all := map[string]reports.Run{}
	for _, f := range files {
		rec, err := record.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		name := filepath.Base(filepath.Dir(f))
		all[name] = reports.Run{Drills: []reports.Drill{reports.Of(rec, name)}}
	}
	return all
}
