package runbooks

import (
	"slices"
	"strings"

	"github.com/yuin/goldmark/ast"
)

// consequenceHeads are the bold words, one in each language, with which the paragraph
// begins that says what a step changes and what the way back is.
func consequenceHeads() []string { return []string{"Consequence:", "后果："} }

// consequence is the text of the paragraph that says what a step changes, "" if there
// is none.
func (r *reader) consequence(blocks []ast.Node) string {
	for _, b := range blocks {
		paragraph, ok := b.(*ast.Paragraph)
		if !ok {
			continue
		}
		bold, ok := paragraph.FirstChild().(*ast.Emphasis)
		if ok && slices.Contains(consequenceHeads(), r.text(bold)) {
			return r.text(paragraph)
		}
	}
	return ""
}

// without is the body of a step without the paragraph of its attributes, with which it
// begins.
func (r *reader) without(attributes *ast.Paragraph, body string) string {
	lines := attributes.Lines()
	raw := r.source[lines.At(0).Start:lines.At(lines.Len()-1).Stop]
	return strings.TrimSpace(strings.TrimPrefix(body, strings.TrimSpace(string(raw))))
}
