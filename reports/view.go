package reports

import (
	"html/template"
	"strconv"
	"strings"
	"time"

	"drillbook/harness/measure"
	"drillbook/harness/record"
	"drillbook/reports/run"
	"drillbook/reports/text"
	"drillbook/reports/words"
)

// A view is a report as plain text, cut into the pieces that the templates of
// the page and of the summary put together. Nothing in it is escaped.

// limits bound what one drill may take up.
type limits struct {
	rows  int // of any table
	chars int // characters of any foreign text
}

// writer writes what reports say, in the words of a language.
type writer struct{ words.Words }

type view struct {
	writer
	Title    string
	Verdict  measure.Verdict // the worst of all drills
	Word     string
	Line     string // the verdicts of all drills
	Summed   string // word and line in one
	Overview *grid
	Trials   *grid
	Expected *grid // of the trials: what the cluster's own settings make of an outage
	Skipped  *grid // runbooks that were not carried out
	Broken   *grid // what went wrong outside of the records
	Drills   []drillView
	LeftOut  string // says how many drills are not shown in full
	Reading  []string
	Made     string // says what rendered the report
}

// T is the word for a key, for templates.
func (v view) T(key string) string { return v.Say(key) }

// Lang is the language of the view, for templates.
func (v view) Lang() string { return v.Words.Lang }

// Several reports whether there is more than one drill.
func (v view) Several() bool { return v.Overview != nil }

type drillView struct {
	ID       string
	Anchor   int
	Title    string
	Under    []string // what was drilled, where and when
	StandIn  string
	Apart    string // what stands between the harness and the members
	Verdict  measure.Verdict
	Symbol   string
	Word     string
	Line     string
	Summed   string // word and line in one
	Reasons  []reason
	Figures  []fact
	Sections []section
}

type reason struct {
	Symbol, Text string
}

// section is one part of the report of a drill. What is empty is left out.
type section struct {
	ID, Title, Lead string
	Figure          template.HTML
	Grid            *grid
	Facts           []fact
	Answers         []answer
	Notes           []string
}

// Long reports whether a section may be broken over two sheets of paper.
func (s section) Long() bool {
	const most = 12
	return len(s.Facts) > most || len(s.Answers) > 1 || s.Grid != nil && len(s.Grid.Rows) > most
}

// fact is a figure and what it is.
type fact struct {
	Name, Value, Note string
}

// answer is a command and what it printed.
type answer struct {
	Where, Command, Text, Err string
}

// grid is a table.
type grid struct {
	Head []column
	Rows []row
	Foot []string
	More string // how many rows were left out
}

type column struct {
	Title string
	Right bool // it holds figures
	Short bool // its cells are a word or two, on one line
	Mark  bool // it says what is wrong with a row
}

type row struct {
	Cells []string
	Mark  measure.Verdict // of what the row tells; "" if it tells of none
	Link  string          // where on the page there is more; "" if nowhere
}

func newGrid(titles ...string) *grid {
	g := &grid{}
	for _, t := range titles {
		g.Head = append(g.Head, column{Title: t})
	}
	return g
}

// figures says which columns hold figures.
func (g *grid) figures(columns ...int) *grid {
	for _, n := range columns {
		g.Head[n].Right = true
	}
	return g
}

// short says which columns hold a word or two.
func (g *grid) short(columns ...int) *grid {
	for _, n := range columns {
		g.Head[n].Short = true
	}
	return g
}

// Class is how the cells of a column look on the page.
func (c column) Class() string {
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

// marks says which column tells what is wrong with a row.
func (g *grid) marks(column int) *grid {
	g.Head[column].Mark = true
	return g
}

func (g *grid) add(cells ...string) { g.Rows = append(g.Rows, row{Cells: cells}) }

// drafter writes the parts of one drill's report.
type drafter struct {
	writer
	limits
	drill run.Drill
	rec   *record.Record
	res   measure.Result
}

func newDrafter(w writer, l limits, d Drill) drafter {
	return drafter{writer: w, limits: l, drill: d, rec: d.Record, res: d.Result}
}

// quote cleans and bounds foreign text, such as an answer of a database.
func (d drafter) quote(s string) string { return text.Shorten(text.Clean(s), d.chars) }

// bounded reports how many of n rows may be shown, and says how many may not.
func (d drafter) bounded(n int) (shown int, more string) {
	if n <= d.rows {
		return n, ""
	}
	return d.rows, d.Say("left-out", "count", words.Count(n-d.rows))
}

func (d drafter) time(t time.Duration) string { return d.Duration(t) }

// heading is the title of a drill in a list of several.
func (w writer) heading(d Drill) string {
	h := d.Record.Head
	s := text.Name(h.Runbook)
	if h.Trials > 1 {
		s += " · " + w.Say("trial", "n", strconv.Itoa(h.Trial), "of", strconv.Itoa(h.Trials))
	}
	return s
}

// Fact is the name of a fact and what separates it from its value, for
// templates.
func (v view) Fact(name string) string { return v.Say("fact", "name", name) }

// Note is a remark in brackets, for templates.
func (v view) Note(note string) string { return v.Say("note", "note", note) }

// Symbol is the sign of the worst verdict, for templates.
func (v view) Symbol() string { return symbol(v.Verdict) }

func symbol(v measure.Verdict) string {
	switch v {
	case measure.Met:
		return "✔"
	case measure.Missed:
		return "✘"
	case measure.Unmeasurable:
	}
	return "?"
}
