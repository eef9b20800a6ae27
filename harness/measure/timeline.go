package measure

import (
	"slices"
	"strings"
	"time"

	"drillbook/harness/record"
)

// steps returns the steps of the runbook in order, with their outcomes.
func (v *view) steps() []Step {
	all := v.allSteps()
	steps := make([]Step, 0, len(all))
	for _, s := range all {
		step := Step{Step: s, Outcome: Skipped, Answers: v.answers(s)}
		for _, e := range v.rec.Events {
			if e.Step != s.Number {
				continue
			}
			if e.Kind == record.Began {
				step.From, step.Took, step.Outcome = e.At, v.end-e.At, Interrupted
			}
			if e.Kind == record.Skipped {
				step.Err, step.Blame = e.Err, e.Blame
			}
			if e.Kind == record.Expected {
				step.Expected = &Expected{Event: e.What, Most: e.Took, Sum: e.Answer}
			}
			if e.Kind == record.Ended {
				step.Took, step.Err, step.Blame, step.Outcome = e.At-step.From, e.Err, e.Blame, ending(e)
				step.Needless, step.accepted = e.Answer, e.Accepted
			}
		}
		if v.rec.Head.Schema < blameSchema {
			step.Blame = v.blameByText(step)
		}
		steps = append(steps, step)
	}
	return steps
}

// ending is how a step came to its end.
func ending(e record.Event) Outcome {
	switch {
	case e.Err != "" && e.Blame == record.BlamePerson:
		return Interrupted
	case e.Err != "":
		return Failed
	case e.Answer != "":
		return NotNeeded
	}
	return Passed
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

// writeOutages returns the outages of clients' writes, by which promises are
// judged.
func (v *view) writeOutages(all []Outage) []Outage {
	return slices.DeleteFunc(slices.Clone(all), func(o Outage) bool { return !v.isClientWrite(o.Stream) })
}

func downtime(outages []Outage) Downtime {
	d := Downtime{Count: len(outages), Longest: longest(outages)}
	d.Open = d.Longest.Open
	for _, o := range outages {
		d.Total.Least += o.Least
		d.Total.Most += o.Most
		if d.Main == (Outage{}) || o.Least > d.Main.Least || o.Least == d.Main.Least && o.Most > d.Main.Most {
			d.Main = o
		}
	}
	return d
}

// longest is the length of the longest outage: at least the greatest lower bound,
// and without an upper bound if any of them is open.
func longest(outages []Outage) Range {
	var r Range
	for _, o := range outages {
		r.Open = r.Open || o.Open
		r.Least, r.Most = max(r.Least, o.Least), max(r.Most, o.Most)
	}
	if r.Open {
		r.Most = 0
	}
	return r
}

// judgeOutages judges outages against the longest that is allowed. decisive is
// the one by which it decides: the longest for certain, or else the one of which
// least is known.
func judgeOutages(outages []Outage, allowed time.Duration) (v Verdict, decisive Outage) {
	v = Met
	for _, o := range outages {
		switch {
		case o.Least > allowed:
			if v != Missed || o.Least > decisive.Least {
				v, decisive = Missed, o
			}
		case v != Missed && (o.Open || o.Most > allowed):
			if v == Met || o.Open && !decisive.Open || o.Open == decisive.Open && o.Most > decisive.Most {
				v, decisive = Unmeasurable, o
			}
		}
	}
	return v, decisive
}

func (v *view) consents() []Consent {
	var all []Consent
	for _, e := range v.rec.Events {
		if e.Kind == record.Consent {
			all = append(all, Consent{e.Step, max(e.At-e.Took, 0), e.At, e.By, e.Answer, e.Err})
		}
	}
	return all
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
		f.apply(e)
	}
	return faults
}

// apply records in f what an event says of it.
func (f *Fault) apply(e record.Event) {
	//nolint:exhaustive // the other kinds say nothing of faults
	switch e.Kind {
	case record.Injected:
		f.Injected = e.At
	case record.Confirm:
		f.Confirmed, f.ConfirmedBy = &e.At, e.Answer
	case record.Held:
		f.HeldBy, f.Lapsed = e.Answer, e.Err != ""
	case record.Heal:
		if f.HealedBy == "" {
			f.Healed = &e.At
			f.markHealTried(e.At)
		}
	case record.Note:
		if e.Err != "" && f.Confirmed != nil {
			f.markHealTried(e.At)
		}
	case record.Healed:
		f.HealedBy = e.Answer
	}
}

func (f *Fault) markHealTried(at time.Duration) {
	if f.healTriedAt == nil {
		f.healTriedAt = &at
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

// probeError is how exactly the ends of an outage of clients' writes are known:
// one interval, the latency, and the lateness of attempts.
func (v *view) probeError() time.Duration {
	var worst time.Duration
	for _, s := range v.clientWrites() {
		worst = max(worst, s.stream.Interval+s.responseBound(v))
	}
	return worst
}

// calibrations returns the last calibration of each kind; earlier ones were
// repeated.
func (v *view) calibrations() []Calibration {
	var all []Calibration
	for _, e := range v.rec.Events {
		if e.Kind != record.Calibrated {
			continue
		}
		c := Calibration{How: e.What, Truth: e.Took, Bracket: Bracket{e.Least, e.Most}, Unseen: e.Unseen}
		if i := slices.IndexFunc(all, func(o Calibration) bool { return o.How == c.How }); i >= 0 {
			all[i] = c
		} else {
			all = append(all, c)
		}
	}
	return all
}
