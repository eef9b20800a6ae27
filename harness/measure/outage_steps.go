package measure

import (
	"slices"
	"time"

	"drillbook/harness/record"
)

// assignOutages assigns every outage to the step that caused it, and judges the
// steps.
func (v *view) assignOutages(r *Result) {
	disturbances := v.disturbances(r.Steps)
	for i := range r.Outages {
		r.Outages[i].Step = stepOf(r.Outages[i], r.Steps, disturbances)
	}
	suffered := v.writeOutages(r.Outages)
	for i := range r.Steps {
		s := &r.Steps[i]
		mine := slices.DeleteFunc(slices.Clone(suffered), func(o Outage) bool { return o.Step != s.Number })
		s.Downtime = downtime(mine)
		if s.Allowed != nil && s.Outcome != Skipped {
			s.Verdict, s.decisive = r.judgeBlamed(mine, *s.Allowed)
			s.decisive.Step = s.Number
		}
	}
	r.Downtime = downtime(suffered)
}

// disturbance is a time in which a step acted on the cluster in a way that
// clients may notice.
type disturbance struct {
	Span
	step int
}

// stepOf returns the step that caused an outage: the first one with a disturbance
// in which the outage may have begun; else the last one that had begun when the
// outage certainly had.
func stepOf(o Outage, steps []Step, disturbances []disturbance) int {
	for _, t := range disturbances {
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

// disturbances returns what the steps did to the cluster, by its beginning: a
// fault, from its preparation to its confirmation, and a change of roles, from
// the decision to the end of the step.
func (v *view) disturbances(steps []Step) []disturbance {
	var all []disturbance
	at := map[string]int{} // of the fault's last injection
	for _, e := range v.rec.Events {
		if e.Step == 0 {
			continue
		}
		switch e.Kind { //nolint:exhaustive // the others do nothing to the cluster
		case record.Prepared:
			at[e.Fault] = len(all)
			all = append(all, disturbance{Span{e.At, e.At}, e.Step})
		case record.Injected, record.Confirm:
			if i, ok := at[e.Fault]; ok {
				all[i].To = e.At
			}
		case record.Decided:
			all = append(all, disturbance{Span{e.At, max(e.At, stepEnd(steps, e.Step))}, e.Step})
		}
	}
	return all
}

func stepEnd(steps []Step, number int) time.Duration {
	for _, s := range steps {
		if s.Number == number {
			return s.From + s.Took
		}
	}
	return 0
}
