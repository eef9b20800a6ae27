package runbooks

import (
	"fmt"
	"unicode"
	"unicode/utf8"

	"github.com/yuin/goldmark/ast"
)

// The form that a runbook fills in has more than its steps: headings over groups of
// them, and several rows for one of them.

// beginsWithDigit tells a step, also one that is written wrong, from a group.
func beginsWithDigit(title string) bool {
	first, _ := utf8.DecodeRuneInString(title)
	return unicode.IsDigit(first)
}

// beginGroup reads a heading over steps and what is said below it.
func (r *reader) beginGroup(h *ast.Heading, blocks []ast.Node) {
	r.endGroup()
	r.group = &heading{line: r.lineOf(h.Lines().At(0).Start), title: r.text(h), comment: r.comment(blocks)}
	if len(blocks) > 1 || len(blocks) == 1 && r.group.comment == "" {
		r.wrongAt(r.group.line, "the group %q holds more than one paragraph: commands belong into a step, ## 1. Title",
			r.group.title)
	}
}

// endGroup reports a group whose first step has not come.
func (r *reader) endGroup() {
	if r.group != nil {
		r.wrongAt(r.group.line, "the group %q has no step: write each below it as ## 1. Title", r.group.title)
	}
	r.group = nil
}

// comment is the text of the first block, if that is a paragraph.
func (r *reader) comment(blocks []ast.Node) string {
	if len(blocks) == 0 {
		return ""
	}
	if paragraph, ok := blocks[0].(*ast.Paragraph); ok {
		return r.text(paragraph)
	}
	return ""
}

// splitRows cuts the blocks of a step at its headings of the third level: what is
// the step's own, and a part for each row, which begins with its heading.
func splitRows(blocks []ast.Node) (own []ast.Node, rows [][]ast.Node) {
	for _, b := range blocks {
		switch h, ok := b.(*ast.Heading); {
		case ok && h.Level == 3:
			rows = append(rows, []ast.Node{b})
		case len(rows) > 0:
			last := len(rows) - 1
			rows[last] = append(rows[last], b)
		default:
			own = append(own, b)
		}
	}
	return own, rows
}

// rows reads the rows of the form that a step answers.
func (r *reader) rows(s *step, parts [][]ast.Node) {
	lines := map[string]int{}
	for _, part := range parts {
		row := heading{line: s.line, title: r.text(part[0]), comment: r.comment(part[1:])}
		if at := part[0].Lines(); at.Len() > 0 {
			row.line = r.lineOf(at.At(0).Start)
		}
		first, twice := lines[row.title]
		switch {
		case row.title == "":
			r.wrongAt(row.line, "step %d has a row without words", s.number)
		case row.comment == "":
			r.wrongAt(row.line, "the row %q of step %d says nothing: begin it with a sentence on what must be so",
				row.title, s.number)
		case twice:
			r.wrongAt(row.line, "step %d has the row %q in line %d already: give each its own words", s.number,
				row.title, first)
		}
		lines[row.title] = row.line
		s.rows = append(s.rows, row)
	}
	if s.blank && len(s.rows) > 0 {
		r.wrongAt(s.line, "step %d has form=blank and rows: a row without words has none below it", s.number)
	}
}

// differInForm reports where a step in one language has another place in the form
// than in the other.
func differInForm(s, t step, differ func(line int, what string)) {
	switch {
	case s.group == nil && t.group != nil:
		differ(t.group.line, fmt.Sprintf("the group %q before step %d", t.group.title, t.number))
	case s.group != nil && t.group == nil:
		differ(t.line, fmt.Sprintf("step %d has no group before it, which", t.number))
	case s.group != nil && (s.group.comment == "") != (t.group.comment == ""):
		differ(t.group.line, fmt.Sprintf("whether a comment stands below the group before step %d", t.number))
	}
	if len(s.rows) != len(t.rows) {
		differ(t.line, fmt.Sprintf("the number of rows of step %d, %d against %d,", t.number, len(t.rows), len(s.rows)))
	}
}
