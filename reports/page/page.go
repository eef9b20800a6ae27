// Package page renders a report as index.html: one file without scripts, that asks
// nothing of any network, for the screen and for A4 paper.
package page

import (
	"embed"
	"fmt"
	"html/template"
	"io"
	"strings"

	"drillbook/reports/chart"
	"drillbook/reports/model"
)

//go:embed index.html.tmpl page.css
var files embed.FS

// maxDrills bounds the drills that are shown in full, so that the page of a
// night of hundreds of drills can still be opened. Those that were not met
// come first.
const maxDrills = 24

// Write renders a report.
func Write(w io.Writer, r model.Report) error {
	css, err := files.ReadFile("page.css")
	if err != nil {
		return fmt.Errorf("read the style of the page: %w", err)
	}
	shown := worthShowing(r.Drills)
	linked := map[string]bool{}
	for _, d := range shown {
		linked[d.ID] = r.Several
	}
	tmpl, err := template.New("").Funcs(template.FuncMap{
		"linked": func(id string) bool { return linked[id] }, "kind": func() string { return r.Kind },
		"class": class, "look": look, "long": long, "sections": sections,
	}).ParseFS(files, "index.html.tmpl")
	if err != nil {
		return fmt.Errorf("read the template of the page: %w", err)
	}
	return tmpl.ExecuteTemplate(w, "index", struct {
		Report  model.Report
		Shown   []model.Drill
		LeftOut string
		Style   template.CSS
	}{r, shown, r.LeftOut(len(r.Drills) - len(shown)), template.CSS(css)}) //nolint:gosec // the style is embedded
}

// worthShowing are the drills that are shown in full, in the order of the run.
func worthShowing(all []model.Drill) []model.Drill {
	room := maxDrills
	show := make([]bool, len(all))
	for _, met := range []bool{false, true} {
		for i, d := range all {
			if (d.Verdict == model.Met) == met && room > 0 {
				show[i] = true
				room--
			}
		}
	}
	var shown []model.Drill
	for i, d := range all {
		if show[i] {
			shown = append(shown, d)
		}
	}
	return shown
}

// section is a section with its picture.
type section struct {
	model.Section
	Figure template.HTML
}

// sections are those of a drill, in the order of the page.
func sections(d model.Drill) []section {
	s := d.Sections
	timeline, zoom, phases := section{}, section{}, section{Section: s.Phases}
	if t := d.Timeline; t != nil {
		timeline = pictured("picture", t.Picture, chart.Timeline(*t, d.ID+"-time"))
	}
	if z := d.Zoom; z != nil {
		zoom = pictured("zoom", z.Picture, chart.Zoom(*z, d.ID+"-zoom"))
	}
	if w := d.Waterfall; w != nil {
		phases.Figure = template.HTML(chart.Waterfall(*w, d.ID+"-phases")) //nolint:gosec // chart escapes its texts
	}
	var out []section
	for _, one := range []section{
		{Section: s.Steps},
		{Section: s.Expected},
		timeline, zoom, phases,
		{Section: s.Measured},
		{Section: s.Writes},
		{Section: s.Lost},
		{Section: s.Split},
		{Section: s.Saved},
		{Section: s.Outages},
		{Section: s.Faults},
		{Section: s.Probe},
		{Section: s.Checks},
		{Section: s.Commands},
		{Section: s.About},
	} {
		if !one.Empty() {
			one.ID = d.ID + "-" + one.ID
			out = append(out, one)
		}
	}
	return out
}

func pictured(id string, p model.Picture, svg string) section {
	return section{
		Section: model.Section{ID: id, Title: p.Title, Lead: p.Lead},
		Figure:  template.HTML(svg), //nolint:gosec // chart escapes its texts
	}
}

// long reports whether a section may be broken over two sheets of paper.
func long(s section) bool {
	const most = 12
	return len(s.Facts) > most || len(s.Answers) > 1 || s.Table != nil && len(s.Table.Rows) > most
}

// look is how a row looks.
func look(r model.Row) string { return strings.TrimSpace(r.Mark + " " + r.Level) }

// class is how the cells of a column look.
func class(c model.Column) string {
	var classes []string
	for _, is := range []struct {
		yes  bool
		name string
	}{{c.Right, "right"}, {c.Short, "short"}, {c.Mark, "mark"}} {
		if is.yes {
			classes = append(classes, is.name)
		}
	}
	return strings.Join(classes, " ")
}
