package office_test

import (
	"archive/zip"
	"bytes"
	"encoding/csv"
	"encoding/xml"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"

	"drillbook/reports/model"
	"drillbook/reports/office"
)

// hostile are texts that a program may take for something else.
func hostile() []string {
	return []string{
		"=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "]]>", "</script>", "<w:t>", "&amp;", "_x0041_", "{{run}}",
		" =1", strings.Repeat("长", 40_000),
	}
}

// drill is one whose sheet says s wherever it says anything.
func drill(s string) model.Drill {
	row := model.SheetRow{
		Number: "1", Title: s, Comment: s, Allowed: s, Downtime: s, Planned: s, Took: s, Spent: s, Outcome: s,
		LeastMS: new(412.5), MostMS: new(436.0), TookMS: new(1500.0),
	}
	group, total := model.SheetRow{Level: model.Group, Title: s, Comment: s}, row
	total.Level = model.Total
	return model.Drill{Sheet: model.Sheet{
		Lang: "zh", Title: s, Number: model.Fact{Name: s, Value: s},
		Boxes:   []model.Box{{Name: s, Value: s, Key: "place"}},
		Verdict: model.Conclusion{Word: s, Symbol: "✔"}, Why: s, Notes: []string{s},
		Figures:  []model.Fact{{Name: s, Value: s}, {Value: s}, {Value: s}, {Value: s}, {Value: s}},
		Table:    model.SheetTable{Rows: []model.SheetRow{group, row, row, total}},
		Problems: model.Problems{Rows: []model.Problem{{Number: "1", Text: s, Grade: s, Action: s, Owner: s, Due: s}}},
		Opinion:  model.Opinion{Rows: []model.Signer{{Role: s, Choices: s, Name: s}}},
		Run:      model.Fact{Name: s, Label: s, Value: s}, SHA256: model.Fact{Label: s, Value: s},
		Trials: []model.TrialRow{{Number: 1, Run: s, Verdict: s, Outage: s, LeastMS: new(1.5), LostCount: new(3)}},
		Heads:  model.Heads{Table: "表", Checks: "检查项", Trials: "试次"},
	}, Sections: model.Sections{Checks: model.Section{Table: &model.Table{
		Head: []model.Column{{Title: s}}, Rows: []model.Row{{Cells: []string{s}}},
	}}}}
}

// TestNoCellIsAFormula: hostile text stays text in every format, and numbers are numbers.
func TestNoCellIsAFormula(t *testing.T) {
	for _, s := range hostile() {
		d := drill(s)
		var b bytes.Buffer
		if err := office.XLSX(&b, d); err != nil {
			t.Fatalf("%.20q: %v", s, err)
		}
		noFormula(t, s, b.Bytes())
		b.Reset()
		if err := office.CSV(&b, d.Sheet); err != nil {
			t.Fatal(err)
		}
		rows, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(b.String(), "\ufeff"))).ReadAll()
		if len(rows) < 5 && !errors.Is(err, csv.ErrFieldCount) {
			t.Errorf("%.20q: CSV has %d rows, %v", s, len(rows), err)
		}
		for _, row := range rows {
			for _, cell := range row {
				if cell != "" && strings.ContainsRune("=+-@\t\r", rune(cell[0])) {
					t.Errorf("CSV has a cell %.20q", cell)
				}
			}
		}
		b.Reset()
		if err := office.DOCX(&b, d.Sheet); err != nil {
			t.Fatal(err)
		}
		wellFormed(t, s, b.Bytes())
	}
}

func noFormula(t *testing.T, said string, workbook []byte) {
	t.Helper()
	f, err := excelize.OpenReader(bytes.NewReader(workbook))
	if err != nil {
		t.Fatal(err)
	}
	if got := f.GetSheetList(); len(got) != 3 || got[0] != "表" || got[1] != "检查项" || got[2] != "试次" {
		t.Errorf("the sheets are %v", got)
	}
	found, numbers := false, 0
	for _, sheet := range f.GetSheetList() {
		rows, err := f.GetRows(sheet)
		if err != nil {
			t.Fatal(err)
		}
		for y, row := range rows {
			for x, cell := range row {
				at, _ := excelize.CoordinatesToCellName(x+1, y+1)
				if formula, _ := f.GetCellFormula(sheet, at); formula != "" {
					t.Errorf("%.20q: %s!%s is the formula %q", said, sheet, at, formula)
				}
				kind, _ := f.GetCellType(sheet, at)
				if cell == "412.5" && (kind == excelize.CellTypeNumber || kind == excelize.CellTypeUnset) {
					numbers++
				}
				found = found || cell == said || len(said) > 32767 && strings.HasPrefix(said, cell) && len(cell) > 1000
			}
		}
	}
	if !found {
		t.Errorf("%.20q is in no cell as it is", said)
	}
	if numbers == 0 {
		t.Errorf("%.20q: 412.5 is no number", said)
	}
}

// wellFormed parses all parts of a document.
func wellFormed(t *testing.T, said string, document []byte) {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(document), int64(len(document)))
	if err != nil {
		t.Fatal(err)
	}
	var texts strings.Builder
	for _, part := range z.File {
		r, err := part.Open()
		if err != nil {
			t.Fatal(err)
		}
		dec := xml.NewDecoder(r)
		for {
			token, err := dec.Token()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatalf("%.20q: %s: %v", said, part.Name, err)
			}
			if c, ok := token.(xml.CharData); ok && part.Name == "word/document.xml" {
				texts.Write(c)
			}
		}
	}
	if !strings.Contains(texts.String(), said) {
		t.Errorf("%.20q is not in the document as it is", said)
	}
}

// form is a template of these cells.
func form(t *testing.T, cells map[string]string) []byte {
	t.Helper()
	f := excelize.NewFile()
	for at, s := range cells {
		if err := f.SetCellStr("Sheet1", at, s); err != nil {
			t.Fatal(err)
		}
	}
	style, err := f.NewStyle(&excelize.Style{Font: &excelize.Font{Bold: true, Color: "FF0000"}})
	if err == nil {
		err = f.SetCellStyle("Sheet1", "A3", "C3", style)
	}
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := f.Write(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestFill: the row of steps is repeated with its formats, a number is a number, and what
// stands below moves down.
func TestFill(t *testing.T) {
	var b bytes.Buffer
	err := office.Fill(&b, form(t, map[string]string{
		"A1": "{{verdict}} / {{ place }}", "A3": "{{step.number}}", "B3": "{{step.title}}: {{step.downtime}}",
		"C3": "{{step.least.ms}}", "A5": "{{problem.text}}", "A6": "end",
	}), drill("{{run}}=").Sheet)
	if err != nil {
		t.Fatal(err)
	}
	f, err := excelize.OpenReader(bytes.NewReader(b.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	for at, want := range map[string]string{
		"A1": "✔ {{run}}= / {{run}}=", "A3": "", "A4": "1", "B4": "{{run}}=: {{run}}=", "C4": "412.5", "A5": "1",
		"A7": "{{run}}=",
		"A8": "end",
	} {
		if got, _ := f.GetCellValue("Sheet1", at); got != want {
			t.Errorf("%s = %q, want %q", at, got, want)
		}
	}
	for _, at := range []string{"A3", "B4", "C5"} {
		n, _ := f.GetCellStyle("Sheet1", at)
		if style, err := f.GetStyle(n); err != nil || style.Font == nil || !style.Font.Bold {
			t.Errorf("%s has lost its format", at)
		}
	}
}

func TestFillRefuses(t *testing.T) {
	stood := drill("x").Sheet
	stood.Mark = "STAND-IN"
	formula := excelize.NewFile()
	formula.SetCellFormula("Sheet1", "B2", "=1+1")
	var calculated bytes.Buffer
	if err := formula.Write(&calculated); err != nil {
		t.Fatal(err)
	}
	var macros bytes.Buffer
	z := zip.NewWriter(&macros)
	if _, err := z.Create("xl/vbaProject.bin"); err != nil {
		t.Fatal(err)
	}
	z.Close()
	locked := excelize.NewFile()
	var protected bytes.Buffer
	if err := locked.Write(&protected, excelize.Options{Password: "x"}); err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		form []byte
		of   model.Sheet
		want string
	}{
		"no step row":    {form(t, map[string]string{"A1": "{{verdict}}"}), stood, "no row of it holds a step"},
		"an unknown one": {form(t, map[string]string{"A1": "{{step.titel}}"}), stood, "step.title, "},
		"steps, problems": {
			form(t, map[string]string{"A1": "{{step.title}}", "B1": "{{problem.text}}"}), stood, "not of both",
		},
		"a silent stand-in": {form(t, map[string]string{"A1": "{{step.title}}"}), stood, "stand-in"},
		"a formula":         {calculated.Bytes(), stood, "B2"},
		"macros":            {macros.Bytes(), stood, "macros"},
		"a password":        {protected.Bytes(), stood, "password"},
		"no workbook":       {[]byte("PK"), stood, "no .xlsx"},
	} {
		err := office.Fill(io.Discard, tt.form, tt.of)
		if err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v, want one line with %q", name, err, tt.want)
		}
	}
	large := filepath.Join(t.TempDir(), "large.xlsx")
	if err := os.WriteFile(large, make([]byte, 9<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := office.ReadTemplate(large, nil); err == nil || !strings.Contains(err.Error(), "large.xlsx") {
		t.Errorf("a large template: %v", err)
	}
}
