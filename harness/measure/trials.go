package measure

import (
	"math"
	"slices"
	"time"

	"gonum.org/v1/gonum/stat/distuv"
)

// Confidence is what statements over several trials hold with.
const Confidence = 0.95

// Trials is what several drills of one runbook say together.
type Trials struct {
	// Verdict is missed if a trial missed its promise, unmeasurable if none
	// did and one was unmeasurable, unjudged if that is true of one, and met if all were.
	Verdict                   Verdict
	Count                     int
	Met, Missed, Unmeasurable int
	Ranks
	Median Interval
	// Kept is the part of such failovers that keep the promise at least, with
	// [Confidence]. A trial that was measured and did not certainly keep it
	// counts as one that did not.
	Kept float64
}

// Ranks are percentiles of the longest outages of several trials.
type Ranks struct {
	Measured      int // trials that are not unfit; only their downtime counts
	Open          int // of those, with an outage that did not end
	P50, P95, Max Range
}

// Range is a bracket around the longest of several outages, or around a
// percentile, by nearest rank, of the longest outages of the trials. Each has a
// bracket itself; the percentile of what they lasted at least and that of what
// they lasted at most hold the true one between them. No middle is taken: it would
// look more certain than it is.
type Range struct {
	Bracket
	Open bool // there is no Most
}

// Interval holds the median of all failovers like those tried. It supposes
// nothing of how they are distributed.
type Interval struct {
	Range
	// Coverage is the probability that such an interval holds the median, at
	// least [Confidence]. It is 0 if there is no interval: with fewer than six
	// trials none is wide enough.
	Coverage float64
}

// OfTrials measures what drills of the same runbook say together.
func OfTrials(drills []Result) Trials {
	t := Trials{Count: len(drills)}
	kept, unjudged := 0, 0
	for _, d := range drills {
		switch d.Verdict {
		case Met:
			t.Met++
		case Missed:
			t.Missed++
		case Unmeasurable:
			t.Unmeasurable++
		case Unjudged:
			unjudged++
		}
		if !d.Unfit && d.Verdict == Met {
			kept++
		}
	}
	switch {
	case t.Missed > 0:
		t.Verdict = Missed
	case t.Unmeasurable > 0 || t.Count == 0:
		t.Verdict = Unmeasurable
	case unjudged > 0:
		t.Verdict = Unjudged
	default:
		t.Verdict = Met
	}
	ranks, least, most := rank(drills, func(r Result) (Downtime, bool) { return r.Downtime, true })
	t.Ranks, t.Median = ranks, medianInterval(least, most)
	t.Kept = atLeast(kept, t.Measured)
	return t
}

// OfStep ranks the outages that began in one step. Trials in which the step was
// not carried out to its end do not count.
func OfStep(drills []Result, number int) Ranks {
	ranks, _, _ := rank(drills, func(r Result) (Downtime, bool) {
		for _, s := range r.Steps {
			if s.Number == number {
				return s.Downtime, s.Outcome == Passed || s.Outcome == Failed
			}
		}
		return Downtime{}, false
	})
	return ranks
}

// rank sorts what the longest outages of the trials that count lasted at least
// and at most.
func rank(drills []Result, pick func(Result) (Downtime, bool)) (r Ranks, least, most []time.Duration) {
	for _, d := range drills {
		downtime, ok := pick(d)
		if d.Unfit || !ok {
			continue
		}
		longest := downtime.Longest
		if downtime.Open {
			r.Open++
			longest.Most = endless
		}
		least, most = append(least, longest.Least), append(most, longest.Most)
	}
	r.Measured = len(least)
	slices.Sort(least)
	slices.Sort(most)
	r.P50, r.P95, r.Max = ranked(least, most, 50), ranked(least, most, 95), ranked(least, most, 100)
	return r, least, most
}

// endless is longer than any outage that ended.
const endless = time.Duration(math.MaxInt64)

func ranked(least, most []time.Duration, p int) Range {
	return newRange(Percentile(least, p), Percentile(most, p))
}

func newRange(least, most time.Duration) Range {
	if most == endless {
		return Range{Bracket: Bracket{Least: least}, Open: true}
	}
	return Range{Bracket: Bracket{Least: least, Most: most}}
}

// medianInterval reaches from a small to a large one of the sorted trials, as
// near to each other as they may be. The median of all failovers lies below the
// kth smallest of n with the probability that fewer than k of n coins show
// heads, and above the kth largest likewise.
//
// Both ends are equally likely to be wrong, and the coverage is exact for any n.
// benchmath's interval is not used: it is often shorter at one end, which makes
// outages look shorter at the same confidence, and an approximation from 31 on.
func medianInterval(least, most []time.Duration) Interval {
	n := len(least)
	heads := distuv.Binomial{N: float64(n), P: 0.5}
	for k := n / 2; k > 0; k-- {
		if coverage := 1 - 2*heads.CDF(float64(k-1)); coverage >= Confidence {
			return Interval{Range: newRange(least[k-1], most[n-k]), Coverage: coverage}
		}
	}
	return Interval{}
}

// atLeast is the lower bound of Clopper and Pearson: the probability with which so
// many of n would still be as rare as [Confidence] leaves room for.
func atLeast(kept, n int) float64 {
	if kept == 0 {
		return 0
	}
	const inexact = 1e-12 // what computing may have added to the bound
	return distuv.Beta{Alpha: float64(kept), Beta: float64(n - kept + 1)}.Quantile(1-Confidence) - inexact
}
