package measure

import (
	"math"
	"slices"
	"time"

	"drillbook/harness/record"
)

// What people did themselves, on a cluster that was only watched, no event orders or
// confirms: they mark it. Service was healthy when the watch said that it had begun, a
// change of primary is what the observer saw, and zero is the last mark before clients
// suffered.

// promise is what is to be kept. Of what nobody has promised, anything will do.
func (v *view) promise() record.Promise {
	p := v.rec.Head.Promise
	if p.NoRTO {
		p.RTO = endless
	}
	if p.NoRPO {
		p.RPO = math.MaxInt
	}
	return p
}

// judgedOutages are the outages by which the promise is judged.
func (v *view) judgedOutages(all []Outage) []Outage {
	if v.rec.Head.Promise.NoRTO {
		return nil
	}
	return v.writeOutages(all)
}

// settled is the verdict of a drill with which nothing was found to be wrong.
func (v *view) settled() Verdict {
	if p := v.rec.Head.Promise; p.NoRTO && p.NoRPO {
		return Unjudged
	}
	return Met
}

// onlyReads reports whether nothing was to be written, so that writes decide nothing.
func (v *view) onlyReads() bool {
	w := v.rec.Head.Watched
	return w != nil && w.ReadOnly && v.rec.Head.Promise.NoRTO
}

// healthyAt is when the clients were first served well, endless if they never were.
func (v *view) healthyAt() time.Duration {
	i := slices.IndexFunc(v.rec.Events, func(e record.Event) bool { return e.Kind == record.Healthy })
	if i < 0 {
		return endless
	}
	return v.rec.Events[i].At
}

// allSteps are the steps of the head, and those that were marked besides.
func (v *view) allSteps() []record.Step {
	steps := slices.Clone(v.rec.Head.Steps)
	for _, e := range v.rec.Events {
		known := func(s record.Step) bool { return s.Number == e.Step }
		if e.Kind == record.Marked && e.Step > 0 && !slices.ContainsFunc(steps, known) {
			steps = append(steps, record.Step{Number: e.Step, Title: record.Text{"en": e.What}})
		}
	}
	return steps
}

// ReadOutages returns the outages of clients' reads, which are all that is known where
// nothing is written.
func ReadOutages(rec *record.Record, all []Outage) []Outage {
	return slices.DeleteFunc(slices.Clone(all), func(o Outage) bool {
		s := rec.Head.Streams[o.Stream]
		return s.Kind != record.Reading || s.Member != ""
	})
}

// watchedChange is the first change of primary after the clients were served well: a
// member says that it is primary, and another one was the last to say so.
func (v *view) watchedChange() *primaryChange {
	primary, healthy := "", v.healthyAt()
	for _, e := range v.rec.Events {
		if e.Kind != record.Role || e.What != primaryRole {
			continue
		}
		if primary != "" && e.Member != primary && e.At > healthy {
			return &primaryChange{at: e.At, member: e.Member}
		}
		primary = e.Member
	}
	return nil
}

// watchedPhases are the moments around the last outage that began before a change of
// primary was seen, which may be when clients were served again already; without a change,
// around the first one.
func (v *view) watchedPhases(r Result) Phases {
	var p Phases
	c := v.watchedChange()
	suffered := v.writeOutages(r.Outages)
	if v.rec.Head.Watched.ReadOnly {
		suffered = ReadOutages(v.rec, r.Outages)
	}
	if c != nil {
		suffered = slices.DeleteFunc(suffered, func(o Outage) bool { return o.From > c.at })
		slices.Reverse(suffered)
	}
	if len(suffered) == 0 {
		return p
	}
	o := suffered[0]
	p.Zero, p.Observed, p.LastAnswer = o.From, c != nil, true
	for _, e := range v.rec.Events {
		if e.Kind == record.Marked && e.At <= o.Began {
			p.Zero, p.Marked, p.LastAnswer = e.At, true, false
		}
	}
	since := func(t time.Duration) *time.Duration { d := t - p.Zero; return &d }
	if t, ok := v.firstError(o); ok {
		p.FirstError = since(t)
	}
	if c != nil {
		p.Decided = since(c.at)
		if t, ok := v.firstDirectAck(&primaryChange{at: p.Zero, member: c.member}); ok {
			p.Writable = since(t)
		}
	}
	if !o.Open {
		p.Served = since(o.To)
	}
	return p
}
