package measure

import (
	"slices"
	"time"

	"drillbook/harness/record"
)

// change is a change of primary.
type change struct {
	at     time.Duration // when it was ordered, or first seen
	member string        // the new primary
	behind *Fault        // without an order, the last fault before it
}

// phases are the moments of the first change of primary.
func (v *view) phases(r Result) Phases {
	var p Phases
	c := v.firstChange(r.Faults)
	zero := zeroOf(r.Faults, c)
	if zero == nil {
		return p
	}
	p.Zero = *zero
	since := func(t time.Duration) *time.Duration { d := t - p.Zero; return &d }
	if c != nil {
		p.Decided, p.Observed = since(c.at), c.behind != nil
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
	if t, ok := v.firstDirect(c); ok {
		p.Writable = since(t)
	}
	if !o.Open {
		p.Served = since(o.To)
	}
	return p
}

// firstChange finds the first change of primary that was ordered or that,
// without an order, the observer saw behind a fault: a member says that it is
// primary, and another one was the last to say so before the fault. It is nil if
// there was none.
func (v *view) firstChange(faults []Fault) *change {
	primary := ""
	for _, e := range v.rec.Events {
		if e.Kind == record.Decided {
			return &change{at: e.At, member: e.Member}
		}
		if e.Kind != record.Role || e.What != primaryRole {
			continue
		}
		f := lastBefore(faults, e.At)
		if f == nil || primary == "" {
			primary = e.Member
		} else if e.Member != primary {
			return &change{at: e.At, member: e.Member, behind: f}
		}
	}
	return nil
}

// lastBefore is the last fault that had been injected by then, of those that took
// hold.
func lastBefore(faults []Fault, at time.Duration) (last *Fault) {
	for i := range faults {
		f := &faults[i]
		if f.Confirmed != nil && f.Injected <= at && (last == nil || *f.Confirmed > *last.Confirmed) {
			last = f
		}
	}
	return last
}

// zeroOf is when the last fault took hold before the change, or the first
// change if no fault came before; the last fault of all if there was no change.
func zeroOf(faults []Fault, c *change) (zero *time.Duration) {
	if c != nil && c.behind != nil {
		return c.behind.Confirmed
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

// firstDirect is when the new primary first acknowledged a write that was sent
// straight to it, after the change was ordered. One that nobody ordered may take
// writes before it is seen to be primary.
func (v *view) firstDirect(c *change) (time.Duration, bool) {
	if c == nil || c.member == "" {
		return 0, false
	}
	from := c.at
	if c.behind != nil {
		from = c.behind.Injected
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
