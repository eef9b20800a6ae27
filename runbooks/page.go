package runbooks

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/text"
)

// page is one language of a runbook.
type page struct {
	file  string
	front front
	title string
	intro string
	steps []step
	lines int
}

type step struct {
	number        int
	line          int
	title         string
	comment, body string
	consequence   string
	planned       *time.Duration
	allowed       *time.Duration
	consent       Consent
	blank         bool
	group         *heading // that stands before it; nil: none
	rows          []heading
	commands      []command
}

// heading is a heading with the paragraph below it: of a group, or of a row.
type heading struct {
	line           int
	title, comment string
}

func (p *page) lastLine() int { return p.lines }

// parse reads a page. On error, which joins an [Error] for each thing that is
// wrong, there is no page.
func parse(file string, source []byte) (*page, error) {
	source = normalize(source)
	f, rest, before, err := cutFront(file, source)
	if err != nil {
		return nil, err
	}
	p := &page{file: file, front: f, lines: bytes.Count(source, []byte("\n"))}
	r := reader{page: p, source: rest, before: before}
	r.read()
	if p.title == "" {
		r.wrong(0, "there is no title: write one as # Title")
	}
	r.checkSteps()
	if err := errors.Join(r.errs...); err != nil {
		return nil, err
	}
	return p, nil
}

// fenceWithBlanks is a line that ends front matter, and blanks that do not show. With the
// newline before it, there is a text to look for: ^ is tried at every byte.
var fenceWithBlanks = regexp.MustCompile(`(?m)\n---[ \t]+$`)

// normalize is a page without what editors of other systems put into it: carriage
// returns, a byte order mark, blanks behind a fence. Its lines stay the same.
func normalize(source []byte) []byte {
	source = bytes.TrimPrefix(source, []byte("\ufeff"))
	source = bytes.ReplaceAll(source, []byte("\r\n"), []byte("\n"))
	lines := append([]byte("\n"), source...)
	return fenceWithBlanks.ReplaceAll(lines, []byte("\n---"))[1:]
}

// reader walks through the blocks of a page.
type reader struct {
	page   *page
	source []byte   // behind the front matter
	before int      // lines of the front matter
	group  *heading // whose first step has not come yet
	errs   []error
}

func (r *reader) wrong(offset int, format string, args ...any) {
	r.wrongAt(r.lineOf(offset), format, args...)
}

func (r *reader) wrongAt(line int, format string, args ...any) {
	r.errs = append(r.errs, &Error{r.page.file, line, fmt.Sprintf(format, args...)})
}

// lineOf is the line of the page that an offset of the source is in.
func (r *reader) lineOf(offset int) int {
	return r.before + 1 + bytes.Count(r.source[:offset], []byte("\n"))
}

// read splits the page at its headings of the second level, each a step or a group.
func (r *reader) read() {
	doc := goldmark.DefaultParser().Parse(text.NewReader(r.source))
	var open []ast.Node // blocks of the part being read
	heading, start := ast.Node(nil), 0
	flush := func(end int) {
		body := strings.TrimSpace(string(r.source[start:end]))
		switch h, ok := heading.(*ast.Heading); {
		case !ok:
		case h.Level == 1:
			r.page.title, r.page.intro = r.text(h), body
		case beginsWithDigit(r.text(h)):
			r.step(h, open, body)
		default:
			r.beginGroup(h, open)
		}
		open = nil
	}
	for n := doc.FirstChild(); n != nil; n = n.NextSibling() {
		h, ok := n.(*ast.Heading)
		if !ok || h.Level > 2 {
			open = append(open, n)
			continue
		}
		if h.Lines().Len() == 0 {
			r.wrong(start, "there is a heading without words")
			continue
		}
		seg := h.Lines().At(0)
		flush(lineStart(r.source, seg.Start))
		heading, start = h, min(seg.Stop+1, len(r.source))
	}
	flush(len(r.source))
	r.endGroup()
}

func lineStart(source []byte, offset int) int {
	return bytes.LastIndexByte(source[:offset], '\n') + 1
}

var numbered = regexp.MustCompile(`^(\d+)\.\s+(.+)$`)

// step reads one step from its heading and the blocks below it.
func (r *reader) step(h *ast.Heading, blocks []ast.Node, body string) {
	at, group := h.Lines().At(0).Start, r.group
	r.group = nil
	m := numbered.FindStringSubmatch(r.text(h))
	if m == nil {
		r.wrong(at, "%q is no step: write it as ## 1. Title", r.text(h))
		return
	}
	number, err := strconv.Atoi(m[1])
	if err != nil {
		r.wrong(at, "step %s: the number is too large", m[1])
		return
	}
	s := step{number: number, line: r.lineOf(at), title: m[2], body: body, consent: ConsentNone, group: group}
	own, rows := splitRows(blocks)
	if len(own) > 0 {
		if paragraph, ok := own[0].(*ast.Paragraph); ok {
			if attrs, ok := r.codeOnly(paragraph); ok {
				r.attributes(&s, at, attrs)
				s.body = r.without(paragraph, body)
				own = own[1:]
			}
		}
	}
	if s.comment = r.comment(own); s.comment == "" {
		r.wrong(at, "step %d says nothing: begin it with a sentence on what is done", number)
	}
	s.consequence = r.consequence(own)
	r.rows(&s, rows)
	r.commands(&s, own, 0)
	for i, part := range rows {
		r.commands(&s, part, i+1)
	}
	r.page.steps = append(r.page.steps, s)
}

// codeOnly returns the code of a paragraph that is nothing but one code span.
func (r *reader) codeOnly(p *ast.Paragraph) (string, bool) {
	span, ok := p.FirstChild().(*ast.CodeSpan)
	if !ok || span.NextSibling() != nil {
		return "", false
	}
	return r.text(span), true
}

// attributes reads "planned=2m downtime=1m consent=ask".
func (r *reader) attributes(s *step, at int, line string) {
	for word := range strings.FieldsSeq(line) {
		key, value, _ := strings.Cut(word, "=")
		d, err := time.ParseDuration(value)
		badTime := err != nil || d < 0
		switch {
		case key == "planned" && !badTime:
			s.planned = &d
		case key == "downtime" && !badTime:
			s.allowed = &d
		case key == "consent" && (value == string(ConsentNone) || value == string(ConsentAsk)):
			s.consent = Consent(value)
		case word == "form=blank":
			s.blank = true
		default:
			r.wrong(at, "step %d: %q is no attribute; write planned=2m, downtime=1m, consent=none, consent=ask or "+
				"form=blank", s.number, word)
		}
	}
}

// text is the plain text below a node.
func (r *reader) text(n ast.Node) string {
	var b strings.Builder
	// The walk's function never fails.
	_ = ast.Walk(n, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			return ast.WalkContinue, nil
		}
		switch t := n.(type) {
		case *ast.Text:
			b.Write(t.Segment.Value(r.source))
			if t.SoftLineBreak() || t.HardLineBreak() {
				b.WriteByte('\n')
			}
		case *ast.String:
			b.Write(t.Value)
		}
		return ast.WalkContinue, nil
	})
	return strings.ReplaceAll(betweenWide.ReplaceAllString(b.String(), "$1$2"), "\n", " ")
}

// betweenWide is the end of a line between Chinese characters, which no space replaces.
var betweenWide = regexp.MustCompile(`([\x{2E80}-\x{FFEF}])\n([\x{2E80}-\x{FFEF}])`)

// checkSteps reports steps that are missing, doubled or out of order.
func (r *reader) checkSteps() {
	p := r.page
	if len(p.steps) == 0 {
		r.wrong(0, "there are no steps: write each as ## 1. Title")
	}
	titles := map[string]int{}
	for i, s := range p.steps {
		if first, ok := titles[s.title]; ok {
			r.errs = append(
				r.errs,
				&Error{
					p.file,
					s.line,
					fmt.Sprintf("step %d has the title of step %d: give it its own", s.number, first),
				},
			)
		}
		titles[s.title] = s.number
		if want := i + 1; s.number != want {
			r.errs = append(
				r.errs,
				&Error{
					p.file,
					s.line,
					fmt.Sprintf("step %d stands where step %d is due: number the steps 1, 2, 3 …", s.number, want),
				},
			)
			return
		}
	}
}

func sameDuration(a, b *time.Duration) bool {
	return (a == nil) == (b == nil) && (a == nil || *a == *b)
}
