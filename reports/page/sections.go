package page

import (
	"html/template"
	"slices"
	"strings"

	"drillbook/reports/chart"
	"drillbook/reports/model"
)

// section is a section with its picture.
type section struct {
	model.Section
	Figure   template.HTML
	Behind   *model.Table // what the picture shows
	Explored bool         // the picture is the one that the script explores
	Folded   bool         // until somebody opens it
}

// sections are those of a drill, in the order of the page.
func sections(d model.Drill) []section {
	s := d.Sections
	timeline, zoom, phases := section{}, section{}, section{Section: s.Phases}
	if t := d.Timeline; t != nil {
		timeline = pictured("picture", t.Picture, chart.Timeline(*t, d.ID+"-time"))
		timeline.Explored = d.Explorer != nil
	}
	if z := d.Zoom; z != nil {
		zoom = pictured("zoom", z.Picture, chart.Zoom(*z, d.ID+"-zoom"))
	}
	if w := d.Waterfall; w != nil {
		phases.Figure = template.HTML(chart.Waterfall(*w, d.ID+"-phases")) //nolint:gosec // chart escapes its texts
	}
	all := []section{
		{Section: s.Steps},
		{Section: s.Expected},
		timeline, zoom, phases,
		{Section: s.Consents},
		{Section: s.Measured},
		{Section: s.Writes},
		{Section: s.Reads},
		{Section: s.Lost},
		{Section: s.Split},
		{Section: s.Saved},
		{Section: s.Outages},
		{Section: s.Faults},
		{Section: s.Alerts},
		{Section: s.Probe, Folded: true},
		{Section: s.Checks, Folded: true},
		{Section: s.Commands, Folded: true},
		{Section: s.Logs, Folded: true},
		{Section: s.About, Folded: true},
	}
	all = slices.DeleteFunc(all, func(one section) bool { return one.Empty() })
	for i := range all {
		all[i].ID = d.ID + "-" + all[i].ID
	}
	return all
}

func pictured(id string, p model.Picture, svg string) section {
	return section{
		Section: model.Section{ID: id, Title: p.Title, Lead: p.Lead},
		Figure:  template.HTML(svg), //nolint:gosec // chart escapes its texts
		Behind:  p.Table,
	}
}

// Long reports whether a section may be broken over two sheets of paper.
func (s section) Long() bool {
	const most = 12
	return len(s.Facts) > most || len(s.Answers) > 1 || s.Table != nil && len(s.Table.Rows) > most
}

// strip is the strip of brackets of several trials.
func strip(s model.Strip) template.HTML {
	return template.HTML(chart.Strip(s)) //nolint:gosec // chart escapes its texts
}

// look is how a row looks.
func look(r model.Row) string { return strings.TrimSpace(r.Mark + " " + r.Level) }

// cell is a cell of a table, with what stands over it.
type cell struct {
	Text, Title, Class string
	Heads              bool // it names its row
}

// cells are those of a row. The first one that is neither a figure nor a word or two
// names the row.
func cells(head []model.Column, texts []string) []cell {
	names := slices.IndexFunc(head, func(c model.Column) bool { return !c.Right && !c.Short && !c.Mark })
	out := make([]cell, len(texts))
	for i, t := range texts {
		out[i] = cell{t, head[i].Title, class(head[i]), i == names && t != ""}
	}
	return out
}

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

// titled is a table with its title.
type titled struct {
	Title string
	Table *model.Table
}

// having are the drills with a verdict.
func having(all []model.Drill, verdict string) []model.Drill {
	return slices.DeleteFunc(slices.Clone(all), func(d model.Drill) bool { return d.Verdict != verdict })
}
