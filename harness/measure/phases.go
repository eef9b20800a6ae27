package measure

import (
	"slices"
	"time"

	"drillbook/harness/record"
)

// primaryChange is a change of primary.
type primaryChange struct {
	at     time.Duration // when it was ordered, or first seen
	member string        // the new primary
	cause  *Fault        // the last fault before it, if nobody ordered it
}

// phases returns the moments of the first change of primary.
func (v *view) phases(r Result) Phases {
	if v.rec.Head.Watched != nil {
		return v.watchedPhases(r)
	}
	var p Phases
	c := v.firstChange(r.Faults)
	zero := zeroTime(r.Faults, c)
	if zero == nil {
		return p
	}
	p.Zero = *zero
	since := func(t time.Duration) *time.Duration { d := t - p.Zero; return &d }
	if c != nil {
		p.Decided, p.Observed = since(c.at), c.cause != nil
	}
	suffered := v.writeOutages(r.Outages)
	i := slices.IndexFunc(suffered, func(o Outage) bool { return o.To >= p.Zero })
	if i < 0 {
		return p
	}
	o := suffered[i] // the first that lasted beyond the moment of zero, or came after it
	if t, ok := v.firstError(o); ok {
		p.FirstError = since(t)
	}
	if t, ok := v.firstDirectAck(c); ok {
		p.Writable = since(t)
	}
	if !o.Open {
		p.Served = since(o.To)
	}
	return p
}

// firstChange returns the first change of primary, nil if there was none. It was
// ordered, or the observer saw it after a fault: a member says that it is
// primary, and before the fault another one was the last to say so.
func (v *view) firstChange(faults []Fault) *primaryChange {
	primary := ""
	for _, e := range v.rec.Events {
		if e.Kind == record.Decided {
			return &primaryChange{at: e.At, member: e.Member}
		}
		if e.Kind != record.Role || e.What != primaryRole {
			continue
		}
		f := lastBefore(faults, e.At)
		if f == nil || primary == "" {
			primary = e.Member
		} else if e.Member != primary {
			return &primaryChange{at: e.At, member: e.Member, cause: f}
		}
	}
	return nil
}

// lastBefore returns the last fault that took hold and had been injected at a
// time.
func lastBefore(faults []Fault, at time.Duration) (last *Fault) {
	for i := range faults {
		f := &faults[i]
		if f.Confirmed != nil && f.Injected <= at && (last == nil || *f.Confirmed > *last.Confirmed) {
			last = f
		}
	}
	return last
}

// zeroTime is when the last fault before the change took hold; if there was no
// such fault, when the change was decided; if there was no change, when the last
// fault took hold.
func zeroTime(faults []Fault, c *primaryChange) (zero *time.Duration) {
	if c != nil && c.cause != nil {
		return c.cause.Confirmed
	}
	for _, f := range faults {
		if f.Confirmed != nil && (zero == nil || *f.Confirmed > *zero) && (c == nil || *f.Confirmed <= c.at) {
			zero = f.Confirmed
		}
	}
	if zero == nil && c != nil {
		zero = &c.at
	}
	return zero
}

// firstError is when clients first met an error in an outage.
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

// firstDirectAck is when the new primary first acknowledged a write sent straight
// to it after the change was ordered. If nobody ordered the change, the member
// may take writes before it is seen to be primary, so the fault counts instead.
func (v *view) firstDirectAck(c *primaryChange) (time.Duration, bool) {
	if c == nil || c.member == "" {
		return 0, false
	}
	from := c.at
	if c.cause != nil {
		from = c.cause.Injected
	}
	for _, s := range v.series {
		if s.stream.Kind != record.Write || s.stream.Member != c.member {
			continue
		}
		for k := range s.acks {
			if a := s.ack(k); a.Sent >= from {
				return a.Done, true
			}
		}
	}
	return 0, false
}
