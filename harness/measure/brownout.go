package measure

import (
	"slices"
	"time"
)

// A brown-out is a time in which clients get most of their answers late, but within
// their deadlines. How late is too late is learned from healthy service. An outage is
// no brown-out, since nothing is answered in it.

// minLate is the latency below which an answer is never late.
const minLate = 100 * time.Millisecond

// brownouts returns the times, longer than the settling time, in which more
// answers to clients' writes were late than in time.
func (v *view) brownouts() []Brownout {
	var all []Brownout
	for _, s := range v.clientWrites() {
		limit := max(minLate, 3*s.responseBound(v))
		for _, b := range s.brownouts(limit) {
			if b.Least >= v.rec.Head.Settings.Settle {
				all = append(all, b)
			}
		}
	}
	return all
}

// brownouts finds the stretches in which late answers are the majority.
func (s *series) brownouts(limit time.Duration) []Brownout {
	tardy := func(n uint32) bool { a := &s.attempts[n]; return a.Done-a.Sent > limit }
	if !slices.ContainsFunc(s.acks, tardy) {
		return nil
	}
	acks := slices.Clone(s.acks)
	sortBy(acks, func(n uint32) time.Duration { return s.attempts[n].Sent })
	var all []Brownout
	for first := 0; first < len(acks); first++ {
		if !tardy(acks[first]) {
			continue
		}
		last, most, lead := first, 0, 0
		end := first
		for ; end < len(acks); end++ {
			if lead--; tardy(acks[end]) {
				lead += 2
			}
			if lead >= most {
				most, last = lead, end
			}
			if lead <= 0 {
				break
			}
		}
		all = append(all, s.brownout(acks, first, last, limit))
		first = last
	}
	return all
}

// brownout bounds the time from one acknowledgement to another by the attempts
// before and after it.
func (s *series) brownout(acks []uint32, first, last int, limit time.Duration) Brownout {
	sent := func(n uint32) time.Duration { return s.attempts[n].Sent }
	b := Brownout{Span: Span{From: s.attempts[acks[first]].Asked(), To: sent(acks[last])}, Limit: limit}
	for _, n := range acks[first : last+1] {
		if a := &s.attempts[n]; a.Done-a.Sent > limit {
			b.Late++
		}
	}
	before, behind := s.firstSent, s.lastActivity()
	if first > 0 {
		before = sent(acks[first-1])
	}
	if last+1 < len(acks) {
		behind = sent(acks[last+1])
	}
	for _, n := range s.fails {
		if t := sent(n); t <= b.From {
			before = max(before, t)
		} else if t >= b.To {
			behind = min(behind, t)
			break
		}
	}
	b.Least, b.Most = max(0, b.To-b.From), behind-before
	return b
}
