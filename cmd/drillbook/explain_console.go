package main

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"

	"drillbook/fixtures/charset"
	"drillbook/fixtures/explain"
)

// mostUnknown is how many different codes that nobody knows are kept of a console.
const mostUnknown = 200

// mostKinds is how many different codes of all are kept: more than any product has.
const mostKinds = 5000

// mostMarked is how many lines with the same code or wording are marked; further ones are
// counted, so that what is printed of a log stays short.
const mostMarked = 10

// markedJSON is a line of a console as --json prints it.
type markedJSON struct {
	Line  int         `json:"line"`
	Text  string      `json:"text"`
	Found []foundCode `json:"found"`
}

// foundCode is what such a line has.
type foundCode struct {
	Product string `json:"product"`
	Code    string `json:"code"`
	Known   bool   `json:"known"`
}

// occurrence is in which lines something was found: the first, the last, and how many.
type occurrence struct{ first, last, lines int }

// marks are what was found in a console so far. It does not grow with the console.
type marks struct {
	explainer

	seen    map[explain.Found]*occurrence
	unknown int // kinds of codes that nobody knows
	known   int // lines that have something known
	untold  int // of these, lines that are counted only
	some    bool
}

// console explains a console line by line, as it reads on.
func (e explainer) console(in io.Reader, name string) error {
	m := &marks{explainer: e, seen: map[explain.Found]*occurrence{}}
	count, err := explain.Read(in, e.among, m.line)
	switch {
	case errors.Is(err, charset.ErrBinary):
		return usage(failure(e.w, nil, "error.explain.binary", "file", name))
	case errors.Is(err, charset.ErrCompressed):
		return usage(failure(e.w, nil, "error.explain.compressed", "file", name))
	case err != nil:
		return usage(failure(e.w, err, "error.explain.read"))
	}
	if err := m.end(count); err != nil {
		return err
	}
	if m.known == 0 {
		return &exitError{code: exitMissed}
	}
	return nil
}

// line counts a line, and marks it unless that was done with many like it.
func (m *marks) line(l explain.Line) error {
	known, told := false, []explain.Found{}
	for _, f := range l.Found {
		known = known || f.Known
		if m.count(f, l.Number) <= m.most(f) {
			told = append(told, f)
		}
	}
	if known {
		m.known++
	}
	if len(told) == 0 {
		if known {
			m.untold++
		}
		return nil
	}
	l.Found = told
	if m.json {
		return m.lineJSON(l)
	}
	return m.mark(l)
}

// count counts a line that has something, and returns how many have it by now.
func (m *marks) count(f explain.Found, line int) int {
	s := m.seen[f]
	if s == nil {
		if !f.Known {
			m.unknown++
		}
		if !f.Known && m.unknown > mostUnknown || len(m.seen) >= mostKinds {
			return mostMarked + 1
		}
		s = &occurrence{first: line}
		m.seen[f] = s
	}
	s.last, s.lines = line, s.lines+1
	return s.lines
}

// most is how many lines that have something are marked.
func (m *marks) most(f explain.Found) int {
	if m.all && m.seen[f] != nil {
		return m.seen[f].lines
	}
	return mostMarked
}

// mark prints a line, with the explanation of what is the first of its kind.
func (m *marks) mark(l explain.Line) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%d: %s\n", l.Number, beginning(l.Text))
	for _, f := range l.Found {
		b.WriteString(m.sayFound(f))
	}
	_, err := io.WriteString(m.out, b.String())
	return err
}

// beginning is as much of a line as is shown.
func beginning(line string) string {
	const most = 200
	if len(line) <= most {
		return line
	}
	if r := []rune(line); len(r) > most {
		return string(r[:most-1]) + "…"
	}
	return line
}

// sayFound says what a line has.
func (m *marks) sayFound(f explain.Found) string {
	title, s := m.product(f).Title, m.seen[f]
	var text string
	switch {
	case s.lines == 1 && f.Known:
		return "  " + strings.ReplaceAll(m.sayEntry(m.entry(m.hit(f)), title), "\n  ", "\n    ")
	case !f.Known:
		text = m.w.Say("explain.unknown.line", "code", f.Key, "product", title)
	default:
		text = m.w.Say("explain.again", "code", m.name(f), "product", title, "line", strconv.Itoa(s.first))
	}
	if s.lines == mostMarked && !m.all {
		text += m.w.Say("explain.enough")
	}
	return "  " + text + "\n"
}

// name is what something found is called: a wording by what it means.
func (m *marks) name(f explain.Found) string {
	if explain.IsCode(f.Key) {
		return f.Key
	}
	return strings.TrimRight(m.hit(f).Entry.Means.In(m.w.Lang), ".。")
}

func (m *marks) product(f explain.Found) explain.Product {
	return m.among[slices.IndexFunc(m.among, func(p explain.Product) bool { return p.Name == f.Product })]
}

func (m *marks) hit(f explain.Found) explain.Hit {
	p := m.product(f)
	x, _ := p.Find(f.Key) // it was found there
	return explain.Hit{Product: p, Key: f.Key, Entry: x}
}

// lineJSON prints a line as an element of the list that the document begins with.
func (m *marks) lineJSON(l explain.Line) error {
	line := markedJSON{Line: l.Number, Text: beginning(l.Text)}
	for _, f := range l.Found {
		line.Found = append(line.Found, foundCode{f.Product, f.Key, f.Known})
	}
	one, err := json.Marshal(line)
	if err != nil {
		return err
	}
	before := "{\"lines\": [\n  "
	if m.some {
		before = ",\n  "
	}
	m.some = true
	_, err = io.WriteString(m.out, before+string(one))
	return err
}

// order are all that was found, in the order of their first lines.
func (m *marks) order() []explain.Found {
	return slices.SortedFunc(maps.Keys(m.seen), func(a, b explain.Found) int {
		return cmp.Or(m.seen[a].first-m.seen[b].first, strings.Compare(a.Product, b.Product),
			strings.Compare(a.Key, b.Key))
	})
}

// end says how often everything was there, and what of it is not known.
func (m *marks) end(count explain.Count) error {
	all := explainedJSON{Explanations: []entryJSON{}, Unknown: []unknownJSON{}}
	var b strings.Builder
	for _, f := range m.order() {
		s := m.seen[f]
		if f.Known {
			x := m.entry(m.hit(f))
			x.Lines, x.First, x.Last = s.lines, s.first, s.last
			all.Explanations = append(all.Explanations, x)
			b.WriteString(m.sayCount(f, *s))
			continue
		}
		one := m.explainer
		one.among = []explain.Product{m.product(f)}
		u := one.unknown(f.Key)
		u.Lines, u.First, u.Last = s.lines, s.first, s.last
		all.Unknown = append(all.Unknown, u)
	}
	if m.json {
		return m.endJSON(all, count)
	}
	if b.Len() > 0 {
		_, _ = io.WriteString(m.out, "\n"+m.w.Say("explain.counts")+"\n") // the next write fails as well
	}
	if len(all.Unknown) > 0 {
		b.WriteString("\n")
	}
	for _, u := range all.Unknown {
		b.WriteString(m.sayUnknown(u))
	}
	b.WriteString("\n" + m.summary(all, count))
	_, err := io.WriteString(m.out, b.String())
	return err
}

// sayCount is in how many lines something known was.
func (m *marks) sayCount(f explain.Found, s occurrence) string {
	where := m.w.Say("explain.count.one", "first", strconv.Itoa(s.first))
	if s.lines > 1 {
		where = m.w.Say("explain.count.many", "first", strconv.Itoa(s.first), "last", strconv.Itoa(s.last))
	}
	return "  " + m.w.Say("explain.count", "lines", strconv.Itoa(s.lines), "code", m.name(f),
		"product", m.product(f).Title, "where", where) + "\n"
}

// summary is the last paragraph.
func (m *marks) summary(all explainedJSON, count explain.Count) string {
	said := m.w.Say("explain.summary", "lines", strconv.Itoa(count.Lines), "known", strconv.Itoa(m.known),
		"codes", strconv.Itoa(len(all.Explanations)), "unknown", strconv.Itoa(len(all.Unknown))) + "\n"
	if m.untold > 0 {
		said += m.w.Say("explain.untold", "lines", strconv.Itoa(m.untold), "most", strconv.Itoa(mostMarked)) + "\n"
	}
	if m.unknown > mostUnknown {
		said += m.w.Say("explain.unknown.more", "most", strconv.Itoa(mostUnknown)) + "\n"
	}
	if count.Cut > 0 {
		said += m.w.Say("explain.cut", "lines", strconv.Itoa(count.Cut)) + "\n"
	}
	return said
}

// endJSON ends the document.
func (m *marks) endJSON(all explainedJSON, count explain.Count) error {
	rest, err := json.MarshalIndent(struct {
		explainedJSON

		Read   int `json:"read"`   // lines
		Untold int `json:"untold"` // lines that have something known and are counted only
		Cut    int `json:"cut"`    // lines of which only the beginning was read
	}{all, count.Lines, m.untold, count.Cut}, "", "  ")
	if err != nil {
		return err
	}
	before := "\n],"
	if !m.some {
		before = "{\"lines\": [],"
	}
	_, err = io.WriteString(m.out, before+strings.TrimPrefix(string(rest), "{")+"\n")
	return err
}
