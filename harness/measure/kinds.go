package measure

import (
	"cmp"
	"slices"
	"time"

	"drillbook/harness/record"
)

// The kinds of member of which measuring knows something, as drivers say them.
const (
	asynchronous     = "asynchronous"
	disasterRecovery = "disaster-recovery"
	witness          = "witness"
)

// holders are the members that hold data. A witness holds none: nobody reads it back,
// nothing can differ on it, and it cannot be the primary that decides what is lost.
func (v *view) holders() []string {
	return slices.DeleteFunc(slices.Clone(v.rec.Head.Members), func(m string) bool {
		return v.rec.Head.Kinds[m] == witness
	})
}

// mayBeBehind reports whether a copy has not caught up, and need not have: no commit waits
// for its member, which still receives. What is lost is told by the primary's copy, so
// that breaks no promise. One that has ceased to receive is another matter: it may never
// hold what it lacks.
func (v *view) mayBeBehind(c *record.Copy) bool {
	kind := v.rec.Head.Kinds[c.Member]
	return !c.Synced && c.Follows && (kind == asynchronous || kind == disasterRecovery)
}

// Behind is a copy that had not caught up when it was read, and need not have.
type Behind struct {
	Member string
	Writes int // of those that the primary holds, which it does not hold yet
}

// compareBehind compares the copies that may be behind, in what they hold: that the
// authority lacks a token of theirs makes it diverged. One that lacks what must have come
// before what it holds is not only behind: it is told nothing by, as if it were unread.
func (v *view) compareBehind(w *Writes, copies []holding, authority *holding) (apart []Token) {
	for i := range copies {
		c := &copies[i]
		switch {
		case c == authority || !v.mayBeBehind(c.Copy):
		case v.hasHole(c, authority):
			w.Unread = append(w.Unread, c.Member)
		default:
			w.Behind = append(w.Behind, Behind{c.Member, len(uniqueTokens(missing(authority, c)))})
			apart = append(apart, missing(c, authority)...)
		}
	}
	return apart
}

// hasHole reports whether a copy lacks a write of the authority's that had been
// acknowledged before another one was asked that it holds.
func (v *view) hasHole(c, authority *holding) bool {
	newest := time.Duration(-1)
	for i := range v.rec.Attempts {
		if a := &v.rec.Attempts[i]; c.tokens.has(a.Stream, a.Seq) && v.stores(a) {
			newest = max(newest, a.Asked())
		}
	}
	return slices.ContainsFunc(v.rec.Attempts, func(a record.Attempt) bool {
		return a.Outcome == record.Acked && a.Done < newest && v.stores(&a) &&
			authority.tokens.has(a.Stream, a.Seq) && !c.tokens.has(a.Stream, a.Seq)
	})
}

// stores reports whether an attempt stores a token.
func (v *view) stores(a *record.Attempt) bool {
	kind := v.rec.Head.Streams[a.Stream].Kind
	return kind == record.Write || kind == record.Put
}

// missing are the tokens that one copy holds and another one lacks.
func missing(from, in *holding) []Token {
	var apart []Token
	for _, t := range from.Tokens {
		if !in.tokens.has(t.Stream, t.Seq) {
			apart = append(apart, from.token(t))
		}
	}
	return apart
}

// wrongPrimary is a change of primary that was ordered of one member and made by another.
type wrongPrimary struct {
	at              time.Duration // of the order
	ordered, became string
}

// findWrongPrimaries finds them: between an order and the next, the other one became
// primary, and the ordered one did nothing that a primary does. A former primary that goes
// on after an order that was not carried out has not become it. Whoever became primary is
// then taken for chosen as well, so that what it acknowledges is no split brain.
func (v *view) findWrongPrimaries(lanes []Lane) {
	for ordered, times := range v.decisions {
		for _, at := range times {
			term := Span{From: at, To: v.nextDecision(at)}
			if v.led(ordered, lanes, term) {
				continue
			}
			for _, l := range lanes {
				if l.Member != ordered && l.becamePrimary(term) {
					v.wrong = append(v.wrong, wrongPrimary{at, ordered, l.Member})
				}
			}
		}
	}
	slices.SortFunc(v.wrong, func(a, b wrongPrimary) int {
		return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.ordered, b.ordered), cmp.Compare(a.became, b.became))
	})
	for _, w := range v.wrong {
		v.decisions[w.became] = append(v.decisions[w.became], w.at)
		slices.Sort(v.decisions[w.became])
	}
}

// nextDecision is when a member was chosen as the primary next, after a time.
func (v *view) nextDecision(after time.Duration) time.Duration {
	next := v.end
	for _, times := range v.decisions {
		for _, at := range times {
			if at > after {
				next = min(next, at)
			}
		}
	}
	return next
}

// led reports whether a member said that it is primary, or acknowledged a write, in a time.
func (v *view) led(member string, lanes []Lane, term Span) bool {
	for _, l := range lanes {
		if l.Member == member && slices.ContainsFunc(l.Roles, func(s RoleSpan) bool {
			return s.Role == primaryRole && s.From <= term.To && s.Said >= term.From
		}) {
			return true
		}
	}
	return slices.ContainsFunc(v.rec.Attempts, func(a record.Attempt) bool {
		return v.isAckOfMember(&a) && v.member(a.Member) == member && a.Done >= term.From && a.Done <= term.To
	})
}

// becamePrimary reports whether the member said that it is something else as the time
// began, and within it that it is primary.
func (l Lane) becamePrimary(term Span) bool {
	i := slices.IndexFunc(l.Roles, func(s RoleSpan) bool { return s.From <= term.From && term.From < s.To })
	if i < 0 || l.Roles[i].Role == "" || l.Roles[i].Role == primaryRole {
		return false
	}
	return slices.ContainsFunc(l.Roles[i+1:], func(s RoleSpan) bool {
		return s.Role == primaryRole && s.From <= term.To
	})
}
