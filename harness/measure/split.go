package measure

import (
	"cmp"
	"slices"
	"time"

	"drillbook/harness/record"
)

// split looks for two members that acknowledged writes at the same time.
func (v *view) split(lanes []Lane) Split {
	s := v.splitByEpoch()
	if !s.Proved {
		s = v.splitWithoutEpochs()
	}
	s.RoleOverlap = roleOverlap(lanes)
	return s
}

// tenure is a period in which one member acknowledged writes in one epoch. It ends when
// the member is made primary again: a product may keep the epoch when a member gives
// the role away and takes it back.
type tenure struct {
	epoch        uint32
	member       uint8
	since, until time.Duration   // when it was made primary, and when it was again
	first, last  *record.Attempt // first by arrival of the answer, last by asking
}

func (v *view) newTenure(a *record.Attempt) tenure {
	r := tenure{epoch: a.Epoch, member: a.Member, until: endless, first: a, last: a}
	r.since = v.lastDecision(v.member(a.Member), a.Done)
	for _, t := range v.decisions[v.member(a.Member)] {
		if t > a.Done {
			r.until = t
			break
		}
	}
	return r
}

func (r *tenure) has(a *record.Attempt) bool {
	return r.epoch == a.Epoch && r.member == a.Member && a.Done >= r.since && a.Done < r.until
}

// isAckOfMember reports whether a is a write that a known member acknowledged.
func (v *view) isAckOfMember(a *record.Attempt) bool {
	return a.Outcome == record.Acked && a.Member != 0 && v.rec.Head.Streams[a.Stream].Kind == record.Write
}

// before reports whether r began before o: in an earlier epoch, or earlier in the
// same one.
func (r *tenure) before(o *tenure) bool {
	return r.epoch < o.epoch || r.epoch == o.epoch && r.first.Done < o.first.Done
}

// splitByEpoch finds a split brain of a product with epochs. An epoch belongs to
// one member and ends when another member begins the next. A write proves a split
// brain if it was acknowledged, and was sent to its member after another member
// had acknowledged one in a later tenure.
func (v *view) splitByEpoch() Split {
	var tenures []tenure
	n := -1 // the tenure of the acknowledgement before, which is nearly always that of the next
	for i := range v.rec.Attempts {
		a := &v.rec.Attempts[i]
		if a.Epoch == 0 || !v.isAckOfMember(a) {
			continue
		}
		if n < 0 || !tenures[n].has(a) {
			n = slices.IndexFunc(tenures, func(r tenure) bool { return r.has(a) })
		}
		if n < 0 {
			n = len(tenures)
			tenures = append(tenures, v.newTenure(a))
			continue
		}
		r := &tenures[n]
		if a.Done < r.first.Done {
			r.first = a
		}
		if a.Asked() > r.last.Asked() {
			r.last = a
		}
	}
	var worst Split
	for _, old := range tenures {
		for _, young := range tenures {
			if old.member == young.member || !old.before(&young) || old.last.Asked() <= young.first.Done {
				continue
			}
			if overlap := old.last.Done - young.first.Done; overlap > worst.Overlap {
				worst = Split{Proved: true, First: v.token(young.first), Second: v.token(old.last), Overlap: overlap}
			}
		}
	}
	return worst
}

// roleOverlap is for how long at least two members called themselves primary at
// once.
func roleOverlap(lanes []Lane) time.Duration {
	var both []Span
	for i, a := range lanes {
		for _, b := range lanes[i+1:] {
			both = append(both, overlaps(a.Roles, b.Roles)...)
		}
	}
	slices.SortFunc(both, func(a, b Span) int { return cmp.Compare(a.From, b.From) })
	var total, end time.Duration
	for _, s := range both {
		total += max(0, s.To-max(s.From, end))
		end = max(end, s.To)
	}
	return total
}

// overlaps returns the times in which both say that they are primary. Both lists
// are in order.
func overlaps(a, b []RoleSpan) []Span {
	var both []Span
	for len(a) > 0 && len(b) > 0 {
		if a[0].Role == primaryRole && b[0].Role == primaryRole {
			s := Span{max(a[0].From, b[0].From), min(a[0].Said, b[0].Said)}
			if s.To > s.From {
				both = append(both, s)
			}
		}
		if a[0].To < b[0].To {
			a = a[1:]
		} else {
			b = b[1:]
		}
	}
	return both
}
