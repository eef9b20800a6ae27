package run

import (
	"maps"
	"slices"
	"strings"

	"drillbook/harness/measure"
	"drillbook/harness/record"
)

// Trials is what several trials of the same drill say together. Trials are
// drills of one runbook with one set of parameters, on one product, real or a
// stand-in, on one kind of host: figures of different things are never mixed.
type Trials struct {
	measure.Trials
	Drills   []Drill
	Expected []ExpectedStep
	Counted  int // trials of which it is known what was lost
	Lost     int // in those
}

// Head says what was drilled.
func (t *Trials) Head() record.Head { return t.Drills[0].Record.Head }

// Whole reports whether it is known of every trial what was lost.
func (t *Trials) Whole() bool { return t.Counted == len(t.Drills) }

// Has reports whether a drill is one of the trials.
func (t *Trials) Has(d Drill) bool { return trialOf(t.Drills[0]) == trialOf(d) }

// Trials are those of a run, in the order of their first drills.
func (r Run) Trials() []Trials {
	var all []Trials
	index := map[string]int{}
	for _, d := range r.Drills {
		k := trialOf(d)
		n, ok := index[k]
		if !ok {
			n = len(all)
			index[k] = n
			all = append(all, Trials{})
		}
		all[n].Drills = append(all[n].Drills, d)
	}
	for i := range all {
		all[i].fill()
	}
	return all
}

func trialOf(d Drill) string {
	h := d.Record.Head
	return strings.Join([]string{
		h.Runbook, h.Product, h.System, h.StandIn, h.Host, h.Published, Params(h.Params),
	}, "\x00")
}

// Params writes parameters in a fixed order.
func Params(p map[string]string) string {
	s := make([]string, 0, len(p))
	for _, k := range slices.Sorted(maps.Keys(p)) {
		s = append(s, k+"="+p[k])
	}
	return strings.Join(s, ", ")
}

func (t *Trials) fill() {
	results := make([]measure.Result, 0, len(t.Drills))
	for _, d := range t.Drills {
		results = append(results, d.Result)
		if d.Result.Writes.Counted {
			t.Counted++
			t.Lost += len(d.Result.Writes.Lost)
		}
	}
	t.Trials, t.Expected = measure.OfTrials(results), expectedSteps(results)
}

// ExpectedStep is a step of trials of which an outage was expected.
type ExpectedStep struct {
	measure.Step
	Ranks measure.Ranks
}

// expectedSteps are the steps of trials of which an outage was expected, as the
// first trial that came so far says.
func expectedSteps(trials []measure.Result) []ExpectedStep {
	var steps []ExpectedStep
	for i := range trials[0].Steps {
		for _, r := range trials {
			if i < len(r.Steps) && r.Steps[i].Expected != nil {
				steps = append(steps, ExpectedStep{r.Steps[i], measure.OfStep(trials, r.Steps[i].Number)})
				break
			}
		}
	}
	return steps
}
