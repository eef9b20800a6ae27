package measure

import (
	"cmp"
	"slices"
	"time"

	"drillbook/harness/record"
)

// splitByTurns is for products without epochs: a member that acknowledges
// again after another one has, without having been made primary in between.
func (v *view) splitByTurns() Split {
	acks := v.turns()
	claims := map[uint8]claim{}
	var worst Split
	for _, a := range acks {
		// It may have been sent before, and then waited for a session.
		since := v.lastChosen(v.member(a.Member), a.Done)
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

// turns are the acknowledgements of members without epochs, by their arrival:
// the first and last of every unbroken series by one member, which are enough to
// see whether members take turns.
func (v *view) turns() []*record.Attempt {
	var acks []*record.Attempt
	for i := range v.rec.Attempts {
		a := &v.rec.Attempts[i]
		if a.Epoch != 0 || !v.tellsMember(a) {
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
// acknowledgement since then, and the first one of another member. One that was
// chosen before takes the claim away from nobody; it is the one that goes on.
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
		case a.Member != member && c.other == nil && v.lastChosen(v.member(a.Member), a.Done) >= since:
			c.other = a
		}
		if c.own != nil && c.other != nil {
			break
		}
	}
	return c
}

// lastChosen is when the member was last ordered to be primary; 0 if it never
// was.
func (v *view) lastChosen(member string, before time.Duration) time.Duration {
	times := v.chosen[member]
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
