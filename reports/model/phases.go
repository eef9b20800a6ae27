package model

import (
	"slices"
	"time"

	"drillbook/harness/measure"
	"drillbook/reports/words"
)

// phase is a moment of a change of primary, with the word for it.
type phase struct {
	key string
	at  *time.Duration // after zero; nil if it was not seen
}

// phasesOf are the moments of a change of primary, zero among them, in the
// order in which they are expected. There are none without a change.
func phasesOf(r measure.Result) []phase {
	p := r.Phases
	if p.Zero == 0 {
		return nil
	}
	all := []phase{{zeroKey(r), new(time.Duration)}, {"phase.first-error", p.FirstError}}
	if zeroKey(r) != "phase.decided" && (p.Decided != nil || !p.Marked && !p.LastAnswer) {
		key := "phase.decided"
		if p.Observed {
			key = "phase.observed"
		}
		if p.Marked || p.LastAnswer {
			key = "phase.seen" // people have ordered it, off the record
		}
		all = append(all, phase{key, p.Decided})
	}
	return append(all, phase{"phase.writable", p.Writable}, phase{"phase.served", p.Served})
}

// zeroKey says what zero is: a fault that was confirmed or, without one, the
// decision to change roles; of what was watched, a mark or the last answer.
func zeroKey(r measure.Result) string {
	switch {
	case r.Phases.Marked:
		return "phase.marked"
	case r.Phases.LastAnswer:
		return "phase.last-answer"
	}
	for _, f := range r.Faults {
		if f.Confirmed != nil && *f.Confirmed == r.Phases.Zero {
			return "phase.confirmed"
		}
	}
	return "phase.decided"
}

// inOrder are the moments that were seen, by time.
func inOrder(all []phase) []phase {
	seen := slices.DeleteFunc(slices.Clone(all), func(p phase) bool { return p.at == nil })
	slices.SortStableFunc(seen, func(a, b phase) int { return int(*a.at - *b.at) })
	return seen
}

func (d drafter) phases() Section {
	s := Section{ID: "phases", Title: d.Say("phases")}
	all := phasesOf(d.res)
	if all == nil {
		s.Lead = d.Say("phases.none")
		return s
	}
	s.Lead = d.Say(zeroKey(d.res)+".lead", "at", words.Moment(d.res.Phases.Zero))
	s.Table = d.table(d.Say("phase"), d.Say("phase.at"), d.Say("phase.since")).figures(1, 2)
	seen := inOrder(all)
	for i, p := range seen {
		since := "–"
		if i > 0 {
			since = d.Duration(*p.at - *seen[i-1].at)
		}
		s.Table.add(d.Say(p.key), d.Duration(*p.at), since)
	}
	d.addWaits(s.Table)
	for _, p := range all {
		if p.at == nil {
			s.Table.add(d.Say(p.key), d.Say("not-seen"), "–")
		}
	}
	return s
}
