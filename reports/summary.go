package reports

import (
	"maps"
	"slices"
	"strings"

	"drillbook/harness/measure"
)

// summary is what several trials of the same drill say together. Trials are
// drills of one runbook with one set of parameters, on one product, real or a
// stand-in, on one kind of host: figures of different things are never mixed.
type summary struct {
	measure.Trials
	drills   []Drill
	expected []expectedStep
	counted  int // trials of which it is known what was lost
	lost     int // in those
}

func (s *summary) first() Drill { return s.drills[0] }

// name is the runbook, with the parameters that were given.
func (s *summary) name() string {
	h := s.first().Record.Head
	return named(h.Runbook, h.Params)
}

func named(runbook string, given map[string]string) string {
	name := plain(runbook)
	if p := params(given); p != "" {
		name += " (" + plain(p) + ")"
	}
	return name
}

// whole reports whether it is known of every trial what was lost.
func (s *summary) whole() bool { return s.counted == len(s.drills) }

// summaries are the summaries of a run, in the order of their first drills.
func summaries(run Run) []summary {
	var all []summary
	index := map[string]int{}
	for _, d := range run.Drills {
		k := trialOf(d)
		n, ok := index[k]
		if !ok {
			n = len(all)
			index[k] = n
			all = append(all, summary{})
		}
		all[n].drills = append(all[n].drills, d)
	}
	for i := range all {
		all[i].fill()
	}
	return all
}

func trialOf(d Drill) string {
	h := d.Record.Head
	return strings.Join([]string{
		h.Runbook, h.Product, h.System, h.StandIn, h.Host, h.Published, params(h.Params),
	}, "\x00")
}

// params writes parameters in a fixed order.
func params(p map[string]string) string {
	s := make([]string, 0, len(p))
	for _, k := range slices.Sorted(maps.Keys(p)) {
		s = append(s, k+"="+p[k])
	}
	return strings.Join(s, ", ")
}

func (s *summary) fill() {
	results := make([]measure.Result, 0, len(s.drills))
	for _, d := range s.drills {
		results = append(results, d.Result)
		if d.Result.Writes.Counted {
			s.counted++
			s.lost += len(d.Result.Writes.Lost)
		}
	}
	s.Trials, s.expected = measure.OfTrials(results), expectedSteps(results)
}
