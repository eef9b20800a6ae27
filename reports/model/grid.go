package model

import (
	"cmp"
	"path"
	"slices"
	"strings"

	"drillbook/harness/record"
	"drillbook/reports/run"
	"drillbook/reports/text"
)

// Grid is a run of several drills at a glance: its runbooks by what they were carried
// out on.
type Grid struct {
	Columns []GridColumn
	Rows    []GridRow
	More    string // says how many rows are left out; "" if none
}

// GridColumn is a product, real or not, on a host, with parameters.
type GridColumn struct{ Title, Under string }

// GridRow is a runbook.
type GridRow struct {
	Title, Runbook string
	Cells          []GridCell // one for each column
}

// GridCell is what one runbook came to in one place; several entries if it was asked for
// several times. It is empty if nothing was.
type GridCell []GridEntry

// GridEntry is one drill or all its trials together, or one that was not carried out.
type GridEntry struct {
	Verdict  string // "" if there is none: nothing was carried out
	Symbol   string
	Word     string
	StandIn  string   // says that a stand-in ran; "" if the product did
	Downtime string   // of the longest outage; of several trials, the median and the greatest
	Lost     string   // how many acknowledged writes
	Drills   []string // the IDs of the drills, in the order of the trials
	Lead     string   // the first of them that has the verdict
}

// gridding is a grid in the making.
type gridding struct {
	writer
	Grid
	columns, rows map[string]int
}

// grid is that of a run.
func (w writer) grid(r run.Run, ids map[*record.Record]string) Grid {
	g := gridding{writer: w, columns: map[string]int{}, rows: map[string]int{}}
	for _, t := range r.Trials() {
		g.addTrials(t, ids)
	}
	for _, s := range r.Skipped {
		h := record.Head{Runbook: s.Runbook, Product: s.Product, Host: s.Host, Params: s.Params}
		g.addAbsent(h, w.Say("skipped"))
	}
	for _, b := range r.Broken {
		if b.Lacking() {
			g.addAbsent(record.Head{Runbook: b.Runbook, Product: b.Product, Host: b.Host, Params: b.Params},
				w.Say("breakage."+string(b.What)))
		}
	}
	if left := len(g.Rows) - maxOverview; left > 0 {
		g.Rows, g.More = g.Rows[:maxOverview], w.leftOut(left)
	}
	for i := range g.Rows {
		row := &g.Rows[i]
		row.Cells = append(row.Cells, make([]GridCell, len(g.Columns)-len(row.Cells))...)
	}
	return g.Grid
}

func (g *gridding) addTrials(t run.Trials, ids map[*record.Record]string) {
	h := t.Head()
	e := GridEntry{
		Verdict: string(t.Verdict), Symbol: symbol(t.Verdict), Word: g.verdict(t.Verdict), Lost: g.lostIn(t),
	}
	if h.StandIn != "" {
		e.StandIn = g.Say("stand-in.name")
	}
	switch {
	case len(t.Drills) == 1:
		e.Downtime = g.longestOf(t.Drills[0])
	case t.Measured > 0:
		e.Downtime = g.Say("grid.ranks", "p50", g.rank(t.Ranks, t.P50), "max", g.rank(t.Ranks, t.Max))
	default:
		e.Downtime = g.Say("unknown")
	}
	for _, d := range t.Drills {
		e.Drills = append(e.Drills, ids[d.Record])
		if e.Lead == "" && d.Result.Verdict == t.Verdict {
			e.Lead = ids[d.Record]
		}
	}
	h.System = g.system(t.Drills[0].Record) // in the language of the report
	g.add(h, text.Name(h.Title.In(g.Lang)), e)
}

// addAbsent adds what was not carried out. It stands where drills of the same product,
// host and parameters do.
func (g *gridding) addAbsent(h record.Head, why string) {
	g.add(h, "", GridEntry{Symbol: "–", Word: why})
}

func (g *gridding) add(h record.Head, title string, e GridEntry) {
	row, column := g.row(h, title), g.column(h)
	r := &g.Rows[row]
	for len(r.Cells) <= column {
		r.Cells = append(r.Cells, nil)
	}
	r.Cells[column] = append(r.Cells[column], e)
}

// row finds the row of a runbook: those of several products that have the same name and
// title share one.
func (g *gridding) row(h record.Head, title string) int {
	name := path.Base(text.Name(h.Runbook))
	if title == "" { // of one that was not carried out only the name is known
		if i := slices.IndexFunc(g.Rows, func(r GridRow) bool { return r.Runbook == name }); i >= 0 {
			return i
		}
	}
	key := name + "\x00" + title
	i, ok := g.rows[key]
	if !ok {
		i = len(g.Rows)
		g.rows[key] = i
		g.Rows = append(g.Rows, GridRow{Title: cmp.Or(title, name), Runbook: name})
	}
	return i
}

func (g *gridding) column(h record.Head) int {
	under := strings.Trim(text.Name(h.Host)+" · "+text.Name(run.Params(h.Params)), " ·")
	place := h.Product + "\x00" + under
	i, ok := g.columns[place]
	if !ok {
		i = len(g.Columns)
		g.columns[place] = i
		g.Columns = append(g.Columns, GridColumn{Under: under})
	}
	if g.Columns[i].Title == "" || h.System != "" {
		g.Columns[i].Title = text.Name(cmp.Or(h.System, h.Product))
	}
	return i
}
