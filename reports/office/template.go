package office

import (
	"archive/zip"
	"bytes"
	"cmp"
	"io"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/xuri/excelize/v2"

	"drillbook/harness/phrase"
	"drillbook/reports/model"
)

// A template is a customer's own form as XLSX. Its cells may hold placeholders such as
// {{step.downtime}}. The row that holds some of steps, or of problems, is repeated for
// each of them; everything else stays as it is.

// What a template may be.
const (
	maxTemplate = 8 << 20
	maxUnzipped = 64 << 20
)

// ReadTemplate reads a template and checks it against the drills that it is for.
func ReadTemplate(name string, drills []model.Drill) ([]byte, error) {
	b, err := readTemplate(name)
	if err != nil {
		return nil, err
	}
	f, err := open(b)
	if err == nil {
		err = f.Close()
	}
	if err != nil {
		return nil, phrase.Errorf("template %s: %w", filepath.Base(name), err)
	}
	for _, d := range drills {
		if err := Fill(io.Discard, b, d.Sheet); err != nil {
			return nil, phrase.Errorf("template %s: %w", filepath.Base(name), err)
		}
	}
	return b, nil
}

func readTemplate(name string) ([]byte, error) {
	info, err := os.Stat(name)
	if err != nil {
		return nil, phrase.Errorf("read the template: %w", err)
	}
	if info.Size() > maxTemplate {
		return nil, phrase.Errorf("template %s: it has %d bytes; a template has at most %d", name, info.Size(),
			maxTemplate)
	}
	b, err := os.ReadFile(name) //nolint:gosec // the user names it
	if err != nil {
		return nil, phrase.Errorf("read the template: %w", err)
	}
	return b, nil
}

// Fill writes a template with its placeholders filled in.
func Fill(w io.Writer, form []byte, s model.Sheet) (err error) {
	f, err := open(form)
	if err != nil {
		return err
	}
	defer func() {
		if closing := f.Close(); err == nil {
			err = closing
		}
	}()
	all := placeholders(s)
	seen := map[string]bool{}
	for _, name := range f.GetSheetList() {
		if err := fillSheet(f, name, all, seen); err != nil {
			return err
		}
	}
	names := slices.Collect(maps.Keys(seen))
	if !slices.ContainsFunc(names, func(p string) bool { return strings.HasPrefix(p, "step.") }) {
		return phrase.Errorf("no row of it holds a step: write {{step.title}}, {{step.downtime}} and the like into one")
	}
	if s.Mark != "" && !seen["verdict"] && !seen["stand-in"] {
		return phrase.Errorf("this drill ran on a stand-in, which the template has no place to say: " +
			"add {{verdict}} or {{stand-in}}")
	}
	return f.Write(w)
}

// open opens a workbook without macros and passwords.
func open(form []byte) (*excelize.File, error) {
	if bytes.HasPrefix(form, []byte{0xd0, 0xcf, 0x11, 0xe0}) {
		return nil, phrase.Errorf("it is protected by a password, or an old .xls: save it as .xlsx without one")
	}
	z, err := zip.NewReader(bytes.NewReader(form), int64(len(form)))
	if err != nil {
		return nil, phrase.Errorf("it is no .xlsx file")
	}
	for _, part := range z.File {
		if strings.HasSuffix(strings.ToLower(part.Name), "vbaproject.bin") {
			return nil, phrase.Errorf("it holds macros: save it as .xlsx without them")
		}
		if at, err := formulaIn(part); err != nil || at != "" {
			return nil, cmp.Or(err, phrase.Errorf("cell %s of %s is a formula; a report has none", at, part.Name))
		}
	}
	f, err := excelize.OpenReader(bytes.NewReader(form), excelize.Options{UnzipSizeLimit: maxUnzipped})
	if err != nil {
		return nil, phrase.Errorf("it cannot be read as .xlsx: %w", err)
	}
	return f, nil
}

// formulaIn is a cell that a spreadsheet would calculate; "" if there is none.
func formulaIn(part *zip.File) (cell string, err error) {
	if !strings.HasPrefix(part.Name, "xl/worksheets/") || !strings.HasSuffix(part.Name, ".xml") {
		return "", nil
	}
	r, err := part.Open()
	if err != nil {
		return "", phrase.Errorf("it cannot be read as .xlsx: %w", err)
	}
	defer func() { _ = r.Close() }() // it was only read
	xml, err := io.ReadAll(io.LimitReader(r, maxUnzipped))
	if err != nil {
		return "", phrase.Errorf("it cannot be read as .xlsx: %w", err)
	}
	found := regexp.MustCompile(`<c r="([A-Z]+[0-9]+)"[^>]*>\s*<f[ />]`).FindSubmatch(xml)
	if found == nil {
		return "", nil
	}
	return string(found[1]), nil
}

// values are placeholders with what they stand for: texts and numbers.
type values map[string]any

// repeated are rows of the same kind.
type repeated struct {
	prefix string
	rows   []values
}

// filling is all that placeholders stand for.
type filling struct {
	once     values
	repeated []repeated
}

func placeholders(s model.Sheet) filling {
	once := values{
		"number": s.Number.Value, "verdict": s.Verdict.Symbol + " " + s.Verdict.Word, "stand-in": s.Mark, "why": s.Why,
		"notes": strings.Join(s.Notes, "\n"), "run": s.Run.Value, "sha256": s.SHA256.Value,
	}
	for i, key := range []string{"outage", "lost", "split", "took", "last"} {
		once[key], once[key+".note"] = s.Figures[i].Value, s.Figures[i].Note
	}
	for _, b := range s.Boxes {
		once[b.Key] = b.Value
	}
	steps := repeated{prefix: "step."}
	for _, r := range s.Table.Rows {
		switch r.Level {
		case model.Total:
			maps.Copy(once, rowValues("total.", r))
		case model.Subtotal:
		default:
			steps.rows = append(steps.rows, rowValues("step.", r))
		}
	}
	problems := repeated{prefix: "problem."}
	for _, p := range s.Problems.Rows {
		problems.rows = append(problems.rows, values{
			"problem.number": p.Number, "problem.text": p.Text, "problem.grade": p.Grade, "problem.action": p.Action,
			"problem.owner": p.Owner, "problem.due": p.Due,
		})
	}
	signers := repeated{prefix: "signer."}
	for _, o := range s.Opinion.Rows {
		signers.rows = append(signers.rows, values{
			"signer.role": o.Role, "signer.choices": o.Choices, "signer.name": o.Name,
		})
	}
	return filling{once, []repeated{steps, problems, signers}}
}

func rowValues(prefix string, r model.SheetRow) values {
	return values{
		prefix + "number": r.Number, prefix + "title": r.Title, prefix + "comment": r.Comment,
		prefix + "allowed": r.Allowed, prefix + "downtime": r.Downtime, prefix + "planned": r.Planned,
		prefix + "took": r.Took, prefix + "outcome": r.Outcome,
		prefix + "allowed.ms": r.AllowedMS, prefix + "least.ms": r.LeastMS, prefix + "most.ms": r.MostMS,
		prefix + "planned.ms": r.PlannedMS, prefix + "took.ms": r.TookMS,
	}
}

// known are the names of all placeholders.
func (f filling) known() []string {
	names := slices.Collect(maps.Keys(f.once))
	for _, r := range f.repeated {
		if len(r.rows) > 0 {
			names = append(names, slices.Collect(maps.Keys(r.rows[0]))...)
		}
	}
	slices.Sort(names)
	return names
}

func placeholder() *regexp.Regexp { return regexp.MustCompile(`\{\{\s*([^{}]*?)\s*\}\}`) }

// fillSheet fills one sheet, from below, so that rows that were repeated move no row that
// is still to be filled.
func fillSheet(f *excelize.File, sheet string, all filling, seen map[string]bool) error {
	rows, err := f.GetRows(sheet, excelize.Options{RawCellValue: true})
	if err != nil {
		return phrase.Errorf("sheet %s: %w", sheet, err)
	}
	spans, err := spansOf(f, sheet)
	if err != nil {
		return err
	}
	for n := len(rows); n >= 1; n-- {
		kind, err := all.kindOf(sheet, n, rows[n-1], seen)
		if err != nil {
			return err
		}
		if kind < 0 {
			if err := fillRow(f, at{sheet, n, spans[n]}, rows[n-1], all.once); err != nil {
				return err
			}
			continue
		}
		if err := repeat(f, at{sheet, n, spans[n]}, rows[n-1], all.once, all.repeated[kind].rows); err != nil {
			return err
		}
	}
	return nil
}

// kindOf is of what kind the placeholders of a row are: that of rows that are repeated,
// or -1.
func (f filling) kindOf(sheet string, row int, cells []string, seen map[string]bool) (int, error) {
	kind := -1
	for _, cell := range cells {
		for _, m := range placeholder().FindAllStringSubmatch(cell, -1) {
			name := m[1]
			if !slices.Contains(f.known(), name) {
				return 0, phrase.Errorf("%s, row %d: {{%.60s}} is no placeholder; there are %s", sheet, row, name,
					strings.Join(f.known(), ", "))
			}
			seen[name] = true
			of := slices.IndexFunc(f.repeated, func(r repeated) bool { return strings.HasPrefix(name, r.prefix) })
			if of >= 0 && kind >= 0 && of != kind {
				return 0, phrase.Errorf("%s, row %d: one row can be of steps or of problems, not of both", sheet, row)
			}
			kind = max(kind, of)
		}
	}
	return kind, nil
}

// repeat fills a row once for each of several.
func repeat(f *excelize.File, row at, cells []string, once values, all []values) error {
	for range all[1:] {
		if err := f.DuplicateRow(row.sheet, row.row); err != nil {
			return phrase.Errorf("repeat row %d of %s: %w", row.row, row.sheet, err)
		}
	}
	for _, one := range all {
		one = maps.Clone(one)
		maps.Copy(one, once)
		if err := fillRow(f, row, cells, one); err != nil {
			return err
		}
		row.row++
	}
	return nil
}

// at is a row of a sheet, and over how many columns its cells go.
type at struct {
	sheet string
	row   int
	spans map[int]int // by column; one that is not merged is not in it
}

// spansOf are the cells that go over several columns, by row and column.
func spansOf(f *excelize.File, sheet string) (map[int]map[int]int, error) {
	merged, err := f.GetMergeCells(sheet)
	if err != nil {
		return nil, phrase.Errorf("sheet %s: %w", sheet, err)
	}
	spans := map[int]map[int]int{}
	for _, m := range merged {
		from, row, err := excelize.CellNameToCoordinates(m.GetStartAxis())
		if err != nil {
			return nil, phrase.Errorf("sheet %s: %w", sheet, err)
		}
		to, _, err := excelize.CellNameToCoordinates(m.GetEndAxis())
		if err != nil {
			return nil, phrase.Errorf("sheet %s: %w", sheet, err)
		}
		if spans[row] == nil {
			spans[row] = map[int]int{}
		}
		spans[row][from] = to - from + 1
	}
	return spans, nil
}

// fillRow fills the cells of a row that hold placeholders, and makes it high enough.
func fillRow(f *excelize.File, row at, cells []string, of values) error {
	height, err := f.GetRowHeight(row.sheet, row.row)
	if err != nil {
		return phrase.Errorf("row %d of %s: %w", row.row, row.sheet, err)
	}
	for i, cell := range cells {
		found := placeholder().FindAllStringSubmatch(cell, -1)
		if len(found) == 0 {
			continue
		}
		name, err := excelize.CoordinatesToCellName(i+1, row.row)
		if err != nil {
			return err
		}
		if n, ok := of[found[0][1]].(*float64); ok && len(found) == 1 && found[0][0] == strings.TrimSpace(cell) {
			if n == nil {
				err = f.SetCellStr(row.sheet, name, "")
			} else {
				err = f.SetCellFloat(row.sheet, name, *n, -1, 64)
			}
		} else {
			said := placeholder().ReplaceAllStringFunc(cell, of.text)
			height = max(height, row.heightFor(f, i+1, said))
			err = f.SetCellStr(row.sheet, name, literal(said))
		}
		if err != nil {
			return phrase.Errorf("fill %s!%s: %w", row.sheet, name, err)
		}
	}
	return f.SetRowHeight(row.sheet, row.row, height)
}

// heightFor is how high the row has to be for a text in a column.
func (row at) heightFor(f *excelize.File, column int, said string) float64 {
	const line, pad, most = 12.5, 3, 400
	room := 0.0
	for c := column; c < column+max(row.spans[column], 1); c++ {
		name, err := excelize.ColumnNumberToName(c)
		if err != nil {
			return 0
		}
		wide, err := f.GetColWidth(row.sheet, name)
		if err != nil {
			return 0
		}
		room += wide
	}
	return min(lines(said, room)*line+pad, most)
}

// text is what a placeholder stands for, as text.
func (v values) text(holder string) string {
	switch of := v[placeholder().FindStringSubmatch(holder)[1]].(type) {
	case string:
		return of
	case *float64:
		return figure(of)
	}
	return ""
}
