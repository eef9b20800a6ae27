package measure

import (
	"slices"
	"time"

	"drillbook/harness/record"
)

// What the service is not to blame for: what a fault did that was to be undone,
// time in which the harness, which carries the procedure out, stood still, what
// came after a step that failed for a reason of its own, and clients that kept
// each other out because the probe had made too many.

// blamed are the outages as far as the service is to blame for them.
func (r *Result) blamed(outages []Outage) []Outage {
	outages = slices.Clone(outages)
	for i := range outages {
		o := &outages[i]
		o.Least = r.blame(o.Began, o.Least)
		if r.excused(*o) {
			o.Least = 0
		}
	}
	return outages
}

// excused reports whether clients may have been out since the machine was at its
// limit: most of their attempts ended by a deadline, while the harness starved.
func (r *Result) excused(o Outage) bool {
	return 2*o.Expired > o.Failed && r.starved(o.Began, o.Began+o.Least)
}

// blameSlow is for how long the service is certainly to blame that clients got their
// answers late.
func (r *Result) blameSlow(b Brownout) time.Duration {
	if r.starved(b.From, b.From+b.Least) {
		return 0
	}
	return r.blame(b.From, b.Least)
}

// blame is for how long, of what clients suffered, the service is certainly to
// blame.
func (r *Result) blame(from, least time.Duration) time.Duration {
	blame := r.blameBeside(from, least)
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
	return max(0, blame-r.stood(from, to))
}

// blameBeside is that of a fault that was to be undone: until it was, what clients
// suffer of it proves nothing where undoing it had to be tried again.
func (r *Result) blameBeside(from, least time.Duration) time.Duration {
	blame := least
	for _, f := range r.Faults {
		if f.undo == nil {
			continue
		}
		undone := endless
		if f.HealedBy != "" && f.Healed != nil {
			undone = *f.Healed
		}
		if to := from + least; *f.undo < to && undone > max(from, *f.undo) {
			blame = min(blame, max(0, *f.undo-from, to-undone))
		}
	}
	return blame
}

// stood is for how long the harness stood still in a time.
func (r *Result) stood(from, to time.Duration) time.Duration {
	var sum time.Duration
	for _, s := range r.Stalls { // in order
		if s.From < to && s.To > from {
			sum += min(s.To, to) - max(s.From, from)
			from = max(from, s.To)
		}
	}
	return sum
}

// How much of a time the harness may have stood still for which the service is to
// answer: hardly at all, where the drill had done nothing to it before, and otherwise
// so little that nothing was late for it.
const (
	stoodBefore = 50 // one part in so many
	stoodAfter  = 20
	stoodLeast  = 250 * time.Millisecond
)

// starved reports whether the harness stood still again and again for so much of a
// time that the machine was at its limit: members that share it, and clients with
// short deadlines, then fail for that alone. Of a single pause it tells nothing: that
// is known to the moment, and taken off.
func (r *Result) starved(from, to time.Duration) bool {
	var sum time.Duration
	for _, s := range r.Stalls {
		if s.From < to && s.To > from {
			sum += min(s.To-s.From, stoodLeast)
		}
	}
	return sum > max(stoodLeast, (to-from)/stoodAfter)
}

// hindered reports whether the harness may have failed a step itself, since it
// stood still, or its attempts left late, for too much of it.
func (v *view) hindered(r *Result, s Step) bool {
	from, to := s.From, s.From+s.Took
	stood := r.stood(from, to)
	if v.touched <= to {
		return stood >= max(stoodLeast, s.Took/stoodAfter)
	}
	return stood > s.Took/stoodBefore || v.late(from, to)
}

// late reports whether a tenth of the clients' writes left late in a time.
func (v *view) late(from, to time.Duration) bool {
	for _, s := range v.clientWrites() {
		left, late := 0, 0
		for i := range s.attempts {
			a := &s.attempts[i]
			if a.Intended < from || a.Intended > to {
				continue
			}
			left++
			if a.Sent-a.Intended > max(s.stream.Interval, smallest) {
				late++
			}
		}
		if late*10 > left {
			return true
		}
	}
	return false
}

// usual is the interval of the clients' writes that the product is known to bear
// where the record, an older one, does not say.
const usual = 5 * time.Millisecond

// overloads are the times, of the outages of clients' writes, in which the probe
// itself may have kept them out: it made more of them than the product is known to
// bear, and the member that was to serve them took what was sent straight to it.
func (v *view) overloads(suffered []Outage) []Overload {
	known := v.rec.Head.Settings.Usual
	if known == 0 {
		known = usual
	}
	var all []Overload
	for _, o := range suffered {
		interval := v.series[o.Stream].stream.Interval
		if interval >= known {
			continue
		}
		for _, d := range v.series {
			if at, ok := v.served(d, o); ok {
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

// served is when, in an outage of the clients', a member that was to serve them
// began to take writes that were sent straight to it, and went on with it.
func (v *view) served(d *series, o Outage) (at time.Duration, ok bool) {
	member := d.stream.Member
	if d.stream.Kind != record.Write || member == "" || len(v.chosen) > 0 && len(v.chosen[member]) == 0 {
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

// cutShort reports whether the procedure ended with the step, for reasons of which
// the service knows nothing.
func (s Step) cutShort() bool { return s.Blame == record.BlamePlace || s.Blame == record.BlamePerson }

// excuse blames the harness for steps that failed because of it.
func (r *Result) excuse(v *view) {
	for i := range r.Steps {
		s := &r.Steps[i]
		if s.Outcome != Failed || s.Blame != record.BlameService {
			continue
		}
		end := s.From + s.Took
		overloaded := slices.ContainsFunc(r.Overloads, func(o Overload) bool { return o.From <= end && end <= o.To })
		if overloaded || v.hindered(r, *s) {
			s.Blame = record.BlameHarness
		}
	}
}
