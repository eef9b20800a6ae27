package measure

import (
	"cmp"
	"slices"
	"time"

	"drillbook/harness/record"
)

// How outages are found. Acknowledgements, in the order of their arrival, leave
// gaps between them. A gap is an outage if an attempt failed in it, or if it is
// longer than healthy service ever leaves. Gaps with failures that lie closer
// together than the settling time are one outage: service had not come back
// for good. Its length is bounded from outside by the last time that an
// acknowledged attempt was still on its way and the first acknowledgement
// behind it, and from inside by what failed attempts and late answers prove.
//
// Where the harness itself stood still, an attempt may have failed by that alone.
// Such a failure proves nothing, so it makes no outage longer than it certainly
// was; but it may be the service's, so gaps join by it as by any other.

// smallest is the shortest gap without failures that is called an outage.
const smallest = 10 * time.Millisecond

// silent is for how long a stream may not try before the procedure ends. Clients are
// stopped only behind that; a probe that is late skips what it is a second late with.
const silent = time.Second

// gap is the time between two acknowledgements that follow each other.
type gap struct {
	next    int           // index into acks of the one that ends it; len(acks) if none does
	from    time.Duration // arrival of the one before
	to      time.Duration // arrival of the one that ends it
	up      time.Duration // latest time that an attempt acked by from was sent
	failed  int           // attempts
	expired int           // of those, which ended by their deadlines
	doubts  int           // of those, which the harness itself may have failed
	met     bool          // by an attempt that failed, in it or in another gap that it met
	proofs  []proof
}

// fails reports whether an attempt failed in the gap that the service failed.
func (g *gap) fails() bool { return g.failed > g.doubts }

// outages finds the outages of a stream, by time.
func (s *series) outages(v *view) []Outage {
	if len(s.acks)+len(s.fails) == 0 {
		return nil
	}
	responseBound := s.responseBound(v)
	gaps := s.addLongGaps(s.failedGaps(v, responseBound), responseBound)
	s.met(gaps, responseBound)
	s.latestUp(gaps)
	for i := range gaps {
		s.lateAnswers(v, &gaps[i], responseBound)
	}
	var out []Outage
	for len(gaps) > 0 {
		n := v.oneOutage(gaps)
		out = append(out, s.join(gaps[:n], v))
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

// final is when the stream last tried, or last had an answer.
func (s *series) final() time.Duration {
	final := s.last
	if len(s.fails) > 0 {
		final = max(final, s.attempts[s.fails[len(s.fails)-1]].Sent)
	}
	if len(s.acks) > 0 {
		final = max(final, s.ack(len(s.acks)-1).Done)
	}
	return final
}

// end is when the stream last tried or, if the procedure went on without it, when
// that ended: what nobody asked for may have been served or not.
func (s *series) end() time.Duration {
	if final := s.final(); s.procedure-final <= silent {
		return final
	}
	return s.procedure
}

// gapBefore is the gap that acknowledgement k ends.
func (s *series) gapBefore(k int) gap {
	g := gap{next: k}
	if k > 0 {
		g.from = s.ack(k - 1).Done
	} else {
		g.from = s.first
	}
	if k < len(s.acks) {
		g.to = s.ack(k).Done
	} else {
		g.to = s.end()
	}
	return g
}

// failedGaps are the gaps, in order, in which attempts failed. An attempt that left
// late or expired since the harness itself stood still proves nothing, however short
// that was: a machine at its limit stalls often, and is slow in between too.
func (s *series) failedGaps(v *view, responseBound time.Duration) []gap {
	gaps := make([]gap, 0, min(len(s.fails), len(s.acks)+1))
	for _, n := range s.fails {
		a := &s.attempts[n]
		doubtful := a.Expired && v.stalled(a.Intended, a.Done)
		from, to := failing(a, responseBound)
		if doubtful {
			to = max(to, min(v.latest(from)+responseBound, a.Done))
		}
		k := s.longestGap(from, to)
		if len(gaps) == 0 || gaps[len(gaps)-1].next != k { // nearly always the same as of the failure before
			gaps = append(gaps, s.gapBefore(k))
		}
		g := &gaps[len(gaps)-1]
		g.failed++
		if a.Expired {
			g.expired++
		}
		if doubtful {
			g.doubts++
		} else {
			v.prove(g, proof{from, to, from, true})
		}
	}
	return v.merged(gaps)
}

// merged sorts the gaps and makes one of those that are the same.
func (v *view) merged(gaps []gap) []gap {
	slices.SortStableFunc(gaps, func(a, b gap) int { return cmp.Compare(a.next, b.next) })
	kept := gaps[:0]
	for _, g := range gaps {
		if len(kept) == 0 || kept[len(kept)-1].next != g.next {
			kept = append(kept, g)
			continue
		}
		k := &kept[len(kept)-1]
		k.failed, k.expired, k.doubts = k.failed+g.failed, k.expired+g.expired, k.doubts+g.doubts
		for _, p := range g.proofs {
			v.prove(k, p)
		}
	}
	return kept
}

// longestGap finds which gap a failure belongs to that happened at some time
// between from and to: the longest one that this time touches.
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

// unseen is the longest that a stream may have been out without anything of it
// being seen: healthy service leaves gaps of that length.
func (s *series) unseen(responseBound time.Duration) time.Duration {
	return max(smallest, s.stream.Interval+2*responseBound)
}

// addLongGaps adds the gaps that nothing failed in but that are longer than
// healthy service leaves.
func (s *series) addLongGaps(failed []gap, responseBound time.Duration) []gap {
	limit := s.unseen(responseBound)
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

// met marks the gaps that attempts met which failed. One that waited long may have
// met several, and have failed by each.
func (s *series) met(gaps []gap, responseBound time.Duration) {
	for _, n := range s.fails {
		from, to := failing(&s.attempts[n], responseBound)
		i, _ := slices.BinarySearchFunc(gaps, from, func(g gap, t time.Duration) int { return cmp.Compare(g.to, t) })
		for ; i < len(gaps) && gaps[i].from <= to; i++ {
			gaps[i].met = true
		}
	}
	for i := range gaps {
		gaps[i].met = gaps[i].met || gaps[i].failed > 0
	}
}

// latestUp fills in up. Since answers overtake each other, the latest time of
// sending is not always that of the last answer.
func (s *series) latestUp(gaps []gap) {
	up, k := s.first, 0
	for i := range gaps {
		for ; k < gaps[i].next; k++ {
			up = max(up, s.ack(k).Asked())
		}
		gaps[i].up = up
	}
}

// oneOutage is how many of the gaps, from the first, may be one outage. What was
// noticed last before a gap may have arrived before a stall, and service have ended
// right behind it.
func (v *view) oneOutage(gaps []gap) int {
	settle := v.rec.Head.Settings.Settle
	n := 1
	if !gaps[0].met {
		return n
	}
	end := gaps[0].to
	for i := 1; i < len(gaps) && v.earliest(gaps[i].from)-end < settle; i++ {
		if gaps[i].met {
			n, end = i+1, gaps[i].to
		}
	}
	return n
}

func (s *series) join(gaps []gap, v *view) Outage {
	settle := v.rec.Head.Settings.Settle
	first, last := gaps[0], gaps[len(gaps)-1]
	o := Outage{Stream: s.index, From: first.from, To: last.to, Relapses: -1}
	certain := false
	for _, g := range gaps {
		o.Failed, o.Expired = o.Failed+g.failed, o.Expired+g.expired
		certain = certain || g.fails()
		if g.failed > 0 {
			o.Relapses++
		}
	}
	o.Relapses = max(0, o.Relapses)
	o.Most = last.to - first.up
	o.Unmeasured = !certain && v.stalled(first.from, last.to)
	o.Began = first.from
	if p := s.proved(gaps, v); p.any && !o.Unmeasured {
		o.Began, o.Least = p.by, min(p.least(), o.Most)
	}
	settled := s.final()-last.to >= settle
	o.Open = last.next == len(s.acks) || (o.Failed > 0 && !settled)
	return o
}

// proved is the longest outage that is certain of gaps that may be one: what was
// certainly failing at both ends is one only if what certainly failed in between
// leaves no time to settle.
func (s *series) proved(gaps []gap, v *view) proof {
	settle := v.rec.Head.Settings.Settle
	var best, chain proof
	var back time.Duration // when service came back after the last gap of the chain, at the earliest
	longer := func(p proof) {
		if !best.any || p.least() > best.least() {
			best = p
		}
	}
	for _, g := range gaps {
		for n, p := range g.proofs {
			if !g.fails() {
				longer(p)
				continue
			}
			until := g.from // when service was there before the gap, at the latest
			if v.stalled(g.from, p.by) {
				until = p.by
			}
			if n == 0 && until-back >= settle || n > 0 && v.settles(g.proofs[n-1], p) {
				chain = proof{}
			}
			chain.join(p)
			longer(chain)
		}
		if g.fails() {
			back = s.back(&g, v)
		}
	}
	return best
}

// back is when service may have come back that ended the gap. Behind a stall, in which
// nobody asked, that is when it began.
func (s *series) back(g *gap, v *view) time.Duration {
	if g.next < len(s.acks) {
		if asked := s.ack(g.next).Asked(); v.stalled(asked-smallest, g.to) {
			return v.earliest(asked)
		}
	}
	return g.to
}
