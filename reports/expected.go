package reports

import (
	"strconv"
	"time"

	"drillbook/harness/measure"
)

// What the cluster's own settings make of an outage, beside what was measured.
// It is no promise and changes no verdict.

// expected sets the outages that began in a step against what was expected of
// it.
func (d drafter) expected() section {
	g := newGrid("#", d.say("expected.event"), d.say("expected.most"), d.say("downtime-measured"),
		d.say("expected.within"), d.say("expected.sum")).figures(2, 3).short(0, 4)
	for _, s := range d.res.Steps {
		if e := s.Expected; e != nil {
			g.add(strconv.Itoa(s.Number), d.event(e.Event), d.time(e.Most), d.stepDowntime(s.Downtime, s.Outcome),
				d.asExpected(s, e.Most), d.quote(e.Sum))
		}
	}
	if len(g.Rows) == 0 {
		return section{}
	}
	return section{ID: "expected", Title: d.say("expected"), Lead: d.say("expected.lead"), Grid: g}
}

// event is what is done to the cluster, in the language of the report where
// there is a word for it.
func (w words) event(name string) string {
	if key := "event." + name; w.has(key) {
		return w.say(key)
	}
	return plain(name)
}

// asExpected says whether the longest outage of a step was as short as expected.
func (d drafter) asExpected(s measure.Step, most time.Duration) string {
	longest := s.Downtime.Longest
	switch {
	case s.Outcome == measure.Skipped || !d.measured():
		return "–"
	case longest.Least > most:
		return d.say("expected.no")
	case s.Downtime.Open || s.Outcome == measure.Interrupted || longest.Most > most:
		return d.say("expected.unclear")
	}
	return d.say("expected.yes")
}

// expectedOf is the table of what was expected of the steps of repeated trials;
// nil if nothing was repeated of which anything was expected.
func (w words) expectedOf(all []summary) *grid {
	g := newGrid(w.say("runbook"), w.say("in-step"), w.say("expected.event"), w.say("expected.most"),
		w.say("measured"), "p50", "p95", w.say("max")).figures(1, 3, 4, 5, 6, 7)
	for _, s := range all {
		if s.Count < 2 {
			continue
		}
		for _, step := range s.expected {
			r := step.ranks
			g.add(s.name(), strconv.Itoa(step.Number), w.event(step.Expected.Event),
				w.duration(step.Expected.Most, nearest), count(r.Measured), w.rank(r, r.P50), w.rank(r, r.P95),
				w.rank(r, r.Max))
		}
	}
	if len(g.Rows) == 0 {
		return nil
	}
	return g
}

// expectedStep is a step of trials of which an outage was expected.
type expectedStep struct {
	measure.Step
	ranks measure.Ranks
}

// expectedSteps are the steps of trials of which an outage was expected, as the
// first trial that came so far says.
func expectedSteps(trials []measure.Result) []expectedStep {
	var steps []expectedStep
	for i := range trials[0].Steps {
		for _, r := range trials {
			if i < len(r.Steps) && r.Steps[i].Expected != nil {
				steps = append(steps, expectedStep{r.Steps[i], measure.OfStep(trials, r.Steps[i].Number)})
				break
			}
		}
	}
	return steps
}

type expectedResult struct {
	Event string `json:"event"`
	Most  millis `json:"most_ms"`
	Sum   string `json:"sum"`
}

func newExpected(e *measure.Expected) *expectedResult {
	if e == nil {
		return nil
	}
	return &expectedResult{e.Event, millis(e.Most), e.Sum}
}

type expectedTrialsResult struct {
	Step int `json:"step"`
	expectedResult
	Measured int        `json:"measured"`
	Open     int        `json:"open"`
	Downtime rankResult `json:"downtime_ms"`
}

func newExpectedTrials(e expectedStep) expectedTrialsResult {
	return expectedTrialsResult{
		Step: e.Number, expectedResult: *newExpected(e.Expected), Measured: e.ranks.Measured, Open: e.ranks.Open,
		Downtime: newRanks(e.ranks),
	}
}
