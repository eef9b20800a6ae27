package reports

import (
	"bytes"
	"embed"
	"fmt"
	"io"
	"strings"
	"text/template"
	"unicode"

	"drillbook/reports/text"
	"drillbook/reports/words"
)

//go:embed pages/*
var pages embed.FS

// maxSummary bounds report.md. A step summary of GitHub holds 1 MiB.
const maxSummary = 900_000

// summaryLimits bound each drill in report.md.
func summaryLimits() limits { return limits{rows: 40, chars: 300} }

// Markdown renders a run as report.md: for reading, and for the step summary of a CI run,
// whose limit of 1 MiB it always keeps.
func Markdown(w io.Writer, r Run, lang string) error {
	wr, err := prepare(r, lang)
	if err != nil {
		return err
	}
	tmpl, err := template.New("").Funcs(template.FuncMap{
		"md": markdown, "cell": cell, "rule": rule, "line": text.Line,
	}).ParseFS(pages, "pages/*.md.tmpl")
	if err != nil {
		return fmt.Errorf("read the template of the summary: %w", err)
	}
	v := newView(wr, r)
	drills := make([]string, 0, len(r.Drills))
	left := maxSummary
	for i, d := range r.Drills {
		var b bytes.Buffer
		page := drillPage{v, newDrafter(wr, summaryLimits(), d).summary(i + 1)}
		if err := tmpl.ExecuteTemplate(&b, "drill", page); err != nil {
			return err
		}
		if left -= b.Len(); left < 0 {
			v.LeftOut = wr.Say("drills-left-out", "count", words.Count(len(r.Drills)-i))
			break
		}
		drills = append(drills, b.String())
	}
	return tmpl.ExecuteTemplate(w, "report", struct {
		view
		Rendered []string
	}{v, drills})
}

// drillPage is what the template of one drill is given.
type drillPage struct {
	view
	Drill drillView
}

// summary drafts a drill for report.md.
func (d drafter) summary(n int) drillView {
	v := d.head(n)
	for _, s := range []section{
		d.steps(), d.expected(), d.phases(), d.measuredFigures(), d.writes(), d.lost(), d.outages(), d.split(),
		d.saved(), d.faults(), d.probe(), d.findings(), d.about(),
	} {
		if s.ID != "" {
			v.Sections = append(v.Sections, s)
		}
	}
	return v
}

// markdown escapes text so that Markdown shows it as it is.
func markdown(s string) string {
	runes := []rune(text.Clean(s))
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
	return strings.ReplaceAll(strings.TrimSpace(markdown(s)), "\n", "<br>")
}

// rule is the line under the head of a table, which aligns the columns.
func rule(columns []column) string {
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
