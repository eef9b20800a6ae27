package reports

import (
	"strconv"
	"strings"
	"time"

	"drillbook/harness/measure"
	"drillbook/harness/record"
	"drillbook/reports/text"
	"drillbook/reports/words"
)

// head drafts what stands above everything else: what was drilled and what
// came of it.
func (d drafter) head(n int) drillView {
	h := d.rec.Head
	v := drillView{
		ID:      "drill-" + strconv.Itoa(n),
		Anchor:  n,
		Title:   text.Name(h.Title.In(d.Lang)),
		Under:   d.under(),
		Verdict: d.res.Verdict,
		Symbol:  symbol(d.res.Verdict),
		Word:    d.Say("verdict." + string(d.res.Verdict)),
		Line:    d.verdictLine(),
		Summed:  d.summed(),
		Figures: d.figures(),
	}
	if v.Title == "" {
		v.Title = text.Name(h.Runbook)
	}
	if h.StandIn != "" {
		v.StandIn = d.Say("stand-in", "system", text.Name(h.System), "what", d.Detail(h.StandIn))
	}
	if h.Published != "" {
		v.Apart = d.Say("published", "at", d.Detail(h.Published))
	}
	shown, more := d.bounded(len(d.res.Reasons))
	for _, r := range d.res.Reasons[:shown] {
		v.Reasons = append(v.Reasons, reason{symbol(r.Verdict), d.Sentence(r)})
	}
	if more != "" {
		v.Reasons = append(v.Reasons, reason{"…", more})
	}
	return v
}

func (d drafter) under() []string {
	h := d.rec.Head
	under := []string{text.Name(h.System), text.Name(h.Runbook)}
	if h.Trials > 1 {
		under = append(under, d.Say("trial", "n", strconv.Itoa(h.Trial), "of", strconv.Itoa(h.Trials)))
	}
	return append(under, h.Began.Format("2006-01-02 15:04:05 -07:00"))
}

// summed is the verdict with the word for it.
func (d drafter) summed() string {
	return d.Say("verdict-line", "word", d.Say("verdict."+string(d.res.Verdict)), "line", d.verdictLine())
}

// verdictLine is the verdict in one line.
func (d drafter) verdictLine() string {
	if d.res.Verdict != measure.Met {
		return d.Say("line." + string(d.res.Verdict))
	}
	promise, longest := d.rec.Head.Promise, d.res.Downtime.Longest
	parts := []string{d.Say("line.met")}
	if d.res.Downtime.Count == 0 {
		parts = append(parts, d.Say("line.no-outage", "limit", d.time(promise.RTO)))
	} else {
		bracket := d.Bracket(longest.Bracket, longest.Open)
		parts = append(parts, d.Say("line.outage", "bracket", bracket, "limit", d.time(promise.RTO)))
	}
	return words.Sentences(append(parts, d.lostLine()))
}

// figures are the four that everybody asks for first.
func (d drafter) figures() []fact {
	promise := d.rec.Head.Promise
	downtime := fact{d.Say("downtime-longest"), d.longestOf(d.drill), ""}
	downtime.Note = d.Say("figure.promised", "limit", d.time(promise.RTO))
	if n := d.res.Downtime.Count; n > 1 {
		total := d.Bracket(d.res.Downtime.Total, d.res.Downtime.Open)
		downtime.Note += d.Say("and-also") + d.Say("figure.outages", "count", words.Count(n), "total", total)
	}
	lost := fact{d.Say("lost"), d.lostOf(d.res.Writes), d.Say("figure.may-be-lost", "most", words.Count(promise.RPO))}
	if promise.SplitBrain && d.savedAll() {
		lost.Note = d.Say("figure.saved")
	} else if len(d.res.Writes.Lost) > 0 {
		lost.Note += d.Say("and-also") + d.Say("figure.oldest", "age", d.time(d.res.Writes.OldestLost))
	}
	if d.res.Writes.Counted && len(d.res.Writes.Unread) > 0 {
		lost.Note += d.Say("and-also") + d.Say("figure.unread")
	}
	split := fact{d.Say("split-brain"), d.Say("not-seen"), d.Say("figure.no-split")}
	if d.res.Split.Proved {
		split.Value, split.Note = d.Say("proved"), d.Say("figure.split", "time", d.time(d.res.Split.Overlap))
	}
	if promise.SplitBrain {
		split.Note += d.Say("and-also") + d.Say("figure.split-expected")
	}
	took, planned := d.sums()
	spent := fact{d.Say("time"), d.time(took), d.Say("figure.all-steps")}
	if planned > 0 {
		spent.Note = d.Say("figure.planned", "time", d.time(planned))
	}
	if d.res.Unfit {
		for _, f := range []*fact{&downtime, &lost, &split} {
			f.Note += d.Say("and-also") + d.Say("figure.inconclusive")
		}
	}
	return []fact{downtime, lost, split, spent}
}

// sums are how long all steps took and were planned to take.
func (d drafter) sums() (took, planned time.Duration) {
	for _, s := range d.res.Steps {
		planned += s.Planned
		if s.Outcome != measure.Skipped {
			took += s.Took
		}
	}
	return took, planned
}

// steps is the table that people know: step, comments, downtime, time.
func (d drafter) steps() section {
	g := newGrid("#", d.Say("step"), d.Say("comments"), d.Say("downtime-measured"), d.Say("allowed"), d.Say("time"),
		d.Say("planned"), d.Say("outcome")).figures(3, 4, 5, 6).short(0, 7).marks(7)
	shown, more := d.bounded(len(d.res.Steps))
	g.More = more
	for _, s := range d.res.Steps[:shown] {
		g.Rows = append(g.Rows, d.stepRow(s))
	}
	took, planned := d.sums()
	downtime := d.stepDowntime(d.res.Downtime, d.overall())
	g.Foot = []string{"", d.Say("total"), "", downtime, "", d.time(took), d.planned(planned), ""}
	return section{ID: "steps", Title: d.Say("steps"), Grid: g}
}

// overall is how far the drill got, as if it were a step.
func (d drafter) overall() measure.Outcome {
	if tail := d.rec.Tail; tail == nil || tail.Interrupted {
		return measure.Interrupted
	}
	return measure.Passed
}

func (d drafter) stepRow(s measure.Step) row {
	allowed := "–"
	if s.Allowed != nil && *s.Allowed == 0 {
		allowed = d.Say("none")
	} else if s.Allowed != nil {
		allowed = d.time(*s.Allowed)
	}
	spent := "–"
	if s.Outcome != measure.Skipped {
		spent = d.time(s.Took)
	}
	comment := d.quote(s.Comment.In(d.Lang))
	if s.Err != "" {
		comment = strings.TrimSpace(comment + "\n" + d.Say("error", "error", d.Detail(s.Err)))
	}
	return row{Mark: stepVerdict(s), Cells: []string{
		strconv.Itoa(s.Number), d.quote(s.Title.In(d.Lang)), comment, d.stepDowntime(s.Downtime, s.Outcome),
		allowed, spent, d.planned(s.Planned), d.outcome(s),
	}}
}

func (d drafter) planned(t time.Duration) string {
	if t == 0 {
		return "–"
	}
	return d.time(t)
}

// stepDowntime is the downtime of a step that ended so.
func (w writer) stepDowntimeIn(t measure.Downtime, o measure.Outcome) string {
	switch {
	case o == measure.Skipped:
		return "–"
	case t.Count == 0 && o == measure.Interrupted:
		return w.Say("none-yet")
	case t.Count == 0:
		return w.Say("none")
	case t.Count == 1:
		return w.Bracket(t.Longest.Bracket, t.Open)
	}
	return w.Say("downtime-several", "total", w.Bracket(t.Total, t.Open), "count", words.Count(t.Count),
		"longest", w.Bracket(t.Longest.Bracket, t.Longest.Open))
}

func (d drafter) stepDowntime(t measure.Downtime, o measure.Outcome) string {
	if !d.drill.TriedWrites() && o != measure.Skipped {
		return d.Say("unknown")
	}
	return d.stepDowntimeIn(t, o)
}

// outcome is how a step ended, and whether its downtime was within bounds.
func (w writer) outcome(s measure.Step) string {
	text := w.Say("outcome." + string(s.Outcome))
	if s.Outcome == measure.Skipped && s.Err != "" {
		text = w.Say("outcome.left-out")
	}
	if s.Verdict == measure.Missed || s.Verdict == measure.Unmeasurable {
		downtime := w.Say("outcome.downtime-" + string(s.Verdict))
		if s.Outcome == measure.Passed {
			text = downtime
		} else {
			text = w.Say("outcome-both", "outcome", text, "downtime", downtime)
		}
	}
	sign := symbol(stepVerdict(s))
	if s.Outcome == measure.Skipped {
		sign = "–"
	}
	return sign + "\u00a0" + text
}

// stepVerdict is the worst that can be said of a step.
func stepVerdict(s measure.Step) measure.Verdict {
	switch {
	case s.Outcome == measure.Failed && s.Blame == record.BlameService || s.Verdict == measure.Missed:
		return measure.Missed
	case s.Outcome != measure.Passed || s.Verdict == measure.Unmeasurable:
		return measure.Unmeasurable
	default:
		return measure.Met
	}
}

// way says which way the attempts of a stream go.
func (w writer) way(s record.Stream) string {
	if s.Member == "" {
		return w.Say("path.clients")
	}
	return w.Say("path.direct", "member", text.Name(s.Member))
}
