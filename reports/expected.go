package reports

import (
	"strconv"
	"time"

	"drillbook/harness/measure"
	"drillbook/reports/run"
	"drillbook/reports/text"
	"drillbook/reports/words"
)

// What the cluster's own settings make of an outage, beside what was measured.
// It is no promise and changes no verdict.

// expected sets the outages that began in a step against what was expected of
// it.
func (d drafter) expected() section {
	g := newGrid("#", d.Say("expected.event"), d.Say("expected.most"), d.Say("downtime-measured"),
		d.Say("expected.within"), d.Say("expected.sum")).figures(2, 3).short(0, 4)
	for _, s := range d.res.Steps {
		if e := s.Expected; e != nil {
			g.add(strconv.Itoa(s.Number), d.event(e.Event), d.time(e.Most), d.stepDowntime(s.Downtime, s.Outcome),
				d.asExpected(s, e.Most), d.quote(e.Sum))
		}
	}
	if len(g.Rows) == 0 {
		return section{}
	}
	return section{ID: "expected", Title: d.Say("expected"), Lead: d.Say("expected.lead"), Grid: g}
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
	case s.Outcome == measure.Skipped || !d.drill.TriedWrites():
		return "–"
	case longest.Least > most:
		return d.Say("expected.no")
	case s.Downtime.Open || s.Outcome == measure.Interrupted || longest.Most > most:
		return d.Say("expected.unclear")
	}
	return d.Say("expected.yes")
}

// expectedOf is the table of what was expected of the steps of repeated trials;
// nil if nothing was repeated of which anything was expected.
func (w writer) expectedOf(all []run.Trials) *grid {
	g := newGrid(w.Say("runbook"), w.Say("in-step"), w.Say("expected.event"), w.Say("expected.most"),
		w.Say("measured"), "p50", "p95", w.Say("max")).figures(1, 3, 4, 5, 6, 7)
	for _, s := range all {
		if s.Count < 2 {
			continue
		}
		for _, step := range s.Expected {
			r := step.Ranks
			g.add(nameOf(s), strconv.Itoa(step.Number), w.event(step.Expected.Event),
				w.Duration(step.Expected.Most), words.Count(r.Measured), w.rank(r, r.P50), w.rank(r, r.P95),
				w.rank(r, r.Max))
		}
	}
	if len(g.Rows) == 0 {
		return nil
	}
	return g
}
