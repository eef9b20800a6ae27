package measure

import (
	"cmp"
	"slices"
	"time"

	"drillbook/harness/record"
)

// writes follows every token from its client into the copies of the members.
func (v *view) writes(d Downtime) Writes {
	var w Writes
	for _, s := range v.series {
		if s.stream.Kind != record.Write {
			continue
		}
		c := s.counts()
		if s.stream.Member == "" {
			w.Acked, w.Refused, w.Unknown = w.Acked+c.Acked, w.Refused+c.Refused, w.Unknown+c.Unknown
			continue
		}
		w.Direct.Acked += c.Acked
		w.Direct.Refused += c.Refused
		w.Direct.Unknown += c.Unknown
	}
	copies, unread := v.finalCopies()
	w.Unread = unread
	authority := surviving(copies)
	if authority == nil {
		return w
	}
	w.Counted, w.Authority = true, authority.Member
	held := v.hold(authority)
	v.follow(&w, held)
	v.phantoms(&w, authority)
	w.Duplicated = v.duplicates(copies)
	w.Diverged = v.diverged(copies, authority, held)
	w.OldestLost = v.oldestLost(w.Lost, d)
	return w
}

func (s *series) counts() Counts {
	c := Counts{Acked: len(s.acks)}
	for _, n := range s.fails {
		if s.attempts[n].Outcome == record.Refused {
			c.Refused++
		} else {
			c.Unknown++
		}
	}
	return c
}

// finalCopies are the copies read at the end, and the members that have none
// worth comparing.
func (v *view) finalCopies() (copies []*record.Copy, unread []string) {
	for _, m := range v.rec.Head.Members {
		i := slices.IndexFunc(v.rec.Copies, func(c record.Copy) bool { return c.Final && c.Member == m })
		if i < 0 || v.rec.Copies[i].Err != "" || !v.rec.Copies[i].Synced {
			unread = append(unread, m)
		}
		if i >= 0 && v.rec.Copies[i].Err == "" {
			copies = append(copies, &v.rec.Copies[i])
		}
	}
	return copies, unread
}

// surviving is the copy of the only primary; nil if there is not exactly one.
func surviving(copies []*record.Copy) *record.Copy {
	var found *record.Copy
	for _, c := range copies {
		if c.Role != "primary" {
			continue
		}
		if found != nil {
			return nil
		}
		found = c
	}
	return found
}

// tokens is a set of tokens, a bit each.
type tokens [][]uint64

func (t tokens) has(stream uint8, seq uint32) bool {
	return int(stream) < len(t) && int(seq/64) < len(t[stream]) && t[stream][seq/64]&(1<<(seq%64)) != 0
}

// add reports whether the token was new.
func (t tokens) add(stream uint8, seq uint32) bool {
	if t.has(stream, seq) {
		return false
	}
	if int(stream) >= len(t) {
		return true // of no stream of this record; nothing to remember
	}
	if need := int(seq/64) + 1; need > len(t[stream]) {
		t[stream] = slices.Grow(t[stream], need-len(t[stream]))[:need]
	}
	t[stream][seq/64] |= 1 << (seq % 64)
	return true
}

func (v *view) hold(c *record.Copy) tokens {
	held := make(tokens, len(v.rec.Head.Streams))
	for _, t := range c.Tokens {
		held.add(t.Stream, t.Seq)
	}
	return held
}

func (v *view) token(a *record.Attempt) Token {
	t := Token{Stream: int(a.Stream), Seq: a.Seq, Member: v.member(a.Member), Epoch: a.Epoch}
	if a.Outcome == record.Acked {
		t.At = a.Done
	}
	return t
}

// follow finds what was acknowledged and is gone, and what nobody knew of and
// is there.
func (v *view) follow(w *Writes, held tokens) {
	for i := range v.rec.Attempts {
		a := &v.rec.Attempts[i]
		if v.rec.Head.Streams[a.Stream].Kind != record.Write {
			continue
		}
		here := held.has(a.Stream, a.Seq)
		switch a.Outcome {
		case record.Acked:
			if !here {
				w.Lost = append(w.Lost, v.token(a))
			}
		case record.Unknown:
			if here {
				w.AppliedUnknown++
			}
		case record.Refused:
			if here {
				w.Phantom = append(w.Phantom, v.token(a))
			}
		}
	}
	slices.SortFunc(w.Lost, func(a, b Token) int { return cmp.Compare(a.At, b.At) })
}

// phantoms adds what is stored and was never sent. A record that was cut off
// may lack the attempt, so it has none.
func (v *view) phantoms(w *Writes, c *record.Copy) {
	if v.rec.Tail == nil {
		return
	}
	sent := make(tokens, len(v.rec.Head.Streams))
	for i := range v.rec.Attempts {
		sent.add(v.rec.Attempts[i].Stream, v.rec.Attempts[i].Seq)
	}
	for _, t := range c.Tokens {
		if !sent.has(t.Stream, t.Seq) {
			w.Phantom = append(w.Phantom, Token{Stream: int(t.Stream), Seq: t.Seq, Member: c.Member})
		}
	}
}

// duplicates are the tokens that some member holds more than once.
func (v *view) duplicates(copies []*record.Copy) []Token {
	var twice []Token
	for _, c := range copies {
		seen := make(tokens, len(v.rec.Head.Streams))
		for _, t := range c.Tokens {
			if !seen.add(t.Stream, t.Seq) {
				twice = append(twice, Token{Stream: int(t.Stream), Seq: t.Seq, Member: c.Member})
			}
		}
	}
	return twice
}

// diverged are the tokens that only the authority or only another synced
// member holds.
func (v *view) diverged(copies []*record.Copy, authority *record.Copy, held tokens) []Token {
	var apart []Token
	for _, c := range copies {
		if c == authority || !c.Synced {
			continue
		}
		other := v.hold(c)
		for _, t := range c.Tokens {
			if !held.has(t.Stream, t.Seq) {
				apart = append(apart, Token{Stream: int(t.Stream), Seq: t.Seq, Member: c.Member})
			}
		}
		for _, t := range authority.Tokens {
			if !other.has(t.Stream, t.Seq) {
				apart = append(apart, Token{Stream: int(t.Stream), Seq: t.Seq, Member: authority.Member})
			}
		}
	}
	return apart
}

// oldestLost is how long before the end of service the oldest lost write had
// been acknowledged. Where writes were lost without an outage, it is measured
// from the last one lost.
func (v *view) oldestLost(lost []Token, d Downtime) time.Duration {
	if len(lost) == 0 {
		return 0
	}
	end := lost[len(lost)-1].At
	if d.Longest.Most > 0 && d.Longest.From >= lost[0].At {
		end = max(end, d.Longest.From)
	}
	return end - lost[0].At
}
