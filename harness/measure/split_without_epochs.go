package measure

import (
	"cmp"
	"slices"
	"time"

	"drillbook/harness/record"
)

// splitWithoutEpochs finds a split brain of a product without epochs: a member
// acknowledges a write again after another member has, without having been made
// primary in between.
func (v *view) splitWithoutEpochs() Split {
	acks := v.acksWithoutEpoch()
	claims := map[uint8]claim{}
	var worst Split
	for _, a := range acks {
		// The write may have been sent before the decision and have waited for a session.
		since := v.lastDecision(v.member(a.Member), a.Done)
		c, ok := claims[a.Member]
		if !ok || c.since != since {
			c = v.newClaim(acks, a.Member, since)
			claims[a.Member] = c
		}
		if c.own == nil || c.other == nil || c.own.Done > c.other.Asked() || c.other.Done >= a.Asked() {
			continue
		}
		if overlap := a.Done - c.other.Done; overlap > worst.Overlap {
			worst = Split{Proved: true, First: v.token(c.other), Second: v.token(a), Overlap: overlap}
		}
	}
	return worst
}

// acksWithoutEpoch returns the acknowledgements without an epoch, by their
// arrival: of every unbroken run by one member the first and the last, which are
// enough to see whether members alternate.
func (v *view) acksWithoutEpoch() []*record.Attempt {
	var acks []*record.Attempt
	for i := range v.rec.Attempts {
		a := &v.rec.Attempts[i]
		if a.Epoch != 0 || !v.isAckOfMember(a) {
			continue
		}
		if n := len(acks); n > 1 && acks[n-1].Member == a.Member && acks[n-2].Member == a.Member {
			acks[n-1] = a
			continue
		}
		acks = append(acks, a)
	}
	slices.SortStableFunc(acks, func(a, b *record.Attempt) int { return cmp.Compare(a.Done, b.Done) })
	return acks
}

// claim is a member's claim to be primary since it was last chosen: its first
// acknowledgement since then, and the first one by another member that was not
// chosen earlier.
type claim struct {
	since      time.Duration
	own, other *record.Attempt
}

func (v *view) newClaim(acks []*record.Attempt, member uint8, since time.Duration) claim {
	n, _ := slices.BinarySearchFunc(acks, since, func(a *record.Attempt, t time.Duration) int {
		return cmp.Compare(a.Done, t)
	})
	c := claim{since: since}
	for _, a := range acks[n:] {
		switch {
		case a.Member == member && c.own == nil:
			c.own = a
		case a.Member != member && c.other == nil && v.lastDecision(v.member(a.Member), a.Done) >= since:
			c.other = a
		}
		if c.own != nil && c.other != nil {
			break
		}
	}
	return c
}

// lastDecision is when the member was last chosen as the primary before a time; 0
// if it never was.
func (v *view) lastDecision(member string, before time.Duration) time.Duration {
	times := v.decisions[member]
	n, found := slices.BinarySearch(times, before)
	switch {
	case found:
		return before
	case n == 0:
		return 0
	default:
		return times[n-1]
	}
}
