// Package markdown renders a report as report.md: for reading, and for the step
// summary of a CI run, whose limit of 1 MiB it always keeps.
package markdown

import (
	"bytes"
	_ "embed"
	"fmt"
	"io"
	"strings"
	"text/template"
	"unicode"

	"drillbook/reports/model"
	"drillbook/reports/text"
)

//go:embed report.md.tmpl
var page string

const (
	maxBytes = 900_000 // a step summary of GitHub holds 1 MiB
	maxRows  = 40      // of a table of a drill
)

// Write renders a report.
func Write(w io.Writer, r model.Report) error {
	tmpl, err := template.New("").Funcs(template.FuncMap{
		"md": escape, "cell": cell, "rule": rule, "line": text.Line, "sections": sections,
		"several": func() bool { return r.Several },
	}).Parse(page)
	if err != nil {
		return fmt.Errorf("read the template of the summary: %w", err)
	}
	var drills []string
	left := maxBytes
	if r.Pages {
		left = -1
	}
	for _, d := range r.Drills {
		if left < 0 {
			break
		}
		var b bytes.Buffer
		if err := tmpl.ExecuteTemplate(&b, "drill", d); err != nil {
			return err
		}
		if left -= b.Len(); left < 0 {
			break
		}
		drills = append(drills, b.String())
	}
	leftOut := ""
	if !r.Pages {
		leftOut = r.LeftOut(len(r.Drills) - len(drills))
	}
	return tmpl.ExecuteTemplate(w, "report", struct {
		model.Report
		Rendered []string
		LeftOut  string
	}{r, drills, leftOut})
}

// sections are those of a drill, in the order of the summary.
func sections(d model.Drill) []model.Section {
	s := d.Sections
	var out []model.Section
	for _, one := range []model.Section{
		s.Steps, s.Expected, s.Phases, s.Consents, s.Measured, s.Writes, s.Reads, s.Lost, s.Outages, s.Split, s.Saved,
		s.Faults, s.Alerts, s.Probe, s.Checks, s.About,
	} {
		if !one.Empty() {
			one.Table = one.Table.First(maxRows)
			out = append(out, one)
		}
	}
	return out
}

// escape writes text so that Markdown shows it as it is.
func escape(s string) string {
	runes := []rune(s)
	var b strings.Builder
	for i, r := range runes {
		switch r {
		case '&':
			b.WriteString("&amp;")
		case '<':
			b.WriteString("&lt;")
		case '>':
			b.WriteString("&gt;")
		case '\\', '`', '*', '[', ']', '|', '~', '$':
			b.WriteByte('\\')
			b.WriteRune(r)
		case '_':
			if i == 0 || i == len(runes)-1 || !wordly(runes[i-1]) || !wordly(runes[i+1]) {
				b.WriteByte('\\')
			}
			b.WriteRune(r)
		case '#', '+', '-', '=':
			if blank(runes[:i]) { // it would begin a heading or a list
				b.WriteByte('\\')
			}
			b.WriteRune(r)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

func wordly(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }

// blank reports whether nothing stands on the line yet.
func blank(before []rune) bool {
	for i := len(before) - 1; i >= 0 && before[i] != '\n'; i-- {
		if !unicode.IsSpace(before[i]) {
			return false
		}
	}
	return true
}

// cell escapes text for a cell of a table, which is one line.
func cell(s string) string {
	return strings.ReplaceAll(strings.TrimSpace(escape(s)), "\n", "<br>")
}

// rule is the line under the head of a table, which aligns the columns.
func rule(columns []model.Column) string {
	var b strings.Builder
	for _, c := range columns {
		if c.Right {
			b.WriteString(" ---: |")
		} else {
			b.WriteString(" --- |")
		}
	}
	return b.String()
}
