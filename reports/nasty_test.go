package reports_test

import (
	"archive/zip"
	"bytes"
	"encoding/csv"
	"encoding/xml"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/xuri/excelize/v2"

	"drillbook/harness/record"
	"drillbook/reports"
	"drillbook/reports/cover"
	"drillbook/reports/model"
	"drillbook/reports/office"
	"drillbook/reports/sheet"
)

// nastier are texts that break one format or another.
func nastier() map[string]string {
	return map[string]string{
		"markup":  nasty,
		"formula": "=1+cmd|' /C calc'!A0",
		"plus":    "+1", "minus": "-1", "at": "@SUM(A1)", "tab": "\t=1", "cr": "\r=1",
		"cdata":      "]]><!-- --!> <![CDATA[ ]]>",
		"script":     "</script><script>window.second=1</script></style><style>*{display:none}",
		"bidi":       "a\u202eb\u2066c\u200bd\ufeffe\u2028f\u0000g",
		"not utf-8":  "\xff\xfe a\xc3( \xed\xa0\x80",
		"nonchars":   "\ufffe\uffff\U0001ffff",
		"a megabyte": strings.Repeat("长 long ", 1<<17),
		"template":   "{{.Sheet}} {{step.downtime}} {0} ${x} %s",
		"one word":   strings.Repeat("x", 5000),
	}
}

// nastyRun is a drill in which a text stands wherever people, databases and logs can put it.
func nastyRun(s string) reports.Run {
	rec := hostile()
	foreign := record.Text{"en": s, "zh": s}
	h := &rec.Head
	h.Title, h.Source, h.System, h.Machine, h.Operator = foreign, s, s, s, s
	for i := range h.Steps {
		h.Steps[i].Title, h.Steps[i].Comment = foreign, foreign
	}
	for i := range rec.Events {
		e := &rec.Events[i]
		if e.Kind == record.Finding || e.Kind == record.Command || e.Kind == record.Ended {
			e.What, e.Answer, e.Err = s, s, s
		}
	}
	for i := range rec.Causes[1:] {
		rec.Causes[1+i] = s
	}
	rec.Logs = append(rec.Logs, record.Log{Node: "pg2", File: s, Head: s, Tail: s})
	r := run(rec)
	r.Cover = &cover.Cover{
		Number: s, Organisation: s, System: s, Purpose: s, Type: s, Basis: s, Place: s, Environment: s, Production: s,
		Ticket: s, Attachments: []string{s}, Members: map[string]string{"pg2": s},
		People: []cover.Person{{Name: s, Role: s}}, Approvers: []cover.Person{{Name: s, Role: s}},
		Problems: []cover.Problem{{Text: s, Grade: s, Action: s, Owner: s, Due: s}},
	}
	return r
}

// TestNastyTextInEveryFormat: whatever stands in titles, errors, logs and covers, every format
// is well-formed, holds no formula and nothing that turns its text around.
func TestNastyTextInEveryFormat(t *testing.T) {
	for name, s := range nastier() {
		t.Run(name, func(t *testing.T) {
			r := nastyRun(s)
			const lang = "zh"
			m, err := model.Of(r, lang)
			if err != nil {
				t.Fatal(err)
			}
			d := m.Drills[0]
			for format, write := range map[string]func(io.Writer) error{
				"page":    func(w io.Writer) error { return asHTML(w, r, lang) },
				"sheet":   func(w io.Writer) error { return sheet.Write(w, d.Sheet) },
				"summary": func(w io.Writer) error { return asMarkdown(w, r, lang) },
				"table":   func(w io.Writer) error { return reports.Table(w, r, lang, 80) },
				"junit":   func(w io.Writer) error { return asJUnit(w, r) },
			} {
				harmless(t, format, rendered(t, write))
			}
			harmlessDocument(t, d.Sheet)
			harmlessBook(t, d)
			harmlessList(t, d.Sheet)
		})
	}
}

// harmless fails if a text cannot be shown as it is.
func harmless(t *testing.T, format, text string) {
	t.Helper()
	const most = 4 << 20
	if len(text) > most || !utf8.ValidString(text) {
		t.Errorf("%s: %d bytes, of UTF-8: %t", format, len(text), utf8.ValidString(text))
	}
	for _, c := range text {
		if unicode.IsControl(c) && c != '\n' && c != '\t' && c != '\x1b' || c >= 0x202a && c <= 0x202e ||
			c >= 0x2066 && c <= 0x2069 || c == 0xfeff || c == 0x200b || c&0xfffe == 0xfffe {
			t.Errorf("%s holds %U", format, c)
			return
		}
	}
	if format == "junit" {
		wellFormed(t, text)
	}
	if format == "page" || format == "sheet" {
		text = withoutScript(t, text)
		styles := strings.Count(text, "<style")
		if strings.Contains(text, "<script") || styles > 1 || strings.Contains(text, "ZgotmplZ") {
			t.Errorf("%s holds a script or a style of the text", format)
		}
	}
}

func harmlessDocument(t *testing.T, s model.Sheet) {
	t.Helper()
	var b bytes.Buffer
	if err := office.DOCX(&b, s); err != nil {
		t.Fatal(err)
	}
	z, err := zip.NewReader(bytes.NewReader(b.Bytes()), int64(b.Len()))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range z.File {
		part, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(part)
		if err != nil {
			t.Fatal(err)
		}
		dec := xml.NewDecoder(bytes.NewReader(text))
		for err == nil {
			_, err = dec.Token()
		}
		if !errors.Is(err, io.EOF) {
			t.Errorf("%s is not well-formed: %v", f.Name, err)
		}
		harmless(t, f.Name, string(text))
	}
}

func harmlessBook(t *testing.T, d model.Drill) {
	t.Helper()
	form := filepath.Join(t.TempDir(), "form.xlsx")
	empty, err := reports.Form(d.Sheet.Lang)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(form, empty, 0o600); err != nil {
		t.Fatal(err)
	}
	filled, err := office.ReadTemplate(form, []model.Drill{d})
	if err != nil {
		t.Fatal(err)
	}
	for _, write := range []func(io.Writer) error{
		func(w io.Writer) error { return office.XLSX(w, d) },
		func(w io.Writer) error { return office.Fill(w, filled, d.Sheet) },
	} {
		var b bytes.Buffer
		if err := write(&b); err != nil {
			t.Error(err)
			continue
		}
		f, err := excelize.OpenReader(bytes.NewReader(b.Bytes()))
		if err != nil {
			t.Error(err)
			continue
		}
		for _, name := range f.GetSheetList() {
			rows, err := f.GetRows(name)
			if err != nil {
				t.Fatal(err)
			}
			for y, row := range rows {
				for x := range row {
					at, _ := excelize.CoordinatesToCellName(x+1, y+1)
					if formula, err := f.GetCellFormula(name, at); err != nil || formula != "" {
						t.Errorf("%s!%s is the formula %q, %v", name, at, formula, err)
					}
				}
				harmless(t, name+" "+strconv.Itoa(y+1), strings.Join(row, " "))
			}
		}
	}
}

func harmlessList(t *testing.T, s model.Sheet) {
	t.Helper()
	text := strings.TrimPrefix(rendered(t, func(w io.Writer) error { return office.CSV(w, s) }), "\ufeff")
	r := csv.NewReader(strings.NewReader(text))
	r.FieldsPerRecord = -1
	rows, err := r.ReadAll()
	if err != nil {
		t.Error(err)
	}
	for _, cell := range slices.Concat(rows...) {
		harmless(t, "csv", strings.ReplaceAll(cell, "\r\n", "\n"))
		if cell != "" && strings.ContainsRune("=+-@\t\r", rune(cell[0])) {
			t.Errorf("csv: a cell begins as a formula: %.40q", cell)
		}
	}
}
