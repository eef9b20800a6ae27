package reports

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"drillbook/harness/measure"
	"drillbook/reports/run"
	"drillbook/reports/text"
	"drillbook/reports/words"
)

// newView drafts the report of a run, without the drills themselves.
func newView(w writer, r Run) view {
	v := view{writer: w, Reading: w.reading(), Made: w.Say("generated", "generator", text.Name(r.RenderedBy()))}
	v.Title, v.Skipped, v.Broken = w.Say("title"), w.skipped(r.Skipped), w.broken(r.Broken)
	if len(r.Drills) == 1 && !r.LacksDrills() {
		v.Title += ": " + text.Name(r.Drills[0].Record.Head.Title.In(w.Lang))
		return v
	}
	v.Verdict, v.Line = w.tally(r)
	v.Word = w.Say("verdict." + string(v.Verdict))
	v.Summed = w.Say("verdict-line", "word", v.Word, "line", v.Line)
	v.Overview = w.overview(r)
	repeated := r.Trials()
	v.Trials, v.Expected = w.trials(repeated), w.expectedOf(repeated)
	return v
}

// reading is how to read the figures.
func (w writer) reading() []string {
	var lines []string
	for n := 1; ; n++ {
		key := fmt.Sprintf("reading.%d", n)
		if !w.Has(key) {
			return lines
		}
		lines = append(lines, w.Say(key))
	}
}

// tally counts the verdicts of a run. One drill that was missed makes the run
// missed; a run without drills shows nothing, and one that lacks a record is not
// met.
func (w writer) tally(r Run) (worst measure.Verdict, line string) {
	n := map[measure.Verdict]int{}
	for _, d := range r.Drills {
		n[d.Result.Verdict]++
	}
	switch {
	case n[measure.Missed] > 0:
		worst = measure.Missed
	case n[measure.Met] > 0 && n[measure.Met] == len(r.Drills) && !r.LacksDrills():
		worst = measure.Met
	default:
		worst = measure.Unmeasurable
	}
	return worst, w.Say("tally", "count", words.Count(len(r.Drills)), "met", words.Count(n[measure.Met]),
		"missed", words.Count(n[measure.Missed]), "unmeasurable", words.Count(n[measure.Unmeasurable]))
}

// maxOverview bounds the drills that an overview lists.
const maxOverview = 500

func (w writer) overview(r Run) *grid {
	g := newGrid(w.Say("verdict"), w.Say("drill"), w.Say("product"), w.Say("downtime-longest"), "RTO",
		w.Say("lost"), "RPO", w.Say("drill-took")).figures(3, 4, 5, 6, 7).short(0).marks(0)
	for i, d := range r.Drills {
		if i == maxOverview {
			g.More = w.Say("left-out", "count", words.Count(len(r.Drills)-i))
			break
		}
		h := d.Record.Head
		system := text.Name(h.System)
		if h.StandIn != "" {
			system += " — STAND-IN"
		}
		line := row{Mark: d.Result.Verdict, Cells: []string{
			symbol(d.Result.Verdict) + "\u00a0" + w.Say("verdict."+string(d.Result.Verdict)), w.heading(d), system,
			w.longestOf(d), w.Duration(h.Promise.RTO), w.lostOf(d.Result.Writes), words.Count(h.Promise.RPO),
			w.Duration(d.Result.Took),
		}}
		g.Rows = append(g.Rows, line)
	}
	return g
}

// longestOf is the longest outage of clients' writes.
func (w writer) longestOf(d Drill) string {
	t := d.Result.Downtime
	switch {
	case !d.TriedWrites():
		return w.Say("unknown")
	case t.Count == 0:
		return w.none(d)
	}
	return w.Bracket(t.Longest.Bracket, t.Open)
}

// none says that no outage was seen, and no more than that if the drill was
// not seen to its end.
func (w writer) none(d Drill) string {
	if !d.ToEnd() {
		return w.Say("none-yet")
	}
	return w.Say("none")
}

func (w writer) lostOf(writes measure.Writes) string {
	if !writes.Counted {
		return w.Say("unknown")
	}
	return words.Count(len(writes.Lost))
}

// trials is the table of the summaries; nil if nothing was repeated.
func (w writer) trials(all []run.Trials) *grid {
	g := newGrid(w.Say("runbook"), w.Say("product"), w.Say("trials"), w.Say("verdicts"), w.Say("measured"),
		"p50", "p95", w.Say("max"), w.Say("median"), "RTO", w.Say("kept"), w.Say("lost-total")).
		figures(2, 4, 5, 6, 7, 8, 9, 10, 11)
	repeated := slices.DeleteFunc(slices.Clone(all), func(s run.Trials) bool { return s.Count < 2 })
	for i, s := range repeated {
		if i == maxOverview {
			g.More = w.Say("left-out", "count", words.Count(len(repeated)-i))
			break
		}
		h := s.Head()
		g.Rows = append(g.Rows, row{Mark: s.Verdict, Cells: []string{
			nameOf(s), text.Name(h.System), words.Count(s.Count), w.verdicts(s), words.Count(s.Measured),
			w.rank(s.Ranks, s.P50), w.rank(s.Ranks, s.P95), w.rank(s.Ranks, s.Max), w.median(s.Median),
			w.Duration(h.Promise.RTO), percent(s.Kept), w.lostIn(s),
		}})
	}
	if len(g.Rows) == 0 {
		return nil
	}
	return g
}

func (w writer) verdicts(s run.Trials) string {
	var parts []string
	for _, v := range []struct {
		verdict measure.Verdict
		n       int
	}{{measure.Met, s.Met}, {measure.Missed, s.Missed}, {measure.Unmeasurable, s.Unmeasurable}} {
		if v.n > 0 {
			parts = append(parts, symbol(v.verdict)+" "+w.Say("verdict."+string(v.verdict))+" "+words.Count(v.n))
		}
	}
	return strings.Join(parts, w.Say("comma"))
}

func (w writer) rank(all measure.Ranks, r measure.Range) string {
	switch {
	case all.Measured == 0:
		return w.Say("unknown")
	case r.Most == 0 && !r.Open:
		return w.Say("none")
	}
	return w.Bracket(r.Bracket, r.Open)
}

func (w writer) median(m measure.Interval) string {
	if m.Coverage == 0 {
		return "–"
	}
	return w.Bracket(m.Bracket, m.Open) + w.Say("note", "note", percent(m.Coverage))
}

// percent never rounds up: it is used for what is certain at least.
func percent(p float64) string {
	return strconv.FormatFloat(math.Floor(1000*p)/10, 'f', 1, 64) + "\u00a0%"
}

func (w writer) lostIn(s run.Trials) string {
	switch {
	case s.Counted == 0:
		return w.Say("unknown")
	case !s.Whole():
		return w.Say("lost-least", "count", words.Count(s.Lost), "counted", words.Count(s.Counted))
	}
	return words.Count(s.Lost)
}

// nameOf is the runbook, with the parameters that were given.
func nameOf(t run.Trials) string { return named(t.Head().Runbook, t.Head().Params) }

func named(runbook string, given map[string]string) string {
	name := text.Name(runbook)
	if p := run.Params(given); p != "" {
		name += " (" + text.Name(p) + ")"
	}
	return name
}
