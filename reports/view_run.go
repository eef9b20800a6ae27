package reports

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"drillbook/harness/measure"
)

// newView drafts the report of a run, without the drills themselves.
func newView(w words, run Run) view {
	v := view{words: w, Reading: w.reading(), Made: w.say("generated", "generator", plain(run.generator()))}
	v.Title, v.Skipped, v.Broken = w.say("title"), w.skipped(run.Skipped), w.broken(run.Broken)
	if len(run.Drills) == 1 && !run.lacksDrills() {
		v.Title += ": " + plain(run.Drills[0].Record.Head.Title.In(w.lang))
		return v
	}
	v.Verdict, v.Line = w.tally(run)
	v.Word = w.say("verdict." + string(v.Verdict))
	v.Summed = w.say("verdict-line", "word", v.Word, "line", v.Line)
	v.Overview = w.overview(run)
	repeated := summaries(run)
	v.Trials, v.Expected = w.trials(repeated), w.expectedOf(repeated)
	return v
}

// reading is how to read the figures.
func (w words) reading() []string {
	var lines []string
	for n := 1; ; n++ {
		key := fmt.Sprintf("reading.%d", n)
		if !w.has(key) {
			return lines
		}
		lines = append(lines, w.say(key))
	}
}

// tally counts the verdicts of a run. One drill that was missed makes the run
// missed; a run without drills shows nothing, and one that lacks a record is not
// met.
func (w words) tally(run Run) (worst measure.Verdict, line string) {
	n := map[measure.Verdict]int{}
	for _, d := range run.Drills {
		n[d.Result.Verdict]++
	}
	switch {
	case n[measure.Missed] > 0:
		worst = measure.Missed
	case n[measure.Met] > 0 && n[measure.Met] == len(run.Drills) && !run.lacksDrills():
		worst = measure.Met
	default:
		worst = measure.Unmeasurable
	}
	return worst, w.say("tally", "count", count(len(run.Drills)), "met", count(n[measure.Met]),
		"missed", count(n[measure.Missed]), "unmeasurable", count(n[measure.Unmeasurable]))
}

// maxOverview bounds the drills that an overview lists.
const maxOverview = 500

func (w words) overview(run Run) *grid {
	g := newGrid(w.say("verdict"), w.say("drill"), w.say("product"), w.say("downtime-longest"), "RTO",
		w.say("lost"), "RPO", w.say("drill-took")).figures(3, 4, 5, 6, 7).short(0).marks(0)
	for i, d := range run.Drills {
		if i == maxOverview {
			g.More = w.say("left-out", "count", count(len(run.Drills)-i))
			break
		}
		h := d.Record.Head
		system := plain(h.System)
		if h.StandIn != "" {
			system += " — STAND-IN"
		}
		r := row{Mark: d.Result.Verdict, Cells: []string{
			symbol(d.Result.Verdict) + "\u00a0" + w.say("verdict."+string(d.Result.Verdict)), w.heading(d), system,
			w.longestOf(d), w.duration(h.Promise.RTO, nearest), w.lostOf(d.Result.Writes), count(h.Promise.RPO),
			w.duration(d.Result.Took, nearest),
		}}
		g.Rows = append(g.Rows, r)
	}
	return g
}

// longestOf is the longest outage of clients' writes.
func (w words) longestOf(d Drill) string {
	t := d.Result.Downtime
	switch {
	case !triedWrites(d.Result):
		return w.say("unknown")
	case t.Count == 0:
		return w.none(d)
	}
	return w.bracket(t.Longest.Bracket, t.Open)
}

// none says that no outage was seen, and no more than that if the drill was
// not seen to its end.
func (w words) none(d Drill) string {
	if tail := d.Record.Tail; tail == nil || tail.Interrupted {
		return w.say("none-yet")
	}
	return w.say("none")
}

func (w words) lostOf(writes measure.Writes) string {
	if !writes.Counted {
		return w.say("unknown")
	}
	return count(len(writes.Lost))
}

// trials is the table of the summaries; nil if nothing was repeated.
func (w words) trials(all []summary) *grid {
	g := newGrid(w.say("runbook"), w.say("product"), w.say("trials"), w.say("verdicts"), w.say("measured"),
		"p50", "p95", w.say("max"), w.say("median"), "RTO", w.say("kept"), w.say("lost-total")).
		figures(2, 4, 5, 6, 7, 8, 9, 10, 11)
	repeated := slices.DeleteFunc(slices.Clone(all), func(s summary) bool { return s.Count < 2 })
	for i, s := range repeated {
		if i == maxOverview {
			g.More = w.say("left-out", "count", count(len(repeated)-i))
			break
		}
		h := s.first().Record.Head
		g.Rows = append(g.Rows, row{Mark: s.Verdict, Cells: []string{
			s.name(), plain(h.System), count(s.Count), w.verdicts(s), count(s.Measured),
			w.rank(s.Ranks, s.P50), w.rank(s.Ranks, s.P95), w.rank(s.Ranks, s.Max), w.median(s.Median),
			w.duration(h.Promise.RTO, nearest), percent(s.Kept), w.lostIn(s),
		}})
	}
	if len(g.Rows) == 0 {
		return nil
	}
	return g
}

func (w words) verdicts(s summary) string {
	var parts []string
	for _, v := range []struct {
		verdict measure.Verdict
		n       int
	}{{measure.Met, s.Met}, {measure.Missed, s.Missed}, {measure.Unmeasurable, s.Unmeasurable}} {
		if v.n > 0 {
			parts = append(parts, symbol(v.verdict)+" "+w.say("verdict."+string(v.verdict))+" "+count(v.n))
		}
	}
	return strings.Join(parts, w.say("comma"))
}

func (w words) rank(all measure.Ranks, r measure.Range) string {
	switch {
	case all.Measured == 0:
		return w.say("unknown")
	case r.Most == 0 && !r.Open:
		return w.say("none")
	}
	return w.bracket(r.Bracket, r.Open)
}

func (w words) median(m measure.Interval) string {
	if m.Coverage == 0 {
		return "–"
	}
	return w.bracket(m.Bracket, m.Open) + w.say("note", "note", percent(m.Coverage))
}

// percent never rounds up: it is used for what is certain at least.
func percent(p float64) string { return strconv.FormatFloat(floor(100*p, 1), 'f', 1, 64) + "\u00a0%" }

func (w words) lostIn(s summary) string {
	switch {
	case s.counted == 0:
		return w.say("unknown")
	case !s.whole():
		return w.say("lost-least", "count", count(s.lost), "counted", count(s.counted))
	}
	return count(s.lost)
}
