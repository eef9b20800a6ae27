// Package sheet renders the sheet that is signed as HTML: two pages of A4 at most, by
// themselves or as the first part of a drill's page.
package sheet

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"io"
	"strings"
	"unicode"

	"drillbook/reports/model"
)

//go:embed sheet.html.tmpl sheet.css
var files embed.FS

// Write renders a sheet as a page of its own, as short as it has to be for two pages of
// paper.
func Write(w io.Writer, s model.Sheet) error { return WriteAt(w, s, Fit(s)) }

// WriteAt renders a sheet as a page of its own, at a level from 0 to [Tightest].
func WriteAt(w io.Writer, s model.Sheet, level int) error {
	return render(w, "page", s, level)
}

// Part renders a sheet as a part of another page, with its style, and without a heading
// of the first rank, of which a page has one.
func Part(s model.Sheet) (template.HTML, error) { return part("part", s) }

// Stamp is what stands on every page of paper if the drill was on a stand-in, also on
// those without the sheet, and how pages are numbered.
func Stamp(s model.Sheet) (template.HTML, error) { return part("stamped", s) }

func part(name string, s model.Sheet) (template.HTML, error) {
	var b bytes.Buffer
	if err := render(&b, name, s, Fit(s)); err != nil {
		return "", err
	}
	return template.HTML(b.String()), nil //nolint:gosec // the templates escape
}

func render(w io.Writer, name string, s model.Sheet, level int) error {
	css, err := files.ReadFile("sheet.css")
	if err != nil {
		return fmt.Errorf("read the style of the sheet: %w", err)
	}
	tmpl, err := template.New("").Funcs(template.FuncMap{"cells": cells}).ParseFS(files, "sheet.html.tmpl")
	if err != nil {
		return fmt.Errorf("read the template of the sheet: %w", err)
	}
	density, short := levelOf(level)
	s = s.Shorter(short)
	return tmpl.ExecuteTemplate(w, name, struct {
		Sheet   model.Sheet
		Lines   [][]model.Box
		Density int
		Style   template.CSS
		Margins template.CSS
		Alone   bool
	}{
		s, lines(s.Boxes), density,
		template.CSS(css), template.CSS(margins(s)), //nolint:gosec // it is embedded; margins escapes
		name == "page",
	})
}

// margins is the style of the paper: what stands in the margins of each page.
func margins(s model.Sheet) string {
	number, run := "", s.Run.Name+" "+s.Run.Value
	if s.Number.Value != "" {
		number = s.Number.Name + " " + s.Number.Value
	}
	if s.SHA256.Value != "" {
		const begin = 16
		run += " · SHA-256 " + s.SHA256.Value[:min(len(s.SHA256.Value), begin)] + "…"
	}
	p := s.Paging
	p.Of = strings.ReplaceAll(p.Of, " ", gap)
	var b strings.Builder
	b.WriteString("@page {\n  size: A4; margin: 16mm 14mm 18mm;\n")
	for _, box := range [][2]string{
		{"top-left", quoted(s.Mark)},
		{"top-right", quoted(number)},
		{"bottom-left", quoted(run)},
		{"bottom-right", quoted(p.Page+gap) + " counter(page) " + quoted(gap+p.Of+gap) + " counter(pages) " +
			quoted(gap+p.Pages)},
	} {
		fmt.Fprintf(&b, "  @%s { content: %s; font: 8pt sans-serif; }\n", box[0], box[1])
	}
	b.WriteString("}\n")
	return b.String()
}

// gap is a space so wide that programs which read the paper's text see it beside Chinese.
const gap = "\u2002"

// quoted is a text as a string of CSS. Whatever is not a plain letter or figure is
// escaped, so that nothing in it can end the string or the style.
func quoted(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		if r == ' ' || unicode.In(r, unicode.Letter, unicode.Digit) {
			b.WriteRune(r)
		} else {
			fmt.Fprintf(&b, "\\%x ", r)
		}
	}
	b.WriteByte('"')
	return b.String()
}

// lines are the boxes of the head, two in a line or a wide one.
func lines(boxes []model.Box) [][]model.Box {
	var all [][]model.Box
	room := false
	for _, b := range boxes {
		if room && !b.Wide {
			all[len(all)-1] = append(all[len(all)-1], b)
			room = false
			continue
		}
		all = append(all, []model.Box{b})
		room = !b.Wide
	}
	return all
}

// cell is one of the table of steps, over so many columns if it is more than one. On a
// telephone, where there are no columns, figures have the titles of theirs before them.
type cell struct {
	Class, Text string
	Label       string
	Span        int
}

// cells are those of a row below a head. A row that a step answers has no times of its own,
// so that its comment has room for them.
func cells(head [7]string, r model.SheetRow) []cell {
	c := r.Cells()
	if r.Level == model.Part {
		const span = 4
		return []cell{{Class: "n", Text: c[0]}, {Text: c[1]}, {Text: c[2], Span: span}, {Class: "o", Text: c[6]}}
	}
	all := make([]cell, 0, len(c))
	for i, class := range []string{"n", "", "", "w", "w", "w", "o"} {
		one := cell{Class: class, Text: c[i]}
		if class == "w" {
			one.Label = head[i]
		}
		all = append(all, one)
	}
	return all
}
