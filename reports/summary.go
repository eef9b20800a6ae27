package reports

import (
	"maps"
	"slices"
	"strings"
	"time"

	"drillbook/harness/measure"
)

// summary is what several trials of the same drill say together. Trials are
// drills of one runbook with one set of parameters, on one product, real or a
// stand-in, on one kind of host: figures of different things are never mixed.
type summary struct {
	drills   []Drill
	verdicts map[measure.Verdict]int
	// measured is how many trials tell anything about downtime: those that
	// were carried out on a healthy service, with a fault that took hold.
	measured      int
	open          int // outages without an end, of those
	p50, p95, max longest
	counted       int // trials of which it is known what was lost
	lost          int // in those
}

// longest is the longest outage of a trial, as its bracket's most.
type longest struct {
	known bool
	open  bool // it had no end, and is longer than any other
	most  time.Duration
}

func (s *summary) first() Drill { return s.drills[0] }

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
			all = append(all, summary{verdicts: map[measure.Verdict]int{}})
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
	return strings.Join([]string{h.Runbook, h.Product, h.System, h.StandIn, h.Host, params(h.Params)}, "\x00")
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
	var times []longest
	for _, d := range s.drills {
		s.verdicts[d.Result.Verdict]++
		if d.Result.Writes.Counted {
			s.counted++
			s.lost += len(d.Result.Writes.Lost)
		}
		if conclusive(d.Result) {
			t := d.Result.Downtime
			times = append(times, longest{known: true, open: t.Open, most: t.Longest.Most})
			if t.Open {
				s.open++
			}
		}
	}
	s.measured = len(times)
	slices.SortFunc(times, func(a, b longest) int {
		switch {
		case a.open != b.open && a.open:
			return 1
		case a.open != b.open:
			return -1
		}
		return int(a.most - b.most)
	})
	s.p50, s.p95, s.max = rank(times, 50), rank(times, 95), rank(times, 100)
}

// rank is the nearest-rank percentile of sorted figures.
func rank(sorted []longest, p int) longest {
	if len(sorted) == 0 {
		return longest{}
	}
	return sorted[max((len(sorted)*p+99)/100, 1)-1]
}

// conclusive reports whether the figures of a drill say anything about the
// product. They do even if a promise can be called neither kept nor missed;
// they do not if nothing shows that the drill took place as it should.
func conclusive(r measure.Result) bool {
	unfit := []measure.Code{
		measure.BaselineShort,
		measure.BaselineFailed,
		measure.BaselineSlow,
		measure.FaultNotHeld,
		measure.RecordCut,
		measure.JournalFailed,
		measure.WasInterrupted,
		measure.Failure,
		measure.NoWrites,
	}
	return !slices.ContainsFunc(r.Reasons, func(why measure.Reason) bool { return slices.Contains(unfit, why.Code) })
}
