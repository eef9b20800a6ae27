package measure

import (
	"slices"
	"time"

	"drillbook/harness/record"
)

// split looks for two members that acknowledged writes at the same time.
func (v *view) split(lanes []Lane) Split {
	s := v.splitByEpoch()
	if !s.Proved {
		s = v.splitByTurns()
	}
	s.RoleOverlap = roleOverlap(lanes)
	return s
}

// reign is what one member acknowledged in one epoch.
type reign struct {
	epoch       uint32
	member      uint8
	first, last *record.Attempt // first by arrival of the answer, last by sending
}

// splitByEpoch: an epoch belongs to one member, and is over once a later one
// has begun. Two members in one epoch, or a write sent in an earlier epoch
// after one of a later epoch was acknowledged, are a split brain.
func (v *view) splitByEpoch() Split {
	var reigns []reign
	for i := range v.rec.Attempts {
		a := &v.rec.Attempts[i]
		if a.Outcome != record.Acked || a.Epoch == 0 || a.Member == 0 ||
			v.rec.Head.Streams[a.Stream].Kind != record.Write {
			continue
		}
		n := slices.IndexFunc(reigns, func(r reign) bool { return r.epoch == a.Epoch && r.member == a.Member })
		if n < 0 {
			reigns = append(reigns, reign{epoch: a.Epoch, member: a.Member, first: a, last: a})
			continue
		}
		r := &reigns[n]
		if a.Done < r.first.Done {
			r.first = a
		}
		if a.Sent > r.last.Sent {
			r.last = a
		}
	}
	var worst Split
	for _, old := range reigns {
		for _, young := range reigns {
			if old.member == young.member || old.epoch > young.epoch || old.last.Sent <= young.first.Done {
				continue
			}
			if overlap := old.last.Done - young.first.Done; overlap > worst.Overlap {
				worst = Split{Proved: true, First: v.token(young.first), Second: v.token(old.last), Overlap: overlap}
			}
		}
	}
	return worst
}

// splitByTurns is for products without epochs: a member that acknowledges
// again after another one has, without having been made primary in between.
func (v *view) splitByTurns() Split {
	acks := v.epochless()
	var worst Split
	for i, a := range acks {
		// the first of another member that was answered before a was sent
		// and after a's member had last been chosen
		since := v.lastChosen(v.member(a.Member), a.Sent)
		for _, b := range acks[:i] {
			if b.Member == a.Member || b.Done >= a.Sent || b.Done < since {
				continue
			}
			before := slices.ContainsFunc(acks[:i], func(c *record.Attempt) bool {
				return c.Member == a.Member && c.Done <= b.Sent && c.Done >= since
			})
			if overlap := a.Done - b.Done; before && overlap > worst.Overlap {
				worst = Split{Proved: true, First: v.token(b), Second: v.token(a), Overlap: overlap}
			}
			break
		}
	}
	return worst
}

// epochless are the first and last acknowledgements of every unbroken series
// by one member, which are enough to see whether members take turns.
func (v *view) epochless() []*record.Attempt {
	var acks []*record.Attempt
	for i := range v.rec.Attempts {
		a := &v.rec.Attempts[i]
		if a.Outcome != record.Acked || a.Epoch != 0 || a.Member == 0 ||
			v.rec.Head.Streams[a.Stream].Kind != record.Write {
			continue
		}
		if n := len(acks); n > 1 && acks[n-1].Member == a.Member && acks[n-2].Member == a.Member {
			acks[n-1] = a
			continue
		}
		acks = append(acks, a)
	}
	return acks
}

func (v *view) lastChosen(member string, before time.Duration) time.Duration {
	var at time.Duration
	for _, e := range v.rec.Events {
		if e.Kind == record.Decided && e.Member == member && e.At <= before {
			at = e.At
		}
	}
	return at
}

// roleOverlap is how long two members called themselves primary at once.
func roleOverlap(lanes []Lane) time.Duration {
	var total time.Duration
	for i, a := range lanes {
		for _, b := range lanes[i+1:] {
			for _, x := range a.Roles {
				for _, y := range b.Roles {
					if x.Role == "primary" && y.Role == "primary" {
						total += max(0, min(x.To, y.To)-max(x.From, y.From))
					}
				}
			}
		}
	}
	return total
}
