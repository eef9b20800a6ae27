package reports

import (
	"io"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxColumns is how wide the table for terminals may be.
const maxColumns = 100

// Table writes the closing table of a run for a terminal: the steps of every
// drill, and of repeated drills what the trials say together. No line is wider than
// 100 columns; a wide character counts as two.
func Table(w io.Writer, run Run, lang string) error {
	words, err := run.prepare(lang)
	if err != nil {
		return err
	}
	var b strings.Builder
	for i, d := range run.Drills {
		if i > 0 {
			b.WriteByte('\n')
		}
		draft := newDrafter(words, limits{rows: 200, chars: maxName}, d)
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
			e.Grid.Head[3].Title = words.say("downtime")
			e.Grid.print(&b)
		}
	}
	repeated := summaries(run)
	if trials := words.trials(repeated); trials != nil {
		b.WriteString("\n" + words.say("repeated") + "\n")
		trials.keep(0, 3, 5, 7, 8, 10, 11).print(&b)
	}
	if expected := words.expectedOf(repeated); expected != nil {
		b.WriteString("\n" + words.say("expected") + "\n")
		expected.print(&b)
	}
	_, err = io.WriteString(w, b.String())
	return err
}

// stepTable is the table of steps without comments, and with short figures.
func (d drafter) stepTable() *grid {
	g := d.steps().Grid
	for i := range g.Rows {
		g.Rows[i].Cells[1] = g.Rows[i].Cells[0] + ". " + line(g.Rows[i].Cells[1])
	}
	g.Head[3].Title = d.say("downtime")
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
				widths[i] = max(widths[i], width(part))
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
			pad := strings.Repeat(" ", max(0, widths[i]-width(part)))
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
	for _, l := range fold(line(s), maxColumns) {
		b.WriteString(l + "\n")
	}
}

// fold breaks text into lines of some width: between words, and between wide
// characters, and within a word only if it is too long for a line.
func fold(s string, columns int) []string {
	if first, rest, ok := strings.Cut(s, "\n"); ok {
		return append(fold(first, columns), fold(rest, columns)...)
	}
	if width(s) <= columns {
		return []string{s}
	}
	var lines []string
	var cur string
	for _, piece := range pieces(s) {
		if cur != "" && width(cur)+width(strings.TrimRight(piece, " ")) > columns {
			lines = append(lines, strings.TrimRight(cur, " "))
			cur = ""
		}
		for cur == "" && width(strings.TrimRight(piece, " ")) > columns {
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
		if before == ' ' && r != ' ' || columnsOf(r) == 2 || columnsOf(before) == 2 && r != ' ' {
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
		if used += columnsOf(r); used > columns && i > 0 {
			return i
		}
	}
	return len(s)
}

// width is how many columns of a terminal text takes.
func width(s string) int {
	n := 0
	for _, r := range s {
		n += columnsOf(r)
	}
	return n
}

func columnsOf(r rune) int {
	switch {
	case unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf):
		return 0
	case wide(r):
		return 2
	default:
		return 1
	}
}

// wide reports whether a character is of East Asian width W or F, as far as
// they matter here.
func wide(r rune) bool {
	switch {
	case r < 0x1100:
		return false
	case r <= 0x115f, r >= 0x2e80 && r <= 0x303e, r >= 0x3041 && r <= 0x4dbf, r >= 0x4e00 && r <= 0xa4cf,
		r >= 0xac00 && r <= 0xd7a3, r >= 0xf900 && r <= 0xfaff, r >= 0xfe30 && r <= 0xfe4f,
		r >= 0xff00 && r <= 0xff60, r >= 0xffe0 && r <= 0xffe6,
		r >= 0x1f300 && r <= 0x1f64f, r >= 0x1f900 && r <= 0x1f9ff, r >= 0x20000 && r <= 0x3fffd:
		return true
	default:
		return false
	}
}
