package reports

import (
	"fmt"
	"strings"

	"drillbook/harness/measure"
)

// newView drafts the report of a run, without the drills themselves.
func newView(w words, run Run) view {
	v := view{words: w, Reading: w.reading(), Made: w.say("generated", "generator", plain(run.generator()))}
	v.Title = w.say("title")
	if len(run.Drills) == 1 {
		v.Title += ": " + plain(run.Drills[0].Record.Head.Title.In(w.lang))
		return v
	}
	v.Verdict, v.Line = w.tally(run)
	v.Word = w.say("verdict." + string(v.Verdict))
	v.Summed = w.say("verdict-line", "word", v.Word, "line", v.Line)
	v.Overview = w.overview(run)
	v.Trials = w.trials(summaries(run))
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
// missed; a run without drills shows nothing.
func (w words) tally(run Run) (worst measure.Verdict, line string) {
	n := map[measure.Verdict]int{}
	for _, d := range run.Drills {
		n[d.Result.Verdict]++
	}
	switch {
	case n[measure.Missed] > 0:
		worst = measure.Missed
	case n[measure.Met] > 0 && n[measure.Met] == len(run.Drills):
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
		"p50", "p95", w.say("max"), "RTO", w.say("lost-total")).figures(2, 4, 5, 6, 7, 8, 9)
	for _, s := range all {
		if len(s.drills) < 2 || len(g.Rows) == maxOverview {
			continue
		}
		h := s.first().Record.Head
		name := plain(h.Runbook)
		if p := params(h.Params); p != "" {
			name += " (" + plain(p) + ")"
		}
		g.add(name, plain(h.System), count(len(s.drills)), w.verdicts(s), count(s.measured),
			w.rank(s.p50), w.rank(s.p95), w.rank(s.max), w.duration(h.Promise.RTO, nearest), w.lostIn(s))
	}
	if len(g.Rows) == 0 {
		return nil
	}
	return g
}

func (w words) verdicts(s summary) string {
	var parts []string
	for _, v := range []measure.Verdict{measure.Met, measure.Missed, measure.Unmeasurable} {
		if n := s.verdicts[v]; n > 0 {
			parts = append(parts, symbol(v)+" "+w.say("verdict."+string(v))+" "+count(n))
		}
	}
	return strings.Join(parts, w.say("comma"))
}

func (w words) rank(l longest) string {
	switch {
	case !l.known:
		return w.say("unknown")
	case l.open:
		return w.say("open")
	case l.most == 0:
		return w.say("none")
	}
	return w.duration(l.most, up)
}

func (w words) lostIn(s summary) string {
	switch {
	case s.counted == 0:
		return w.say("unknown")
	case !s.whole():
		return w.say("lost-least", "count", count(s.lost), "counted", count(s.counted))
	}
	return count(s.lost)
}
