package reports

import (
	"fmt"
	"html/template"
	"io"

	"drillbook/harness/measure"
	"drillbook/reports/words"
)

// maxPages bounds the drills that index.html shows in full, so that the page of a
// night of hundreds of drills can still be opened. Those that were not met
// come first.
const maxPages = 24

// pageLimits bound each drill in index.html.
func pageLimits() limits { return limits{rows: 200, chars: 600} }

// HTML renders a run as index.html: one file without scripts, that asks nothing
// of any network, for the screen and for A4 paper.
func HTML(w io.Writer, r Run, lang string) error {
	wr, err := prepare(r, lang)
	if err != nil {
		return err
	}
	css, err := pages.ReadFile("pages/page.css")
	if err != nil {
		return fmt.Errorf("read the style of the page: %w", err)
	}
	tmpl, err := template.New("").Funcs(template.FuncMap{"drillPage": pageOf}).ParseFS(pages, "pages/index.html.tmpl")
	if err != nil {
		return fmt.Errorf("read the template of the page: %w", err)
	}
	v := newView(wr, r)
	shown := worthShowing(r)
	for _, n := range shown {
		drill := newDrafter(wr, pageLimits(), r.Drills[n]).page(n + 1)
		v.Drills = append(v.Drills, drill)
		if v.Several() && n < len(v.Overview.Rows) {
			v.Overview.Rows[n].Link = "#" + drill.ID
		}
	}
	if rest := len(r.Drills) - len(shown); rest > 0 {
		v.LeftOut = wr.Say("drills-left-out", "count", words.Count(rest))
	}
	return tmpl.ExecuteTemplate(w, "index", struct {
		view
		Page  view
		Style template.CSS
	}{v, v, template.CSS(css)}) //nolint:gosec // the style is embedded
}

// pageOf is what the template of one drill is given.
func pageOf(v view, d drillView) drillPage { return drillPage{v, d} }

// worthShowing are the drills that are shown in full, in the order of the run.
func worthShowing(r Run) []int {
	room := maxPages
	show := make([]bool, len(r.Drills))
	for _, met := range []bool{false, true} {
		for i, d := range r.Drills {
			if (d.Result.Verdict == measure.Met) == met && room > 0 {
				show[i] = true
				room--
			}
		}
	}
	var ns []int
	for i, yes := range show {
		if yes {
			ns = append(ns, i)
		}
	}
	return ns
}

// page drafts a drill for index.html.
func (d drafter) page(n int) drillView {
	v := d.head(n)
	phases := d.phases()
	phases.Figure = d.waterfall(v.ID + "-phases")
	all := []section{
		d.steps(), d.expected(), d.timeline(v.ID + "-time"), d.zoom(v.ID + "-zoom"), phases, d.measuredFigures(),
		d.writes(), d.lost(), d.split(), d.saved(), d.outages(), d.faults(), d.probe(), d.findings(), d.commands(),
		d.about(),
	}
	for _, s := range all {
		if s.ID != "" {
			s.ID = v.ID + "-" + s.ID
			v.Sections = append(v.Sections, s)
		}
	}
	return v
}
