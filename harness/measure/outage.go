package measure

import (
	"cmp"
	"slices"
	"time"

	"drillbook/harness/record"
)

// How outages are found. Attempts leave on schedule, whatever became of those
// before. An outage is a gap between acknowledgements, bounded from outside and from
// inside:
//
//	schedule   |     |     |     |     |     |     |     |      intended times
//	attempts   s-a   s-a   s-----------x                        s asked, a acknowledged,
//	                             s-----------x                  x failed at its deadline
//	                                   s-----------x
//	                                         s-a   s-a   s-a
//	gap                |<--------------------->|                from the last ack to the next
//	at most          |<----------------------->|                from lastUp to the ack that ends it
//	at least                 |<------->|                        from downBy to downUntil
//
// A gap between two acknowledgements, in the order of their arrival, is an outage if
// an attempt failed in it ([series.failedGaps]), or if it is longer than healthy
// service ever leaves ([series.addLongGaps]). Gaps with failures that are closer to
// each other than the settling time are one outage ([view.joinable]): in between,
// service had not come back for good.
//
// An outage lasts at most from lastUp, the latest time at which an acknowledged
// attempt was asked, to the acknowledgement that ends it. It lasts at least for the
// time that failed attempts and late answers prove (proven_downtime.go).
//
// While the harness itself stalls, an attempt may fail for that reason alone. Such a
// failure proves nothing, so it never raises the lower bound. It may also be a failure
// of the service, so it joins gaps as any other does.

// minGap is the length from which a gap without failures can be an outage.
const minGap = 10 * time.Millisecond

// maxSilence is how long a stream may make no attempt before the procedure ends.
// Clients are stopped only after the procedure, and a probe that is late skips
// attempts that are more than a second overdue.
const maxSilence = time.Second

// gap is the time between two consecutive acknowledgements.
type gap struct {
	next     int           // index into acks of the one that ends it; len(acks) if none does
	from     time.Duration // arrival of the acknowledgement before it
	to       time.Duration // arrival of the acknowledgement that ends it
	lastUp   time.Duration // latest time of asking of the attempts acknowledged by from
	failed   int           // attempts that failed in it
	expired  int           // of those, the ones that ended by their deadlines
	doubtful int           // of those, the ones that may have failed because of a stall of the harness
	// overlapsFailure says that a failed attempt was under way in it, also one that
	// is counted in another gap.
	overlapsFailure bool
	proofs          []proof
}

// failsForCertain reports whether an attempt failed in the gap for which no stall
// of the harness can be the reason.
func (g *gap) failsForCertain() bool { return g.failed > g.doubtful }

// outages returns the outages of a stream, in the order of time.
func (s *series) outages(v *view) []Outage {
	if len(s.acks)+len(s.fails) == 0 {
		return nil
	}
	responseBound := s.responseBound(v)
	gaps := s.addLongGaps(s.failedGaps(v, responseBound), responseBound)
	s.markOverlaps(gaps, responseBound)
	s.fillLastUp(gaps)
	for i := range gaps {
		s.addLateAnswers(v, &gaps[i], responseBound)
	}
	var out []Outage
	for len(gaps) > 0 {
		n := v.joinable(gaps)
		out = append(out, s.joinGaps(gaps[:n], v))
		gaps = gaps[n:]
	}
	return out
}

// responseBound is the time within which a healthy service answers an attempt,
// including opening a session and the delays of this machine.
func (s *series) responseBound(v *view) time.Duration {
	responseBound := s.latency + s.lateness
	for _, other := range v.series {
		if other != s && other.stream.Kind == record.Connect && other.stream.Member == s.stream.Member {
			responseBound += other.latency
			break
		}
	}
	return responseBound
}

func (s *series) ack(k int) *record.Attempt { return &s.attempts[s.acks[k]] }

// lastActivity is the time of the last attempt or answer of the stream.
func (s *series) lastActivity() time.Duration {
	final := s.lastIntended
	if len(s.fails) > 0 {
		final = max(final, s.attempts[s.fails[len(s.fails)-1]].Sent)
	}
	if len(s.acks) > 0 {
		final = max(final, s.ack(len(s.acks)-1).Done)
	}
	return final
}

// observedUntil is the time up to which the stream tells anything: its last
// activity, or the end of the procedure if that went on for longer than
// maxSilence without attempts. Nobody knows whether service was up in a time
// without attempts.
func (s *series) observedUntil() time.Duration {
	if final := s.lastActivity(); s.procedureEnd-final <= maxSilence {
		return final
	}
	return s.procedureEnd
}

// gapBefore returns the gap that acknowledgement k ends.
func (s *series) gapBefore(k int) gap {
	g := gap{next: k}
	if k > 0 {
		g.from = s.ack(k - 1).Done
	} else {
		g.from = s.firstSent
	}
	if k < len(s.acks) {
		g.to = s.ack(k).Done
	} else {
		g.to = s.observedUntil()
	}
	return g
}

// failedGaps returns the gaps in which attempts failed, in order. An attempt that
// left late or expired during a stall of the harness proves nothing, however
// short the stall was: a machine at its limit stalls often, and is slow in
// between.
func (s *series) failedGaps(v *view, responseBound time.Duration) []gap {
	gaps := make([]gap, 0, min(len(s.fails), len(s.acks)+1))
	for _, n := range s.fails {
		a := &s.attempts[n]
		doubtful := a.Expired && v.stalled(a.Intended, a.Done)
		from, to := failureSpan(a, responseBound)
		if doubtful {
			to = max(to, min(v.latestDeparture(from)+responseBound, a.Done))
		}
		k := s.longestGap(from, to)
		if len(gaps) == 0 || gaps[len(gaps)-1].next != k { // nearly always the gap of the failure before
			gaps = append(gaps, s.gapBefore(k))
		}
		g := &gaps[len(gaps)-1]
		g.failed++
		if a.Expired {
			g.expired++
		}
		if doubtful {
			g.doubtful++
		} else {
			v.addProof(g, proof{from, to, from, true})
		}
	}
	return v.mergeGaps(gaps)
}

// mergeGaps sorts the gaps and merges equal ones.
func (v *view) mergeGaps(gaps []gap) []gap {
	slices.SortStableFunc(gaps, func(a, b gap) int { return cmp.Compare(a.next, b.next) })
	kept := gaps[:0]
	for _, g := range gaps {
		if len(kept) == 0 || kept[len(kept)-1].next != g.next {
			kept = append(kept, g)
			continue
		}
		k := &kept[len(kept)-1]
		k.failed, k.expired, k.doubtful = k.failed+g.failed, k.expired+g.expired, k.doubtful+g.doubtful
		for _, p := range g.proofs {
			v.addProof(k, p)
		}
	}
	return kept
}

// longestGap returns the gap to which a failure between from and to belongs: the
// longest one that overlaps this time.
func (s *series) longestGap(from, to time.Duration) int {
	first, _ := slices.BinarySearchFunc(s.acks, from, func(n uint32, t time.Duration) int {
		return cmp.Compare(s.attempts[n].Done, t)
	})
	best, longest := first, time.Duration(-1)
	for k := first; k <= len(s.acks); k++ {
		g := s.gapBefore(k)
		if g.to-g.from > longest {
			best, longest = k, g.to-g.from
		}
		if g.to >= to {
			break
		}
	}
	return best
}

// maxUnseen is the length up to which an outage of the stream may have gone
// unseen: healthy service leaves gaps as long.
func (s *series) maxUnseen(responseBound time.Duration) time.Duration {
	return max(minGap, s.stream.Interval+2*responseBound)
}

// addLongGaps adds the gaps without failures that are longer than healthy service
// leaves.
func (s *series) addLongGaps(failed []gap, responseBound time.Duration) []gap {
	limit := s.maxUnseen(responseBound)
	gaps := make([]gap, 0, len(failed))
	for k := 0; k <= len(s.acks); k++ {
		if len(failed) > 0 && failed[0].next == k {
			gaps, failed = append(gaps, failed[0]), failed[1:]
			continue
		}
		if g := s.gapBefore(k); g.to-g.from > limit {
			gaps = append(gaps, g)
		}
	}
	return gaps
}

// markOverlaps marks the gaps in which a failed attempt was under way. One that
// waited long may overlap several, and have failed because of any of them.
func (s *series) markOverlaps(gaps []gap, responseBound time.Duration) {
	for _, n := range s.fails {
		from, to := failureSpan(&s.attempts[n], responseBound)
		i, _ := slices.BinarySearchFunc(gaps, from, func(g gap, t time.Duration) int { return cmp.Compare(g.to, t) })
		for ; i < len(gaps) && gaps[i].from <= to; i++ {
			gaps[i].overlapsFailure = true
		}
	}
	for i := range gaps {
		gaps[i].overlapsFailure = gaps[i].overlapsFailure || gaps[i].failed > 0
	}
}

// fillLastUp sets lastUp. Answers can overtake each other, so the latest time of
// asking is not always that of the last answer.
func (s *series) fillLastUp(gaps []gap) {
	up, k := s.firstSent, 0
	for i := range gaps {
		for ; k < gaps[i].next; k++ {
			up = max(up, s.ack(k).Asked())
		}
		gaps[i].lastUp = up
	}
}

// joinable returns how many of the gaps, from the first, may be one outage. An
// acknowledgement that was read after a stall may have arrived before it, and
// service may have ended right after that.
func (v *view) joinable(gaps []gap) int {
	settle := v.rec.Head.Settings.Settle
	n := 1
	if !gaps[0].overlapsFailure {
		return n
	}
	end := gaps[0].to
	for i := 1; i < len(gaps) && v.earliestArrival(gaps[i].from)-end < settle; i++ {
		if gaps[i].overlapsFailure {
			n, end = i+1, gaps[i].to
		}
	}
	return n
}

// joinGaps makes one outage of gaps.
func (s *series) joinGaps(gaps []gap, v *view) Outage {
	settle := v.rec.Head.Settings.Settle
	first, last := gaps[0], gaps[len(gaps)-1]
	o := Outage{Stream: s.index, From: first.from, To: last.to, Relapses: -1}
	certain := false
	for _, g := range gaps {
		o.Failed, o.Expired = o.Failed+g.failed, o.Expired+g.expired
		certain = certain || g.failsForCertain()
		if g.failed > 0 {
			o.Relapses++
		}
	}
	o.Relapses = max(0, o.Relapses)
	o.Most = last.to - first.lastUp
	o.Unmeasured = !certain && v.stalled(first.from, last.to)
	o.Began = first.from
	if p := s.longestProved(gaps, v); p.known && !o.Unmeasured {
		o.Began, o.Least = p.downBy, min(p.least(), o.Most)
	}
	settled := s.lastActivity()-last.to >= settle
	o.Open = last.next == len(s.acks) || (o.Failed > 0 && !settled)
	return o
}

// longestProved returns the longest outage that is certain within gaps that may
// be one outage. Two proofs are of the same outage only if the failures between
// them leave no time to settle.
func (s *series) longestProved(gaps []gap, v *view) proof {
	settle := v.rec.Head.Settings.Settle
	var best, chain proof
	var back time.Duration // earliest time at which service may have been back after the chain
	longer := func(p proof) {
		if !best.known || p.least() > best.least() {
			best = p
		}
	}
	for _, g := range gaps {
		for n, p := range g.proofs {
			if !g.failsForCertain() {
				longer(p)
				continue
			}
			until := g.from // latest time at which service was up before the gap
			if v.stalled(g.from, p.downBy) {
				until = p.downBy
			}
			if n == 0 && until-back >= settle || n > 0 && v.settledBetween(g.proofs[n-1], p) {
				chain = proof{}
			}
			chain.join(p)
			longer(chain)
		}
		if g.failsForCertain() {
			back = s.backAt(&g, v)
		}
	}
	return best
}

// backAt is the earliest time at which service may have been back after the gap.
// After a stall, in which nothing was asked, that is the beginning of the stall.
func (s *series) backAt(g *gap, v *view) time.Duration {
	if g.next < len(s.acks) {
		if asked := s.ack(g.next).Asked(); v.stalled(asked-minGap, g.to) {
			return v.earliestArrival(asked)
		}
	}
	return g.to
}
