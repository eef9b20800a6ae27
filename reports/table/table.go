// Package table renders a report as the closing table for a terminal: the steps of
// every drill, and of repeated drills what the trials say together. No line is wider
// than the terminal, or than 100 columns where there is none; a wide character counts as
// two. Some East Asian terminals show more characters wide, for instance those of rulers:
// RUNEWIDTH_EASTASIAN=1 counts them so.
package table

import (
	"cmp"
	"io"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/charmbracelet/x/ansi"

	"drillbook/reports/model"
	"drillbook/reports/text"
)

// maxNightRows bounds what is listed of a night: the page has the rest.
const maxNightRows = 40

// How wide the table may be: where there is no terminal, and on the widest and the
// narrowest one, beyond which lines are hard to follow or cannot hold a figure.
const (
	usualColumns = 100
	mostColumns  = 140
	leastColumns = 80
)

// sheet is what is written, and how many columns it may have.
type sheet struct {
	text    strings.Builder
	columns int
}

// Write renders a report for a terminal with so many columns, 0 if there is none.
func Write(w io.Writer, r model.Report, columns int) error {
	b := sheet{columns: usualColumns}
	if columns > 0 {
		b.columns = min(max(columns, leastColumns), mostColumns)
	}
	if r.Pages {
		writeNight(&b, r)
		_, err := io.WriteString(w, b.text.String())
		return err
	}
	for i, d := range r.Drills {
		if i > 0 {
			b.text.WriteByte('\n')
		}
		wrap(&b, d.Title+" · "+strings.Join(d.Under, " · "))
		if d.StandIn != "" {
			wrap(&b, d.StandIn)
		}
		if d.Apart != "" {
			wrap(&b, d.Apart)
		}
		wrap(&b, d.Symbol+" "+d.Summed)
		write(&b, steps(*d.Sections.Steps.Table))
		section(&b, d.Sections.Expected, 0, 1, 2, 3, 4, 5)
	}
	section(&b, r.Trials, 0, 3, 5, 7, 8, 10, 11)
	section(&b, r.Expected, 0, 1, 2, 3, 4, 5, 6, 7)
	_, err := io.WriteString(w, b.text.String())
	return err
}

// writeNight writes what is said of a night besides its drills.
func writeNight(b *sheet, r model.Report) {
	wrap(b, r.Title)
	wrap(b, r.Symbol+" "+r.Summed)
	for _, s := range r.Night.Sections() {
		if !s.Empty() {
			s.Table = s.Table.First(maxNightRows)
			columns := make([]int, len(s.Table.Head))
			for i := range columns {
				columns[i] = i
			}
			section(b, s, columns...)
		}
	}
	section(b, r.Trials, 0, 3, 5, 7, 8, 10, 11)
}

// section writes the columns of a section for which there is room.
func section(b *sheet, s model.Section, columns ...int) {
	if !s.Empty() {
		b.text.WriteString("\n" + s.Title + "\n")
		write(b, keep(*s.Table, columns...))
	}
}

// steps is the table of steps without comments, their numbers before their titles. Rows
// that a step answers stand below it, a little to the right.
func steps(t model.Table) model.Table {
	rows := make([]model.Row, len(t.Rows))
	for i, r := range t.Rows {
		rows[i] = r
		rows[i].Cells = slices.Clone(r.Cells)
		number, title := r.Cells[0], text.Line(r.Cells[1])
		switch r.Level {
		case model.Group:
			rows[i].Cells[1] = title
		case model.Part:
			rows[i].Cells[1] = "  " + number + " " + title
		default:
			rows[i].Cells[1] = strings.TrimSpace(number + ". " + title)
		}
	}
	t.Rows = rows
	return keep(t, 1, 3, 4, 5, 6, 7)
}

// keep is the table with some of its columns.
func keep(t model.Table, columns ...int) model.Table {
	pick := func(from []string) []string {
		if from == nil {
			return nil
		}
		var to []string
		for _, n := range columns {
			to = append(to, from[n])
		}
		return to
	}
	out := model.Table{Foot: pick(t.Foot), More: t.More}
	for _, n := range columns {
		out.Head = append(out.Head, t.Head[n])
	}
	for _, r := range t.Rows {
		out.Rows = append(out.Rows, model.Row{Cells: pick(r.Cells), Level: r.Level})
	}
	return out
}

// write writes a table in columns. Those that do not fit are folded, titles
// last. The title of a heading, or of a row below a step, has the room of all columns but
// the last, since they are empty.
func write(b *sheet, t model.Table) {
	heads := make([]string, len(t.Head))
	for i, h := range t.Head {
		heads[i] = cmp.Or(h.Brief, h.Title)
	}
	lines := []model.Row{{Cells: heads}}
	lines = append(lines, t.Rows...)
	if t.Foot != nil {
		lines = append(lines, model.Row{Cells: t.Foot})
	}
	widths := columnWidths(lines, b.columns)
	total := -2
	for _, n := range widths {
		total += n + 2
	}
	ruler := strings.Repeat("─", total/ansi.StringWidthWc("─")) // two on some East Asian terminals
	last := len(widths) - 1
	for i, l := range lines {
		if i == 1 || (t.Foot != nil && i == len(lines)-1) {
			b.text.WriteString(ruler + "\n")
		}
		if l.Level == "" {
			writeRow(b, t.Head, l.Cells, widths)
			continue
		}
		writeRow(b, []model.Column{t.Head[0], t.Head[last]}, []string{l.Cells[0], l.Cells[last]},
			[]int{total - widths[last] - 2, widths[last]})
	}
	if t.More != "" {
		wrap(b, t.More)
	}
}

// enough is how narrow a column becomes so that titles keep their room: a figure and
// its unit fit into it.
const enough = 18

// columnWidths are as wide as the columns need, or narrower where they would
// not all fit: titles, which come first, get what the others leave.
func columnWidths(lines []model.Row, columns int) []int {
	widths := make([]int, len(lines[0].Cells))
	total := 2 * (len(widths) - 1)
	for i := range widths {
		for _, l := range lines {
			if l.Level != "" && i == 0 {
				continue
			}
			for part := range strings.SplitSeq(l.Cells[i], "\n") {
				widths[i] = max(widths[i], ansi.StringWidthWc(part))
			}
		}
		total += widths[i]
	}
	for ; total > columns; total-- {
		widest := len(widths) - 1
		for i := 1; i < len(widths); i++ {
			if widths[i] > widths[widest] {
				widest = i
			}
		}
		if widths[widest] <= enough && widths[0] > enough {
			widest = 0
		}
		widths[widest]--
	}
	return widths
}

func writeRow(b *sheet, head []model.Column, cells []string, widths []int) {
	folded := make([][]string, len(cells))
	height := 1
	for i, c := range cells {
		folded[i] = foldCell(c, widths[i])
		height = max(height, len(folded[i]))
	}
	for n := range height {
		var s strings.Builder
		for i := range cells {
			part := ""
			if n < len(folded[i]) {
				part = folded[i][n]
			}
			pad := strings.Repeat(" ", max(0, widths[i]-ansi.StringWidthWc(part)))
			if head[i].Right {
				part = pad + part
			} else {
				part += pad
			}
			if i > 0 {
				s.WriteString("  ")
			}
			s.WriteString(part)
		}
		b.text.WriteString(strings.TrimRight(s.String(), " ") + "\n")
	}
}

// foldCell folds a cell, between its two clauses if these fit.
func foldCell(s string, columns int) []string {
	first, second, two := strings.Cut(s, "，")
	if first += "，"; two && Columns(s) > columns && Columns(first) <= columns && Columns(second) <= columns {
		return []string{first, second}
	}
	return Fold(s, columns)
}

// wrap writes text in lines.
func wrap(b *sheet, s string) {
	for _, l := range Fold(text.Line(s), b.columns) {
		b.text.WriteString(l + "\n")
	}
}

// Fold breaks text into lines of some width: between words, and between wide
// characters, and within a word only if it is too long for a line.
func Fold(s string, columns int) []string {
	if first, rest, ok := strings.Cut(s, "\n"); ok {
		return append(Fold(first, columns), Fold(rest, columns)...)
	}
	if ansi.StringWidthWc(s) <= columns {
		return []string{s}
	}
	var lines []string
	var cur string
	for _, piece := range pieces(s) {
		if cur != "" && ansi.StringWidthWc(cur)+ansi.StringWidthWc(strings.TrimRight(piece, " ")) > columns {
			lines = append(lines, strings.TrimRight(cur, " "))
			cur = ""
		}
		for cur == "" && ansi.StringWidthWc(strings.TrimRight(piece, " ")) > columns {
			n := prefix(piece, columns)
			lines = append(lines, piece[:n])
			piece = piece[n:]
		}
		cur += piece
	}
	return append(lines, strings.TrimRight(cur, " "))
}

// figure is a number, or a range, with its unit.
var figure = regexp.MustCompile(`[0-9][0-9.,–]* (?:毫秒|秒|分钟|小时|笔|(?:ms|s|min|h)\b)`)

// pieces cuts text where a line may end. A mark that may not begin a line
// stays with what it follows, and a figure with its unit.
func pieces(s string) []string {
	var ps []string
	whole := figure.FindAllStringIndex(s, -1)
	within := func(i int) bool {
		return slices.ContainsFunc(whole, func(span []int) bool { return span[0] < i && i < span[1] })
	}
	start := 0
	for i, r := range s {
		if i == start || within(i) || strings.ContainsRune("，。；：！？、）”,.;:!?)", r) {
			continue
		}
		before, _ := utf8.DecodeLastRuneInString(s[:i])
		if before == ' ' && r != ' ' || wide(r) || wide(before) && r != ' ' {
			ps = append(ps, s[start:i])
			start = i
		}
	}
	return append(ps, s[start:])
}

// Columns is how many columns a text takes on a terminal.
func Columns(s string) int { return ansi.StringWidthWc(s) }

// Pad fills a text with spaces to some columns.
func Pad(s string, columns int) string { return s + strings.Repeat(" ", max(0, columns-Columns(s))) }

func wide(r rune) bool { return ansi.StringWidthWc(string(r)) == 2 }

// prefix is how many bytes of s fit, at least one character.
func prefix(s string, columns int) int {
	used := 0
	for i, r := range s {
		if used += ansi.StringWidthWc(string(r)); used > columns && i > 0 {
			return i
		}
	}
	return len(s)
}
