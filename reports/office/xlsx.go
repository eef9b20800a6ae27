package office

import (
	"fmt"
	"io"
	"math"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"github.com/xuri/excelize/v2"

	"drillbook/reports/model"
)

// XLSX writes the sheet of a drill as a workbook of three sheets: the table, the checks,
// and the trials of the same drill. Times stand there twice, as they are printed and as
// numbers of milliseconds.
func XLSX(w io.Writer, d model.Drill) (err error) {
	b := book{File: excelize.NewFile()}
	defer func() {
		if closing := b.Close(); err == nil {
			err = closing
		}
	}()
	b.styles()
	s := d.Sheet
	b.try(b.SetSheetName("Sheet1", s.Heads.Table))
	b.table(s)
	if t := d.Sections.Checks.Table; t != nil {
		b.begin(s.Heads.Checks, s)
		b.plain(s, t)
	}
	b.begin(s.Heads.Trials, s)
	b.trials(s)
	b.SetActiveSheet(0)
	if b.err != nil {
		return b.err
	}
	return b.Write(w)
}

// book is a workbook under way. Its first error stays.
type book struct {
	*excelize.File

	sheet             string
	row               int
	cell, bold, title int // styles
	columns           []float64
	err               error
}

func (b *book) try(err error) {
	if b.err == nil {
		b.err = err
	}
}

func (b *book) styles() {
	sides := []string{"left", "top", "right", "bottom"}
	lines := make([]excelize.Border, 0, len(sides))
	for _, side := range sides {
		lines = append(lines, excelize.Border{Type: side, Style: 1, Color: "333333"})
	}
	text := excelize.Alignment{Vertical: "top", WrapText: true}
	for style, of := range map[*int]*excelize.Style{
		&b.cell: {Border: lines, Alignment: &text, Font: &excelize.Font{Size: 9, Family: "Arial"}},
		&b.bold: {
			Border: lines, Alignment: &text, Font: &excelize.Font{Size: 9, Bold: true, Family: "Arial"},
			Fill: excelize.Fill{Type: "pattern", Pattern: 1, Color: []string{"EEF0F2"}},
		},
		&b.title: {Alignment: &text, Font: &excelize.Font{Size: 14, Bold: true, Family: "Arial"}},
	} {
		n, err := b.NewStyle(of)
		b.try(err)
		*style = n
	}
}

// begin begins another sheet.
func (b *book) begin(name string, s model.Sheet) {
	if i, err := b.GetSheetIndex(name); err != nil || i < 0 {
		_, err := b.NewSheet(name)
		b.try(err)
	}
	b.sheet, b.row = name, 0
	paper, landscape, one, all := 9, "landscape", 1, 0 // A4, one page wide
	b.try(b.SetPageLayout(name, &excelize.PageLayoutOptions{
		Size: &paper, Orientation: &landscape, FitToWidth: &one, FitToHeight: &all,
	}))
	b.try(b.SetSheetProps(name, &excelize.SheetPropsOptions{FitToPage: new(true)}))
	b.try(b.SetHeaderFooter(name, &excelize.HeaderFooterOptions{
		OddHeader: "&L" + field(s.Mark) + "&R" + field(s.Number.Value),
		OddFooter: "&L" + field(s.Run.Label+s.Run.Value) + "&R" + field(s.Paging.Page) + " &P " + field(s.Paging.Of) +
			" &N " + field(s.Paging.Pages),
	}))
}

// mark says in a sheet that the drill was on a stand-in.
func (b *book) mark(s model.Sheet) {
	if s.Mark != "" {
		b.spread(b.bold, []int{len(b.columns)}, s.Mark)
	}
}

// field is a text of a header: a field of the program begins with an ampersand. All of a
// header may have 255 characters.
func field(s string) string {
	const most = 60
	r := []rune(strings.ReplaceAll(s, "&", "&&"))
	return string(r[:min(len(r), most)])
}

// line writes a row of texts and numbers.
func (b *book) line(style int, values ...any) {
	b.row++
	height := 1.0
	for i, v := range values {
		at, err := excelize.CoordinatesToCellName(i+1, b.row)
		b.try(err)
		switch v := v.(type) {
		case string:
			b.try(b.SetCellStr(b.sheet, at, literal(v))) // a text, whatever it begins with
			height = max(height, lines(v, b.columns[i]))
		case *float64:
			if v != nil {
				b.try(b.SetCellFloat(b.sheet, at, *v, -1, 64))
			}
		case *int:
			if v != nil {
				b.try(b.SetCellInt(b.sheet, at, int64(*v)))
			}
		}
		b.try(b.SetCellStyle(b.sheet, at, at, style))
	}
	b.high(height)
}

// spread writes a row of texts, each over so many columns.
func (b *book) spread(style int, spans []int, values ...string) {
	b.row++
	height, column := 1.0, 1
	for i, span := range spans {
		v := values[i]
		from, err := excelize.CoordinatesToCellName(column, b.row)
		b.try(err)
		to, err := excelize.CoordinatesToCellName(column+span-1, b.row)
		b.try(err)
		b.try(b.MergeCell(b.sheet, from, to))
		b.try(b.SetCellStr(b.sheet, from, literal(v)))
		b.try(b.SetCellStyle(b.sheet, from, to, style))
		room := 0.0
		for _, w := range b.columns[column-1 : column-1+span] {
			room += w
		}
		height = max(height, lines(v, room))
		column += span
	}
	b.high(height)
}

// high makes the last row so many lines high.
func (b *book) high(lines float64) {
	const line, pad, most = 12.5, 3, 400
	b.try(b.SetRowHeight(b.sheet, b.row, min(lines*line+pad, most)))
}

// lines estimates how many a text takes in a column of a width in characters.
func lines(s string, room float64) float64 {
	const small = 0.92 // the type is smaller than that which widths count in
	n := 0.0
	for one := range strings.SplitSeq(s, "\n") {
		wide := 0.0
		for _, r := range one {
			wide++
			if r > unicode.MaxLatin1 {
				wide++
			}
		}
		n += max(math.Ceil(wide*small/room), 1)
	}
	return n
}

// widths are those of the columns, in characters.
func (b *book) widths(widths ...float64) {
	b.columns = widths
	for i, w := range widths {
		name, err := excelize.ColumnNumberToName(i + 1)
		b.try(err)
		b.try(b.SetColWidth(b.sheet, name, name, w))
	}
}

// repeat has the last row printed at the top of every page.
func (b *book) repeat() {
	b.try(b.SetDefinedName(&excelize.DefinedName{
		Name: "_xlnm.Print_Titles", Scope: b.sheet,
		RefersTo: fmt.Sprintf("'%s'!$%d:$%d", b.sheet, b.row, b.row),
	}))
}

// table is the sheet itself.
func (b *book) table(s model.Sheet) {
	b.begin(s.Heads.Table, s)
	b.widths(6, 26, 48, 12, 12, 20, 12, 12, 20, 12, 12, 18)
	b.spread(b.title, []int{len(b.columns)}, s.Title)
	b.high(2)
	b.mark(s)
	b.pair(s.Number.Name, s.Number.Value)
	for _, box := range s.Boxes {
		b.pair(box.Name, box.Value)
	}
	b.pair(s.Heads.Verdict, s.Verdict.Symbol+" "+s.Verdict.Word)
	for _, f := range s.Figures {
		b.pair(f.Name, f.Value+f.Remark)
	}
	for _, n := range slices.Concat([]string{s.Why}, s.Notes) {
		if n != "" {
			b.pair("", n)
		}
	}
	b.row++
	b.line(b.bold, texts(columns(s))...)
	b.repeat()
	for _, r := range s.Table.Rows {
		style := b.cell
		if r.Level != "" && r.Level != model.Part {
			style = b.bold
		}
		b.line(style, r.Number, r.Title, r.Comment, r.Allowed, r.AllowedMS, r.Downtime, r.LeastMS, r.MostMS, r.Spent,
			r.PlannedMS, r.TookMS, r.Outcome)
	}
	b.row++
	b.closing(s)
	b.row++
	b.pair(s.Run.Name, s.Run.Value)
	b.pair(s.SHA256.Name, s.SHA256.Value)
}

// closing are the problems and the lines where people sign.
func (b *book) closing(s model.Sheet) {
	p, spans := s.Problems, []int{1, 2, 1, 4, 2, 2}
	b.spread(b.bold, spans, p.Head[:]...)
	for _, one := range p.Rows {
		b.spread(b.cell, spans, one.Number, one.Text, one.Grade, one.Action, one.Owner, one.Due)
	}
	for _, note := range []string{p.None, p.More} {
		if note != "" {
			b.spread(b.cell, []int{len(b.columns)}, note)
		}
	}
	b.row++
	o, spans := s.Opinion, []int{2, 1, 5, 4}
	b.spread(b.bold, spans, o.Head[:]...)
	for _, one := range o.Rows {
		const room = 2
		b.spread(b.cell, spans, one.Role, one.Choices, one.Name, "")
		b.high(room)
	}
}

// pair is a name and its value, over the width of the table.
func (b *book) pair(name, value string) {
	b.spread(b.cell, []int{2, len(b.columns) - 2}, name, value)
	b.try(b.SetCellStyle(b.sheet, fmt.Sprintf("A%d", b.row), fmt.Sprintf("B%d", b.row), b.bold))
}

// plain is a table of the report.
func (b *book) plain(s model.Sheet, t *model.Table) {
	b.widths(8, 16, 50, 50, 40)
	b.mark(s)
	head := make([]any, 0, len(t.Head))
	for _, c := range t.Head {
		head = append(head, c.Title)
	}
	b.line(b.bold, head...)
	b.repeat()
	for _, r := range t.Rows {
		b.line(b.cell, texts(r.Cells)...)
	}
	if t.More != "" {
		b.line(b.cell, t.More)
	}
}

func (b *book) trials(s model.Sheet) {
	h := s.Heads
	b.widths(8, 26, 26, 24, 24, 14, 14, 16, 12, 14, 14)
	b.mark(s)
	b.line(b.bold, h.Trial, h.Run, h.Began, h.Verdict, h.Outage, h.LeastMS, h.MostMS, h.Lost, h.LostCount, h.Took,
		h.TookMS)
	b.repeat()
	for _, t := range s.Trials {
		b.line(b.cell, &t.Number, t.Run, t.Began, t.Verdict, t.Outage, t.LeastMS, t.MostMS, t.Lost, t.LostCount, t.Took,
			t.TookMS)
	}
}

func texts(all []string) []any {
	values := make([]any, len(all))
	for i, s := range all {
		values[i] = s
	}
	return values
}

// literal is a text that shows as it is: in a workbook _x0041_ stands for a letter.
func literal(s string) string {
	return regexp.MustCompile(`_(x[0-9A-Fa-f]{4}_)`).ReplaceAllString(s, "_x005F_$1")
}
