package measure

import (
	"fmt"
	"slices"
	"time"
)

// judge gathers the reasons and the verdict. What makes the whole drill
// unmeasurable outweighs everything; then what is certainly missed; then what
// is only uncertain.
func (r *Result) judge(v *view) {
	whole := r.unfit(v)
	missed := r.missed(v)
	doubts := r.doubts(v)
	r.Reasons = slices.Concat(whole, missed, doubts)
	switch {
	case len(whole) > 0:
		r.Verdict = Unmeasurable
	case len(missed) > 0:
		r.Verdict = Missed
	case len(doubts) > 0:
		r.Verdict = Unmeasurable
	default:
		r.Verdict = Met
	}
}

// unfit is why nothing may be concluded from the drill.
func (r *Result) unfit(v *view) []Reason {
	var why []Reason
	add := func(w Reason) { w.Verdict = Unmeasurable; why = append(why, w) }
	switch t := v.rec.Tail; {
	case t == nil:
		add(Reason{Code: RecordCut, Age: v.end})
	case t.Journal != "":
		add(Reason{Code: JournalFailed, Detail: t.Journal})
	case t.Interrupted:
		add(Reason{Code: WasInterrupted})
	case t.Err != "":
		add(Reason{Code: Failure, Detail: t.Err})
	}
	if len(v.clientWrites()) == 0 {
		add(Reason{Code: NoWrites})
	} else if detail := v.baseline(); detail != "" {
		add(Reason{Code: NoBaseline, Detail: detail})
	}
	for _, f := range r.Faults {
		if f.Confirmed == nil {
			add(Reason{Code: FaultNotHeld, Detail: f.What})
		}
	}
	return why
}

// baseline says what was wrong with service before the first disturbance, ""
// if it was healthy.
func (v *view) baseline() string {
	want := v.rec.Head.Settings.Baseline
	from := v.disturbed - want
	if from < 0 {
		return fmt.Sprintf("only %s passed before the first disturbance, %s are needed", v.disturbed, want)
	}
	for _, s := range v.clientWrites() {
		acked := 0
		for _, n := range s.acks {
			if a := &s.attempts[n]; a.Intended >= from && a.Intended < v.disturbed {
				acked++
			}
		}
		for _, n := range s.fails {
			if a := &s.attempts[n]; a.Intended >= from && a.Done < v.disturbed {
				return fmt.Sprintf("a write of %s failed at %s, before the first disturbance", s.stream.Name, a.Done.Round(time.Millisecond))
			}
		}
		if planned := int(want / s.stream.Interval); acked < planned*9/10 {
			return fmt.Sprintf("%s reached %d of %d writes in the %s before the first disturbance", s.stream.Name, acked, planned, want)
		}
	}
	return ""
}

// missed is what is certainly not as promised.
func (r *Result) missed(v *view) []Reason {
	var why []Reason
	add := func(w Reason) { w.Verdict = Missed; why = append(why, w) }
	promise := v.rec.Head.Promise
	if d := r.Downtime; within(v.suffered(r.Outages), promise.RTO) == Missed {
		add(Reason{Code: RTOMissed, Bracket: d.Longest.Bracket, Limit: promise.RTO})
	}
	if n := len(r.Writes.Lost); n > promise.RPO {
		add(Reason{Code: RPOMissed, Count: n, Most: promise.RPO, Age: r.Writes.OldestLost})
	}
	if r.Split.Proved {
		add(Reason{Code: SplitBrain, Detail: fmt.Sprintf("%s, %s", r.Split.First.Member, r.Split.Second.Member), Age: r.Split.Overlap})
	}
	for _, c := range []struct {
		code Code
		n    int
	}{{PhantomWrites, len(r.Writes.Phantom)}, {DuplicateWrites, len(r.Writes.Duplicated)}, {DivergedCopies, len(r.Writes.Diverged)}} {
		if c.n > 0 {
			add(Reason{Code: c.code, Count: c.n})
		}
	}
	for _, s := range r.Steps {
		if s.Outcome == Failed {
			add(Reason{Code: StepFailed, Step: s.Number, Detail: s.Err})
		}
		if s.Verdict == Missed {
			add(Reason{Code: StepMissed, Step: s.Number, Bracket: s.Downtime.Longest.Bracket, Limit: *s.Allowed})
		}
	}
	return why
}

// doubts is what could not be told.
func (r *Result) doubts(v *view) []Reason {
	var why []Reason
	add := func(w Reason) { w.Verdict = Unmeasurable; why = append(why, w) }
	promise := v.rec.Head.Promise
	if d := r.Downtime; within(v.suffered(r.Outages), promise.RTO) == Unmeasurable {
		code := RTOUnclear
		if d.Open {
			code = RTOOpen
		}
		add(Reason{Code: code, Bracket: d.Longest.Bracket, Limit: promise.RTO})
	}
	switch {
	case !r.Writes.Counted:
		add(Reason{Code: RPOUnknown, Detail: "no copy of a single primary"})
	case len(r.Writes.Unread) > 0:
		add(Reason{Code: RPOUnknown, Detail: fmt.Sprintf("no copy of %v that had caught up", r.Writes.Unread)})
	}
	for _, f := range r.Faults {
		if f.HealedBy == "" {
			add(Reason{Code: NotHealed, Detail: f.What})
		}
	}
	for _, s := range r.Steps {
		if s.Outcome == Skipped || s.Outcome == Interrupted {
			add(Reason{Code: StepUndone, Step: s.Number})
		}
		if s.Verdict == Unmeasurable {
			add(Reason{Code: StepUnclear, Step: s.Number, Bracket: s.Downtime.Longest.Bracket, Limit: *s.Allowed})
		}
	}
	return why
}
