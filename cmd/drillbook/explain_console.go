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

// marks are what was found in a console so far. It does not grow with the console.
type marks struct {
	explainer

	first map[explain.Found]int // in which line it was seen first
	lines map[explain.Found]int // how many have it
	known int                   // lines that have something known
	some  bool                  // a line was printed
}

// console explains a console line by line, as it reads on.
func (e explainer) console(in io.Reader, name string) error {
	m := &marks{explainer: e, first: map[explain.Found]int{}, lines: map[explain.Found]int{}}
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

// line marks a line: with the explanation where it is the first of its kind.
func (m *marks) line(l explain.Line) error {
	text := beginning(l.Text)
	var b strings.Builder
	fmt.Fprintf(&b, "%d: %s\n", l.Number, text)
	known := false
	for _, f := range l.Found {
		known = known || f.Known
		before, seen := m.first[f]
		if !seen && !f.Known && m.unknownKinds() >= mostUnknown {
			continue
		}
		if !seen {
			m.first[f] = l.Number
		}
		m.lines[f]++
		b.WriteString(m.sayFound(f, before, seen))
	}
	if known {
		m.known++
	}
	if m.json {
		return m.lineJSON(l, text)
	}
	_, err := io.WriteString(m.out, b.String())
	return err
}

// beginning is as much of a line as is shown.
func beginning(line string) string {
	const most = 200
	if r := []rune(line); len(r) > most {
		return string(r[:most-1]) + "…"
	}
	return line
}

// sayFound says what a line has.
func (m *marks) sayFound(f explain.Found, before int, seen bool) string {
	title := m.product(f).Title
	switch {
	case !f.Known:
		return "  " + m.w.Say("explain.unknown.line", "code", f.Key, "product", title) + "\n"
	case seen:
		return "  " + m.w.Say("explain.again", "code", f.Key, "product", title, "line", strconv.Itoa(before)) + "\n"
	}
	return "  " + strings.ReplaceAll(m.sayEntry(m.entry(m.hit(f)), title), "\n  ", "\n    ")
}

func (m *marks) product(f explain.Found) explain.Product {
	return m.among[slices.IndexFunc(m.among, func(p explain.Product) bool { return p.Name == f.Product })]
}

func (m *marks) hit(f explain.Found) explain.Hit {
	p := m.product(f)
	x, _ := p.Table.Find(f.Key) // it was found there
	return explain.Hit{Product: p, Key: f.Key, Entry: x}
}

func (m *marks) unknownKinds() int {
	n := 0
	for f := range m.first {
		if !f.Known {
			n++
		}
	}
	return n
}

// lineJSON prints a line as an element of the list that the document begins with.
func (m *marks) lineJSON(l explain.Line, text string) error {
	line := markedJSON{Line: l.Number, Text: text}
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
	return slices.SortedFunc(maps.Keys(m.first), func(a, b explain.Found) int {
		return cmp.Or(m.first[a]-m.first[b], strings.Compare(a.Product, b.Product), strings.Compare(a.Key, b.Key))
	})
}

// end says what of the console is known and what is not.
func (m *marks) end(count explain.Count) error {
	all := explainedJSON{Explanations: []entryJSON{}, Unknown: []unknownJSON{}}
	for _, f := range m.order() {
		if f.Known {
			x := m.entry(m.hit(f))
			x.Lines = m.lines[f]
			all.Explanations = append(all.Explanations, x)
			continue
		}
		one := m.explainer
		one.among = []explain.Product{m.product(f)}
		u := one.unknown(f.Key)
		u.Lines = m.lines[f]
		all.Unknown = append(all.Unknown, u)
	}
	if m.json {
		return m.endJSON(all, count)
	}
	var b strings.Builder
	if len(all.Unknown) > 0 {
		b.WriteString("\n")
	}
	for _, u := range all.Unknown {
		b.WriteString(m.sayUnknown(u))
	}
	fmt.Fprintf(
		&b,
		"\n%s\n",
		m.w.Say("explain.summary", "lines", strconv.Itoa(count.Lines), "known", strconv.Itoa(m.known),
			"codes", strconv.Itoa(len(all.Explanations)), "unknown", strconv.Itoa(len(all.Unknown))),
	)
	if count.Cut > 0 {
		fmt.Fprintln(&b, m.w.Say("explain.cut", "lines", strconv.Itoa(count.Cut)))
	}
	_, err := io.WriteString(m.out, b.String())
	return err
}

// endJSON ends the document.
func (m *marks) endJSON(all explainedJSON, count explain.Count) error {
	rest, err := json.MarshalIndent(struct {
		explainedJSON

		Read int `json:"read"` // lines
		Cut  int `json:"cut"`  // lines of which only the beginning was read
	}{all, count.Lines, count.Cut}, "", "  ")
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
