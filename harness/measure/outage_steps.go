package measure

import (
	"slices"
	"time"

	"drillbook/harness/record"
)

// placeOutages gives every outage to the step that it comes of, and judges the
// steps.
func (v *view) placeOutages(r *Result) {
	touches := v.touches(r.Steps)
	for i := range r.Outages {
		r.Outages[i].Step = stepOf(r.Outages[i], r.Steps, touches)
	}
	suffered := v.suffered(r.Outages)
	for i := range r.Steps {
		s := &r.Steps[i]
		mine := slices.DeleteFunc(slices.Clone(suffered), func(o Outage) bool { return o.Step != s.Number })
		s.Downtime = downtime(mine)
		if s.Allowed != nil && s.Outcome != Skipped {
			s.Verdict, s.decisive = within(r.blamed(mine), *s.Allowed)
		}
	}
	r.Downtime = downtime(suffered)
}

// touch is a time in which a step did something to the cluster that service may
// feel.
type touch struct {
	Span
	step int
}

// stepOf is the step that an outage comes of: the first one of which something
// that it did may have begun the outage; else the last one that had begun when
// the outage certainly had.
func stepOf(o Outage, steps []Step, touches []touch) int {
	for _, t := range touches {
		if t.From <= o.Began && t.To >= o.From {
			return t.step
		}
	}
	last := 0
	for _, s := range steps {
		if s.Outcome != Skipped && s.From <= o.Began {
			last = s.Number
		}
	}
	return last
}

// touches are what steps did to the cluster, by when it began: a fault, from
// before it was injected until it held; a change of roles, from when it was
// decided to the end of the step.
func (v *view) touches(steps []Step) []touch {
	var all []touch
	at := map[string]int{} // of the fault's last injection
	for _, e := range v.rec.Events {
		if e.Step == 0 {
			continue
		}
		switch e.Kind { //nolint:exhaustive // the others do nothing to the cluster
		case record.Prepared:
			at[e.Fault] = len(all)
			all = append(all, touch{Span{e.At, e.At}, e.Step})
		case record.Injected, record.Confirm:
			if i, ok := at[e.Fault]; ok {
				all[i].To = e.At
			}
		case record.Decided:
			all = append(all, touch{Span{e.At, max(e.At, endOf(steps, e.Step))}, e.Step})
		}
	}
	return all
}

func endOf(steps []Step, number int) time.Duration {
	for _, s := range steps {
		if s.Number == number {
			return s.From + s.Took
		}
	}
	return 0
}
