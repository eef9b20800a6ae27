package reports

import (
	"io"
	"strings"
	"unicode/utf8"

	"drillbook/reports/text"
)

// maxColumns is how wide the table for terminals may be.
const maxColumns = 100

// Table writes the closing table of a run for a terminal: the steps of every
// drill, and of repeated drills what the trials say together. No line is wider than
// 100 columns; a wide character counts as two.
func Table(w io.Writer, r Run, lang string) error {
	wr, err := prepare(r, lang)
	if err != nil {
		return err
	}
	var b strings.Builder
	for i, d := range r.Drills {
		if i > 0 {
			b.WriteByte('\n')
		}
		draft := newDrafter(wr, limits{rows: 200, chars: 200}, d)
		v := draft.head(i + 1)
		wrap(&b, v.Title+" · "+strings.Join(v.Under, " · "))
		if v.StandIn != "" {
			wrap(&b, v.StandIn)
		}
		if v.Apart != "" {
			wrap(&b, v.Apart)
		}
		wrap(&b, v.Symbol+" "+v.Summed)
		draft.stepTable().print(&b)
		if e := draft.expected(); e.Grid != nil {
			b.WriteString("\n" + e.Title + "\n")
			e.Grid.Head[3].Title = wr.Say("downtime")
			e.Grid.print(&b)
		}
	}
	repeated := r.Trials()
	if trials := wr.trials(repeated); trials != nil {
		b.WriteString("\n" + wr.Say("repeated") + "\n")
		trials.keep(0, 3, 5, 7, 8, 10, 11).print(&b)
	}
	if expected := wr.expectedOf(repeated); expected != nil {
		b.WriteString("\n" + wr.Say("expected") + "\n")
		expected.print(&b)
	}
	_, err = io.WriteString(w, b.String())
	return err
}

// stepTable is the table of steps without comments, and with short figures.
func (d drafter) stepTable() *grid {
	g := d.steps().Grid
	for i := range g.Rows {
		g.Rows[i].Cells[1] = g.Rows[i].Cells[0] + ". " + text.Line(g.Rows[i].Cells[1])
	}
	g.Head[3].Title = d.Say("downtime")
	return g.keep(1, 3, 4, 5, 6, 7)
}

// keep is the grid with some of its columns.
func (g *grid) keep(columns ...int) *grid {
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
	out := &grid{Foot: pick(g.Foot), More: g.More}
	for _, n := range columns {
		out.Head = append(out.Head, g.Head[n])
	}
	for _, r := range g.Rows {
		out.Rows = append(out.Rows, row{Cells: pick(r.Cells), Mark: r.Mark})
	}
	return out
}

// print writes the grid in columns. The columns that do not fit are folded, the
// widest first.
func (g *grid) print(b *strings.Builder) {
	heads := make([]string, len(g.Head))
	for i, h := range g.Head {
		heads[i] = h.Title
	}
	lines := [][]string{heads}
	for _, r := range g.Rows {
		lines = append(lines, r.Cells)
	}
	if g.Foot != nil {
		lines = append(lines, g.Foot)
	}
	widths := columnWidths(lines)
	total := -2
	for _, n := range widths {
		total += n + 2
	}
	ruler := strings.Repeat("─", total)
	for i, cells := range lines {
		if i == 1 || (g.Foot != nil && i == len(lines)-1) {
			b.WriteString(ruler + "\n")
		}
		g.printRow(b, cells, widths)
	}
	if g.More != "" {
		wrap(b, g.More)
	}
}

// columnWidths are as wide as the columns need, or narrower where they would
// not all fit.
func columnWidths(lines [][]string) []int {
	widths := make([]int, len(lines[0]))
	total := 2 * (len(widths) - 1)
	for i := range widths {
		for _, cells := range lines {
			for part := range strings.SplitSeq(cells[i], "\n") {
				widths[i] = max(widths[i], text.Width(part))
			}
		}
		total += widths[i]
	}
	for ; total > maxColumns; total-- {
		widest := 0
		for i, n := range widths {
			if n > widths[widest] {
				widest = i
			}
		}
		widths[widest]--
	}
	return widths
}

func (g *grid) printRow(b *strings.Builder, cells []string, widths []int) {
	folded := make([][]string, len(cells))
	height := 1
	for i, c := range cells {
		folded[i] = fold(c, widths[i])
		height = max(height, len(folded[i]))
	}
	for n := range height {
		var s strings.Builder
		for i := range cells {
			part := ""
			if n < len(folded[i]) {
				part = folded[i][n]
			}
			pad := strings.Repeat(" ", max(0, widths[i]-text.Width(part)))
			if g.Head[i].Right {
				part = pad + part
			} else {
				part += pad
			}
			if i > 0 {
				s.WriteString("  ")
			}
			s.WriteString(part)
		}
		b.WriteString(strings.TrimRight(s.String(), " ") + "\n")
	}
}

// wrap writes text in lines.
func wrap(b *strings.Builder, s string) {
	for _, l := range fold(text.Line(s), maxColumns) {
		b.WriteString(l + "\n")
	}
}

// fold breaks text into lines of some width: between words, and between wide
// characters, and within a word only if it is too long for a line.
func fold(s string, columns int) []string {
	if first, rest, ok := strings.Cut(s, "\n"); ok {
		return append(fold(first, columns), fold(rest, columns)...)
	}
	if text.Width(s) <= columns {
		return []string{s}
	}
	var lines []string
	var cur string
	for _, piece := range pieces(s) {
		if cur != "" && text.Width(cur)+text.Width(strings.TrimRight(piece, " ")) > columns {
			lines = append(lines, strings.TrimRight(cur, " "))
			cur = ""
		}
		for cur == "" && text.Width(strings.TrimRight(piece, " ")) > columns {
			n := prefix(piece, columns)
			lines = append(lines, piece[:n])
			piece = piece[n:]
		}
		cur += piece
	}
	return append(lines, strings.TrimRight(cur, " "))
}

// pieces cuts text where a line may end. A mark that may not begin a line
// stays with what it follows.
func pieces(s string) []string {
	var ps []string
	start := 0
	for i, r := range s {
		if i == start || strings.ContainsRune("，。；：！？、）”,.;:!?)", r) {
			continue
		}
		before, _ := utf8.DecodeLastRuneInString(s[:i])
		if before == ' ' && r != ' ' || text.RuneWidth(r) == 2 || text.RuneWidth(before) == 2 && r != ' ' {
			ps = append(ps, s[start:i])
			start = i
		}
	}
	return append(ps, s[start:])
}

// prefix is how many bytes of s fit, at least one character.
func prefix(s string, columns int) int {
	used := 0
	for i, r := range s {
		if used += text.RuneWidth(r); used > columns && i > 0 {
			return i
		}
	}
	return len(s)
}
