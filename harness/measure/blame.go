package measure

import (
	"slices"
	"time"

	"drillbook/harness/record"
)

// The service is not to blame for the following: a fault that stayed because healing
// it failed at first, time in which the harness itself stood still, whatever follows
// a step that failed for another reason, and an overload that the probe made.

// blamedOutages returns the outages with Least reduced to the time for which the
// service is certainly to blame.
func (r *Result) blamedOutages(outages []Outage) []Outage {
	outages = slices.Clone(outages)
	for i := range outages {
		o := &outages[i]
		o.Least = r.blamedFor(o.Began, o.Least)
		if r.excused(*o) {
			o.Least = 0
		}
	}
	return outages
}

// judgeBlamed judges outages as far as the service is certainly to blame for them. The
// reason, without a code, has the bracket that was measured, as all other places have it.
func (r *Result) judgeBlamed(outages []Outage, allowed time.Duration) (Verdict, Reason) {
	verdict, o := judgeOutages(r.blamedOutages(outages), allowed)
	why := Reason{Open: o.Open, Limit: allowed}
	for _, measured := range outages {
		if measured.Stream == o.Stream && measured.Began == o.Began {
			why.Bracket, why.Age = measured.Bracket, measured.Least-o.Least
		}
	}
	return verdict, why
}

// excused reports whether an outage may be due to a machine at its limit: most
// attempts in it ended by a deadline, while the harness starved.
func (r *Result) excused(o Outage) bool {
	return 2*o.Expired > o.Failed && r.starved(o.Began, o.Began+o.Least)
}

// blamedForBrownout is for how long the service is certainly to blame for late
// answers.
func (r *Result) blamedForBrownout(b Brownout) time.Duration {
	if r.starved(b.From, b.From+b.Least) {
		return 0
	}
	return r.blamedFor(b.From, b.Least)
}

// blamedFor is for how long, of the time from from on, the service is certainly
// to blame.
func (r *Result) blamedFor(from, least time.Duration) time.Duration {
	blame := r.blamedBesideUndo(from, least)
	to := from + least
	for _, s := range r.Steps {
		if end := s.From + s.Took; s.Outcome == Failed && s.Blame != record.BlameService {
			blame = min(blame, max(0, end-from))
		}
	}
	for _, o := range r.Overloads {
		if o.From < to && o.To > from {
			blame = min(blame, max(0, o.From-from))
		}
	}
	return max(0, blame-r.stalledFor(from, to))
}

// blamedBesideUndo is blamedFor with regard to faults whose healing had to be
// tried again: until such a fault is healed, outages prove nothing against the
// service.
func (r *Result) blamedBesideUndo(from, least time.Duration) time.Duration {
	blame := least
	for _, f := range r.Faults {
		if f.healTriedAt == nil {
			continue
		}
		undone := endless
		if f.HealedBy != "" && f.Healed != nil {
			undone = *f.Healed
		}
		if to := from + least; *f.healTriedAt < to && undone > max(from, *f.healTriedAt) {
			blame = min(blame, max(0, *f.healTriedAt-from, to-undone))
		}
	}
	return blame
}

// stalledFor is how long the harness stood still between from and to.
func (r *Result) stalledFor(from, to time.Duration) time.Duration {
	var sum time.Duration
	for _, s := range r.Stalls { // in order
		if s.From < to && s.To > from {
			sum += min(s.To, to) - max(s.From, from)
			from = max(from, s.To)
		}
	}
	return sum
}

// The harness may have stood still for a small share of the time for which the service
// is blamed: a smaller one before the first disturbance than after it.
const (
	maxStallShareBefore = 50 // the share is 1/50
	maxStallShareAfter  = 20
	minStall            = 250 * time.Millisecond
)

// starved reports whether the harness stood still so often between from and to
// that the machine was at its limit. Members that share it, and clients with
// short deadlines, then fail for that reason alone. A single pause does not
// count: its length is known, and subtracted.
func (r *Result) starved(from, to time.Duration) bool {
	var sum time.Duration
	for _, s := range r.Stalls {
		if s.From < to && s.To > from {
			sum += min(s.To-s.From, minStall)
		}
	}
	return sum > max(minStall, (to-from)/maxStallShareAfter)
}

// hindered reports whether a step may have failed because of the harness, which
// stood still, or whose attempts left late, for too much of the step.
func (v *view) hindered(r *Result, s Step) bool {
	from, to := s.From, s.From+s.Took
	stood := r.stalledFor(from, to)
	if v.firstDisturbance <= to {
		return stood >= max(minStall, s.Took/maxStallShareAfter)
	}
	return stood > s.Took/maxStallShareBefore || v.leftLate(from, to)
}

// leftLate reports whether a tenth of the clients' writes between from and to
// left late.
func (v *view) leftLate(from, to time.Duration) bool {
	for _, s := range v.clientWrites() {
		left, late := 0, 0
		for i := range s.attempts {
			a := &s.attempts[i]
			if a.Intended < from || a.Intended > to {
				continue
			}
			left++
			if a.Sent-a.Intended > max(s.stream.Interval, minGap) {
				late++
			}
		}
		if late*10 > left {
			return true
		}
	}
	return false
}

// defaultUsual is the interval of clients' writes that a product is known to
// bear, for older records that do not have it.
const defaultUsual = 5 * time.Millisecond

// overloads returns the times in outages of clients' writes in which the probe
// itself may have kept the clients out: it made more writes than the product is
// known to bear, while the new primary took those that were sent straight to it.
func (v *view) overloads(suffered []Outage) []Overload {
	known := v.rec.Head.Settings.Usual
	if known == 0 {
		known = defaultUsual
	}
	var all []Overload
	for _, o := range suffered {
		interval := v.series[o.Stream].stream.Interval
		if interval >= known {
			continue
		}
		for _, d := range v.series {
			if at, ok := v.servedDirectlyAt(d, o); ok {
				all = append(all, Overload{
					Span: Span{at, o.To}, Member: d.stream.Member,
					Rate: int(time.Second / interval), Usual: int(time.Second / known),
				})
				break
			}
		}
	}
	return all
}

// servedDirectlyAt is when, in an outage of the clients, a member that was to
// serve them began to acknowledge the writes sent straight to it, if it went on
// with that.
func (v *view) servedDirectlyAt(d *series, o Outage) (at time.Duration, ok bool) {
	member := d.stream.Member
	if d.stream.Kind != record.Write || member == "" || len(v.decisions) > 0 && len(v.decisions[member]) == 0 {
		return 0, false
	}
	taken := 0
	for k := range d.acks {
		if a := d.ack(k); a.Sent >= o.Began && a.Done <= o.To {
			if taken++; taken == 1 {
				at = a.Done
			}
		}
	}
	return at, o.To-at >= v.rec.Head.Settings.Settle && taken > int((o.To-at)/d.stream.Interval)/2
}

// endsProcedure reports whether the procedure ended with the step for a reason
// that is not the service's.
func (s Step) endsProcedure() bool {
	return s.Blame == record.BlamePlace || s.Blame == record.BlamePerson
}

// blameHarness blames the harness for the steps that failed because of it. That a product did what
// it must refuse is none of its doing, however little of the machine it had.
func (r *Result) blameHarness(v *view) {
	for i := range r.Steps {
		s := &r.Steps[i]
		if s.Outcome != Failed || s.Blame != record.BlameService || s.accepted {
			continue
		}
		end := s.From + s.Took
		overloaded := slices.ContainsFunc(r.Overloads, func(o Overload) bool { return o.From <= end && end <= o.To })
		if overloaded || v.hindered(r, *s) {
			s.Blame = record.BlameHarness
		}
	}
}
