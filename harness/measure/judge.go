package measure

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"drillbook/harness/record"
)

// judge collects the reasons and sets the verdict. A reason that makes the whole
// drill unmeasurable outweighs all others, and a certain miss outweighs a doubt.
func (r *Result) judge(v *view) {
	whole := r.unfitReasons(v)
	missed := r.missedReasons(v)
	doubts := r.doubtfulReasons(v)
	r.Reasons = slices.Concat(whole, missed, doubts)
	r.Unfit = len(whole) > 0
	switch {
	case len(whole) > 0:
		r.Verdict = Unmeasurable
	case len(missed) > 0:
		r.Verdict = Missed
	case len(doubts) > 0:
		r.Verdict = Unmeasurable
	default:
		r.Verdict = v.settled()
	}
}

// unfitReasons returns why nothing may be concluded from the drill.
func (r *Result) unfitReasons(v *view) []Reason {
	var why []Reason
	add := func(w Reason) { w.Verdict = Unmeasurable; why = append(why, w) }
	switch t, flaw := v.rec.Tail, v.rec.Flaw; {
	case flaw != nil && v.rec.Head.Schema == 0:
		return []Reason{{Verdict: Unmeasurable, Code: Unreadable, Detail: flaw.Err.Error()}}
	case flaw != nil && errors.Is(flaw, record.ErrIncomplete):
		add(Reason{Code: RecordCut, Age: v.end, Line: flaw.Line})
	case flaw != nil:
		add(Reason{Code: RecordDamaged, Age: v.end, Line: flaw.Line, Detail: flaw.Err.Error()})
	case t == nil:
		add(Reason{Code: RecordCut, Age: v.end})
	case t.Journal != "":
		add(Reason{Code: JournalFailed, Detail: t.Journal})
	case t.Interrupted:
		add(Reason{Code: WasInterrupted})
	case t.Err != "":
		add(Reason{Code: Failure, Detail: t.Err, Blame: t.Blame})
	}
	for _, c := range r.Calibrations {
		switch bound := v.rec.Head.Settings.Bound; {
		case c.Unseen:
			add(Reason{Code: ProbeBlind, Age: c.Truth, Detail: c.How})
		case c.Error() > bound:
			add(Reason{Code: ProbeInaccurate, Age: c.Error(), Limit: bound, Detail: c.How})
		}
	}
	if !v.triedWrites() && !v.onlyReads() {
		add(Reason{Code: NoWrites})
	} else if why := r.baseline(v); why.Code != "" {
		add(why)
	}
	for _, f := range r.Faults {
		if f.Confirmed == nil {
			add(Reason{Code: FaultNotHeld, Detail: f.What})
		}
		if f.Lapsed {
			add(Reason{Code: FaultLapsed, Detail: f.What})
		}
	}
	for _, a := range r.Auxiliaries { // without it, this is not the cluster that was to be drilled
		if from, state, lost := a.Lost(); lost && !a.Redundant {
			add(Reason{Code: AuxiliaryLost, Age: from, Detail: fmt.Sprintf("%s (%s), %s", a.Name, a.Duty, state)})
		}
	}
	for _, s := range r.Steps { // the service is not to blame for what came after it
		if s.endsProcedure() {
			add(Reason{Code: StepFailed, Step: s.Number, Detail: s.Err, Blame: s.Blame})
		}
	}
	return why
}

// triedWrites reports whether any client tried to write.
func (v *view) triedWrites() bool {
	return slices.ContainsFunc(v.clientWrites(), func(s *series) bool { return len(s.acks)+len(s.fails) > 0 })
}

// baseline says what was wrong with service before the first disturbance; it
// has no code if that was healthy.
func (r *Result) baseline(v *view) Reason {
	want := v.rec.Head.Settings.Baseline
	from := v.baselineEnd - want
	if from < 0 {
		return Reason{Code: BaselineShort, Age: v.baselineEnd, Limit: want}
	}
	well := v.baselineEnd // service had to be healthy until then
	if check, ok := r.failedCheck(v); ok {
		well = check.To
	}
	for _, s := range v.clientWrites() {
		for _, n := range s.fails {
			if a := &s.attempts[n]; a.Intended >= from && a.Done < well {
				return Reason{Code: BaselineFailed, Age: a.Done}
			}
		}
		until := v.baselineEnd - min(s.responseBound(v), want/2) // later attempts may have met the disturbance
		acked := 0
		for _, n := range s.acks {
			if a := &s.attempts[n]; a.Intended >= from && a.Intended < until {
				acked++
			}
		}
		if planned := int((until - from) / s.stream.Interval); acked < planned*9/10 {
			return Reason{Code: BaselineSlow, Count: acked, Most: planned, Limit: want}
		}
	}
	return Reason{}
}

// failedCheck is the first step, if it failed with nothing done to the cluster
// before: the runbooks begin with a look at it, which belongs to the baseline.
func (r *Result) failedCheck(v *view) (check Span, failed bool) {
	i := slices.IndexFunc(r.Steps, func(s Step) bool { return s.Outcome != Skipped })
	if i < 0 || r.Steps[i].Outcome != Failed {
		return check, false
	}
	check = Span{From: r.Steps[i].From, To: r.Steps[i].From + r.Steps[i].Took}
	return check, v.firstDisturbance > check.To
}

// missedReasons returns what certainly broke the promise.
func (r *Result) missedReasons(v *view) []Reason {
	var why []Reason
	add := func(w Reason) { w.Verdict = Missed; why = append(why, w) }
	promise := v.promise()
	if verdict, why := r.judgeBlamed(v.judgedOutages(r.Outages), promise.RTO); verdict == Missed {
		why.Code = RTOMissed
		add(why)
	}
	if n := r.lostForPromise(promise); n > promise.RPO && promise.SplitBrain {
		add(Reason{Code: SplitUnsaved, Count: n, Most: promise.RPO})
	} else if n > promise.RPO {
		add(Reason{Code: RPOMissed, Count: n, Most: promise.RPO, Age: r.Writes.OldestLost})
	}
	for _, b := range r.Brownouts {
		if r.blamedForBrownout(b) > promise.RTO {
			add(Reason{Code: BrownOut, Bracket: b.Bracket, Limit: promise.RTO})
			break
		}
	}
	if r.Stale.Count > 0 && !promise.StaleReads {
		add(Reason{Code: StaleReads, Count: r.Stale.Count, Age: r.Stale.Oldest})
	}
	if r.Split.Proved && !promise.SplitBrain {
		add(
			Reason{
				Code:   SplitBrain,
				Detail: fmt.Sprintf("%s, %s", r.Split.First.Member, r.Split.Second.Member),
				Age:    r.Split.Overlap,
			},
		)
	}
	for _, w := range v.wrong {
		add(Reason{Code: WrongPrimary, Age: w.at, Detail: w.ordered + " → " + w.became})
	}
	for _, c := range []struct {
		code Code
		n    int
	}{
		{PhantomWrites, len(r.Writes.Phantom)},
		{DuplicateWrites, len(r.Writes.Duplicated)},
		{DivergedCopies, len(r.Writes.Diverged)},
	} {
		if c.n > 0 {
			add(Reason{Code: c.code, Count: c.n})
		}
	}
	for _, s := range r.Steps {
		if s.Outcome == Failed && s.Blame == record.BlameService {
			add(Reason{Code: StepFailed, Step: s.Number, Detail: s.Err})
		}
		if s.Verdict == Missed {
			s.decisive.Code = StepMissed
			add(s.decisive)
		}
	}
	return why
}

// doubtfulReasons returns what could not be measured with certainty.
func (r *Result) doubtfulReasons(v *view) []Reason {
	var why []Reason
	add := func(w Reason) { w.Verdict = Unmeasurable; why = append(why, w) }
	promise := v.promise()
	suffered := v.judgedOutages(r.Outages)
	if verdict, why := r.judgeBlamed(suffered, promise.RTO); verdict == Unmeasurable {
		why.Code = RTOUnclear
		if why.Open {
			why.Code = RTOOpen
		}
		add(why)
	}
	if verdict, o := judgeOutages(suffered, promise.RTO); verdict == Missed {
		stalled := r.stalledFor(o.Began, o.Began+o.Least)
		if stalled > 0 && (o.Least-stalled <= promise.RTO || r.excused(o)) {
			add(Reason{Code: HarnessPaused, Age: stalled, Bracket: o.Bracket, Open: o.Open, Limit: promise.RTO})
		}
	}
	for _, b := range r.Brownouts {
		if r.blamedForBrownout(b) <= promise.RTO && b.Most > promise.RTO {
			add(Reason{Code: BrownOut, Bracket: b.Bracket, Limit: promise.RTO})
			break
		}
	}
	for _, o := range r.Overloads {
		add(Reason{Code: ProbeOverload, Count: o.Rate, Most: o.Usual, Age: o.To - o.From, Detail: o.Member})
	}
	switch {
	case promise.NoRPO:
	case !r.Writes.Counted:
		add(Reason{Code: RPOUnknown})
	case len(r.Writes.Unread) > 0:
		add(Reason{Code: CopyMissing, Detail: strings.Join(r.Writes.Unread, ", ")})
	}
	if promise.SplitBrain && !r.Split.Proved {
		add(Reason{Code: SplitMissing})
	}
	for _, f := range r.Faults {
		if f.HealedBy == "" {
			add(Reason{Code: NotHealed, Detail: f.What})
		}
	}
	for _, s := range r.Steps {
		if s.Outcome == Failed && s.Blame != record.BlameService && !s.endsProcedure() {
			add(Reason{Code: StepFailed, Step: s.Number, Detail: s.Err, Blame: s.Blame})
		}
		if (s.Outcome == Skipped || s.Outcome == Interrupted) && !s.endsProcedure() {
			add(Reason{Code: StepUndone, Step: s.Number})
		}
		if n := s.CountRows(RowUnanswered); n > 0 {
			add(Reason{Code: RowsUnanswered, Step: s.Number, Count: n})
		}
		if s.Verdict == Unmeasurable {
			s.decisive.Code = StepUnclear
			add(s.decisive)
		}
	}
	return why
}
