package measure

import (
	"slices"
	"strings"
	"time"

	"drillbook/harness/record"
)

// steps are the steps of the runbook in its order, with what became of them.
func (v *view) steps() []Step {
	steps := make([]Step, 0, len(v.rec.Head.Steps))
	for _, s := range v.rec.Head.Steps {
		step := Step{Step: s, Outcome: Skipped}
		for _, e := range v.rec.Events {
			if e.Step != s.Number {
				continue
			}
			if e.Kind == record.Began {
				step.From, step.Took, step.Outcome = e.At, v.end-e.At, Interrupted
			}
			if e.Kind == record.Expected {
				step.Expected = &Expected{Event: e.What, Most: e.Took, Sum: e.Answer}
			}
			if e.Kind == record.Ended {
				step.Took, step.Err, step.Blame, step.Outcome = e.At-step.From, e.Err, e.Blame, Passed
				if e.Err != "" {
					step.Outcome = Failed
				}
			}
		}
		if v.rec.Head.Schema < blameSchema {
			step.Blame = v.blameByText(step)
		}
		steps = append(steps, step)
	}
	return steps
}

// blameSchema is the first version of the record that says who is to blame for
// an error.
const blameSchema = 2

// blameByText is who is to blame for the failure of a step of an older record:
// a fault, if the step's error has the words of one that could not be injected,
// confirmed or healed.
func (v *view) blameByText(s Step) record.Blame {
	if slices.ContainsFunc(v.rec.Events, func(e record.Event) bool {
		return e.Step == s.Number && e.Fault != "" && e.Err != "" && strings.Contains(s.Err, e.Err)
	}) {
		return record.BlameFault
	}
	return record.BlameService
}

// suffered are the outages of clients' writes, by which promises are judged.
func (v *view) suffered(all []Outage) []Outage {
	return slices.DeleteFunc(slices.Clone(all), func(o Outage) bool { return !v.isClientWrite(o.Stream) })
}

func downtime(outages []Outage) Downtime {
	var d Downtime
	for _, o := range outages {
		d.Count++
		d.Total.Least += o.Least
		d.Total.Most += o.Most
		d.Open = d.Open || o.Open
		longer := o.Most > d.Longest.Most
		if o.Open != d.Longest.Open {
			longer = o.Open
		}
		if longer {
			d.Longest = o
		}
	}
	return d
}

// within judges outages against the longest that is allowed, and says which
// one decides.
func within(outages []Outage, allowed time.Duration) (v Verdict, decisive Outage) {
	v = Met
	for _, o := range outages {
		switch {
		case o.Least > allowed && (v != Missed || o.Least > decisive.Least):
			v, decisive = Missed, o
		case v == Met && (o.Open || o.Most > allowed):
			v, decisive = Unmeasurable, o
		}
	}
	return v, decisive
}

func (v *view) faults() []Fault {
	var faults []Fault
	find := func(e record.Event) *Fault {
		for i := range slices.Backward(faults) {
			if faults[i].What == e.Fault {
				return &faults[i]
			}
		}
		return nil
	}
	for _, e := range v.rec.Events {
		if e.Kind == record.Prepared {
			faults = append(faults, Fault{What: e.Fault, Mechanism: e.What})
			continue
		}
		f := find(e)
		if e.Fault == "" || f == nil {
			continue
		}
		if e.Err != "" {
			f.Err = e.Err
		}
		f.add(e)
	}
	return faults
}

// add takes over what an event says of the fault.
func (f *Fault) add(e record.Event) {
	//nolint:exhaustive // the other kinds say nothing of faults
	switch e.Kind {
	case record.Injected:
		f.Injected = e.At
	case record.Confirm:
		f.Confirmed, f.ConfirmedBy = &e.At, e.Answer
	case record.Heal:
		if f.HealedBy == "" {
			f.Healed = &e.At
			f.tried(e.At)
		}
	case record.Note:
		if e.Err != "" && f.Confirmed != nil {
			f.tried(e.At)
		}
	case record.Healed:
		f.HealedBy = e.Answer
	}
}

func (f *Fault) tried(at time.Duration) {
	if f.undo == nil {
		f.undo = &at
	}
}

// lanes are the roles that the observer saw, by member.
func (v *view) lanes() []Lane {
	lanes := make([]Lane, 0, len(v.rec.Head.Members))
	for _, m := range v.rec.Head.Members {
		lane := Lane{Member: m}
		for _, e := range v.rec.Events {
			if e.Kind != record.Role || e.Member != m {
				continue
			}
			if n := len(lane.Roles); n > 0 {
				lane.Roles[n-1].To, lane.Roles[n-1].Said = e.At, e.At-e.Took
			}
			lane.Roles = append(lane.Roles, RoleSpan{Span: Span{From: e.At, To: v.end}, Said: v.end, Role: e.What})
		}
		lanes = append(lanes, lane)
	}
	return lanes
}

// phases are the moments of the first change of primary.
func (v *view) phases(r Result) Phases {
	var p Phases
	zero, decided, target := v.decision(r.Faults)
	if zero == nil {
		return p
	}
	p.Zero = *zero
	since := func(t time.Duration) *time.Duration { d := t - p.Zero; return &d }
	if decided != nil {
		p.Decided = since(*decided)
	}
	suffered := v.suffered(r.Outages)
	i := slices.IndexFunc(suffered, func(o Outage) bool { return o.To >= p.Zero })
	if i < 0 {
		return p
	}
	o := suffered[i] // the first that lasted beyond the moment of zero, or came after it
	if t, ok := v.firstError(o); ok {
		p.FirstError = since(t)
	}
	if t, ok := v.firstDirect(target, decided); ok {
		p.Writable = since(t)
	}
	if !o.Open {
		p.Served = since(o.To)
	}
	return p
}

// decision finds the first fault that took hold and the first change of roles
// that was ordered after it, or the first change of roles if no fault came
// before.
func (v *view) decision(faults []Fault) (zero, decided *time.Duration, target string) {
	for _, e := range v.rec.Events {
		if e.Kind == record.Decided {
			decided, target = &e.At, e.Member
			break
		}
	}
	for _, f := range faults {
		if f.Confirmed != nil && (zero == nil || *f.Confirmed > *zero) &&
			(decided == nil || *f.Confirmed <= *decided) {
			zero = f.Confirmed // of several, the last before the decision
		}
	}
	if zero == nil {
		zero = decided
	}
	return zero, decided, target
}

// firstError is when clients first learned of an outage.
func (v *view) firstError(o Outage) (time.Duration, bool) {
	s := v.series[o.Stream]
	first, ok := time.Duration(0), false
	for _, n := range s.fails {
		a := &s.attempts[n]
		if a.Done >= o.From && a.Done <= o.To && (!ok || a.Done < first) {
			first, ok = a.Done, true
		}
	}
	return first, ok
}

// firstDirect is when a member first acknowledged a write that was sent
// straight to it, after it was ordered to be primary.
func (v *view) firstDirect(member string, decided *time.Duration) (time.Duration, bool) {
	if decided == nil {
		return 0, false
	}
	for _, s := range v.series {
		if s.stream.Kind != record.Write || s.stream.Member != member || member == "" {
			continue
		}
		for k := range s.acks {
			if a := s.ack(k); a.Sent >= *decided {
				return a.Done, true
			}
		}
	}
	return 0, false
}

// probeError is how closely the ends of an outage of clients' writes are
// known: one interval, the answer's way, and how late attempts leave.
func (v *view) probeError() time.Duration {
	var worst time.Duration
	for _, s := range v.clientWrites() {
		worst = max(worst, s.stream.Interval+s.reach(v))
	}
	return worst
}

// calibrations are the last ones of each kind: those before were repeated.
func (v *view) calibrations() []Calibration {
	var all []Calibration
	for _, e := range v.rec.Events {
		if e.Kind != record.Calibrated {
			continue
		}
		c := Calibration{How: e.What, Truth: e.Took, Bracket: Bracket{e.Least, e.Most}}
		if i := slices.IndexFunc(all, func(o Calibration) bool { return o.How == c.How }); i >= 0 {
			all[i] = c
		} else {
			all = append(all, c)
		}
	}
	return all
}
