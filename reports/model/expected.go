package model

import (
	"strconv"
	"time"

	"drillbook/harness/measure"
	"drillbook/reports/run"
	"drillbook/reports/text"
)

// What the cluster's own settings make of an outage, beside what was measured.
// It is no promise and changes no verdict.

// expected sets the outages that began in a step against what was expected of
// it.
func (d drafter) expected() Section {
	t := d.table("#", d.Say("expected.event"), d.Say("expected.most"), d.Say("downtime-measured"),
		d.Say("expected.within"), d.Say("expected.sum")).figures(2, 3).short(0, 4).brief(3, d.Say("downtime"))
	for _, s := range d.res.Steps {
		if e := s.Expected; e != nil {
			t.add(strconv.Itoa(s.Number), d.event(e.Event), d.Duration(e.Most), d.stepDowntime(s.Downtime, s.Outcome),
				d.asExpected(s, e.Most), d.tell(e.Sum))
		}
	}
	return d.expectedSection(t)
}

// expectedSection is empty if nothing was expected.
func (w writer) expectedSection(t *Table) Section {
	if len(t.Rows) == 0 {
		return Section{}
	}
	return Section{ID: "expected", Title: w.Say("expected"), Lead: w.Say("expected.lead"), Table: t}
}

// event is what is done to the cluster, in the language of the report where
// there is a word for it.
func (w writer) event(name string) string {
	if key := "event." + name; w.Has(key) {
		return w.Say(key)
	}
	return text.Name(name)
}

// asExpected says whether the longest outage of a step was as short as expected.
func (d drafter) asExpected(s measure.Step, most time.Duration) string {
	longest := s.Downtime.Longest
	switch {
	case s.Outcome == measure.Skipped || !d.TriedWrites():
		return "–"
	case most == 0 && longest.Most == 0 && !s.Downtime.Open && s.Outcome != measure.Interrupted:
		return d.Say("expected.none")
	case longest.Least > most:
		return d.Say("expected.no")
	case s.Downtime.Open || s.Outcome == measure.Interrupted || longest.Most > most:
		return d.Say("expected.unclear")
	}
	return d.Say("expected.yes")
}

// expectedOf is the table of what was expected of the steps of repeated trials.
func (w writer) expectedOf(repeated []run.Trials) Section {
	t := w.table(w.Say("runbook"), w.Say("in-step"), w.Say("expected.event"), w.Say("expected.most"),
		w.Say("measured"), "p50", "p95", w.Say("max")).figures(1, 3, 4, 5, 6, 7)
	for _, s := range repeated {
		for _, step := range s.Expected {
			r, e := step.Ranks, step.Expected
			t.add(w.called(s.Head()), strconv.Itoa(step.Number), w.event(e.Event),
				w.Duration(e.Most), count(r.Measured), w.rank(r, r.P50), w.rank(r, r.P95),
				w.rank(r, r.Max))
		}
	}
	return w.expectedSection(t)
}
