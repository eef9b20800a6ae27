package reports_test

import (
	"archive/zip"
	"bytes"
	"encoding/xml"
	"errors"
	"html"
	"io"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"

	"drillbook/reports/model"
	"drillbook/reports/office"
	"drillbook/reports/sheet"
)

// TestFormatsSayTheSame: every text and figure of the sheet is in each of its formats, for
// all golden runs and both languages.
func TestFormatsSayTheSame(t *testing.T) {
	for name, r := range cases() {
		for _, lang := range []string{"en", "zh"} {
			r.Cover = nil
			m, err := model.Of(r, lang)
			if err != nil {
				t.Fatal(err)
			}
			for _, d := range m.Drills {
				want := textsOf(d.Sheet)
				for format, got := range map[string]string{
					"html": htmlText(t, d.Sheet), "docx": docxText(t, d.Sheet), "xlsx": xlsxText(t, d),
				} {
					for _, s := range want {
						if !strings.Contains(got, squeeze(s)) {
							t.Errorf("%s, %s: %s does not say %q", name, lang, format, s)
						}
					}
				}
			}
		}
	}
}

// textsOf are all that a sheet says.
func textsOf(s model.Sheet) []string {
	all := make([]string, 0, 200)
	all = append(all, s.Title, s.Verdict.Word, s.Why, s.Run.Value, s.Mark)
	for _, b := range s.Boxes {
		all = append(all, b.Name, b.Value)
	}
	for _, f := range s.Figures {
		all = append(all, f.Name, f.Value, f.Remark)
	}
	all = append(all, s.Notes...)
	for _, r := range s.Table.Rows {
		all = append(all, r.Title, r.Comment, r.Allowed, r.Downtime, r.Spent, r.Outcome)
	}
	for _, p := range s.Problems.Rows {
		all = append(all, p.Text, p.Grade)
	}
	for _, o := range s.Opinion.Rows {
		all = append(all, o.Role, o.Choices)
	}
	return slices.DeleteFunc(all, func(s string) bool { return s == "" })
}

// squeeze is a text without its spaces, of which formats have their own.
func squeeze(s string) string { return strings.Join(strings.Fields(s), "") }

func htmlText(t *testing.T, s model.Sheet) string {
	t.Helper()
	page := rendered(t, func(w io.Writer) error { return sheet.WriteAt(w, s, 0) })
	_, body, _ := strings.Cut(page, "<body")
	return squeeze(html.UnescapeString(regexp.MustCompile(`<[^>]*>`).ReplaceAllString(body, " ")))
}

func docxText(t *testing.T, s model.Sheet) string {
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
	var text strings.Builder
	for {
		token, err := dec.Token()
		if errors.Is(err, io.EOF) {
			return squeeze(text.String())
		}
		if err != nil {
			t.Fatal(err)
		}
		if c, ok := token.(xml.CharData); ok {
			text.Write(c)
		}
	}
}

func xlsxText(t *testing.T, d model.Drill) string {
	t.Helper()
	var b bytes.Buffer
	if err := office.XLSX(&b, d); err != nil {
		t.Fatal(err)
	}
	f, err := excelize.OpenReader(bytes.NewReader(b.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	rows, err := f.GetRows(d.Sheet.Heads.Table)
	if err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	for _, row := range rows {
		text.WriteString(strings.Join(row, " ") + "\n")
	}
	return squeeze(text.String())
}
