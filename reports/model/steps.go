package model

import (
	"strconv"
	"strings"
	"time"

	"drillbook/harness/measure"
	"drillbook/harness/record"
	"drillbook/reports/text"
)

// steps are the steps one by one.
func (d drafter) steps() []Step {
	out := make([]Step, 0, len(d.res.Steps))
	for _, s := range d.res.Steps {
		one := Step{
			Number: s.Number, Title: text.Name(s.Title.In(d.Lang)), Name: d.Say("step") + " " + strconv.Itoa(s.Number),
			Line: d.Say("downtime") + " " + text.Line(d.stepDowntime(s.Downtime, s.Outcome)) + d.Say("and-also") +
				d.Say("outcome."+string(s.Outcome)),
			Reached: s.Outcome != measure.Skipped, Took: s.Took, Verdict: string(stepVerdict(s)),
			Word: d.verdict(stepVerdict(s)), Rows: d.rows(s),
		}
		for _, r := range d.res.Reasons {
			if r.Step == s.Number {
				one.Reasons = append(one.Reasons, d.said([]measure.Reason{r})...)
			}
		}
		if !one.Reached {
			one.Why = d.Say("outcome.skipped")
			if s.Err != "" {
				one.Why = d.Say("fact", "name", d.Say("outcome.left-out")) + d.Detail(d.told(s.Err))
			}
		}
		if s.Outcome == measure.NotNeeded && stepVerdict(s) == measure.Met {
			one.Why = d.ended(s)
		}
		out = append(out, one)
	}
	return out
}

// stepTable is the table that people know: step, comments, downtime, time.
func (d drafter) stepTable() Section {
	t := d.table("#", d.Say("step"), d.Say("comments"), d.Say("downtime-measured"), d.Say("allowed"), d.Say("time"),
		d.Say("planned"), d.Say("outcome")).figures(3, 4, 5, 6).short(0, 7).marks(7).brief(3, d.Say("downtime"))
	lines := d.form()
	t.Rows = lines[:t.room(len(lines), maxRows)]
	took, planned := d.sums()
	downtime := d.stepDowntime(d.res.Downtime, d.overall())
	t.Foot = []string{"", d.Say("total"), "", downtime, "", d.Duration(took), d.planned(planned), ""}
	return Section{ID: "steps", Title: d.Say("steps"), Table: t, Notes: append(d.unseenRows(), d.marks()...)}
}

// overall is how far the drill got, as if it were a step.
func (d drafter) overall() measure.Outcome {
	if !d.ToEnd() {
		return measure.Interrupted
	}
	return measure.Passed
}

func (d drafter) stepRow(s measure.Step) []string {
	allowed := "–"
	if s.Allowed != nil && *s.Allowed == 0 {
		allowed = d.Say("none")
	} else if s.Allowed != nil {
		allowed = d.Duration(*s.Allowed)
	}
	spent := "–"
	if s.Outcome != measure.Skipped {
		spent = d.Duration(s.Took)
	}
	comment := ""
	if !s.Blank {
		comment = quote(s.Comment.In(d.Lang))
	}
	comment = strings.TrimSpace(comment + "\n" + d.ended(s))
	title := quote(s.Title.In(d.Lang))
	if s.Blank {
		title = ""
	}
	return []string{
		strconv.Itoa(s.Number), title, comment, d.stepDowntime(s.Downtime, s.Outcome),
		allowed, spent, d.planned(s.Planned), d.outcome(s),
	}
}

// ended is why a step failed, or had nothing to do; "" otherwise.
func (d drafter) ended(s measure.Step) string {
	switch {
	case s.Err != "":
		return d.Say("error", "error", d.Detail(d.told(s.Err)))
	case s.Needless != "":
		return d.Say("needless", "why", d.Detail(d.told(s.Needless)))
	}
	return ""
}

func (d drafter) planned(t *time.Duration) string {
	if t == nil {
		return "–"
	}
	if *t == 0 { // people plan in minutes
		return d.Say("unit.min", "n", "0")
	}
	return d.Duration(*t)
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
	return w.Say("downtime-several", "total", w.Bracket(t.Total, t.Open), "count", count(t.Count),
		"longest", w.Bracket(t.Longest.Bracket, t.Longest.Open))
}

func (d drafter) stepDowntime(t measure.Downtime, o measure.Outcome) string {
	if onlyReads(d.Drill) && o != measure.Skipped {
		return d.Say("not-checked")
	}
	if !d.TriedWrites() && o != measure.Skipped {
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
		if s.Outcome.Completed() {
			text = downtime
		} else {
			text = w.Say("outcome-both", "outcome", text, "downtime", downtime)
		}
	}
	parts := []string{text}
	for _, o := range []measure.RowOutcome{measure.RowUnseen, measure.RowUnanswered} {
		if n := s.CountRows(o); n > 0 {
			parts = append(parts, w.Say("and-also"), w.Say("fact", "name", w.Say("row."+string(o))), count(n))
		}
	}
	sign := symbol(stepVerdict(s))
	if s.Outcome == measure.Skipped || s.Outcome == measure.NotNeeded && stepVerdict(s) == measure.Met {
		sign = "–"
	}
	return sign + "\u00a0" + strings.Join(parts, "")
}

// stepVerdict is the worst that can be said of a step.
func stepVerdict(s measure.Step) measure.Verdict {
	switch {
	case s.Outcome == measure.Failed && s.Blame == record.BlameService || s.Verdict == measure.Missed:
		return measure.Missed
	case !s.Outcome.Completed(), s.Verdict == measure.Unmeasurable, s.CountRows(measure.RowUnanswered) > 0:
		return measure.Unmeasurable
	default:
		return measure.Met
	}
}
