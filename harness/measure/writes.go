package measure

import (
	"cmp"
	"slices"
	"time"

	"drillbook/harness/record"
)

// writes compares every token with the copies of the members.
func (v *view) writes(outages []Outage, lanes []Lane) Writes {
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
	authority := v.authority(copies, lanes)
	if authority == nil {
		return w
	}
	w.Counted, w.Authority = true, authority.Member
	v.compareWithCopy(&w, authority)
	v.phantoms(&w, authority)
	w.Duplicated = uniqueTokens(duplicates(copies))
	w.Diverged = uniqueTokens(append(diverged(copies, authority), v.compareBehind(&w, copies, authority)...))
	w.OldestLost = v.oldestLost(w.Lost, outages)
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

// finalCopies returns the copies that were read at the end, and the members that hold data
// and of which there is none that can be compared.
func (v *view) finalCopies() (copies []holding, unread []string) {
	for _, m := range v.holders() {
		i := slices.IndexFunc(v.rec.Copies, func(c record.Copy) bool { return c.Final && c.Member == m })
		if i < 0 || v.rec.Copies[i].Err != "" || !v.rec.Copies[i].Synced && !v.mayBeBehind(&v.rec.Copies[i]) {
			unread = append(unread, m)
		}
		if i >= 0 && v.rec.Copies[i].Err == "" {
			copies = append(copies, newHolding(&v.rec.Copies[i]))
		}
	}
	return copies, unread
}

func (v *view) token(a *record.Attempt) Token {
	t := Token{Stream: int(a.Stream), Seq: a.Seq, Member: v.member(a.Member), Epoch: a.Epoch}
	if a.Outcome == record.Acked {
		t.At = a.Done
	}
	return t
}

// compareWithCopy counts the acknowledged writes that the copy lacks, and the
// unknown and refused ones that it holds.
func (v *view) compareWithCopy(w *Writes, c *holding) {
	for i := range v.rec.Attempts {
		a := &v.rec.Attempts[i]
		if v.rec.Head.Streams[a.Stream].Kind != record.Write {
			continue
		}
		here := c.tokens.has(a.Stream, a.Seq)
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

// phantoms adds the tokens that are stored and were never sent. A record that was
// cut off may lack the attempts, so none is counted there.
func (v *view) phantoms(w *Writes, c *holding) {
	if v.rec.Tail == nil {
		return
	}
	var sent tokens
	for i := range v.rec.Attempts {
		sent.add(v.rec.Attempts[i].Stream, v.rec.Attempts[i].Seq)
	}
	for _, t := range c.Tokens {
		if !sent.has(t.Stream, t.Seq) {
			w.Phantom = append(w.Phantom, c.token(t))
		}
	}
}

// token is a token that the member holds.
func (h *holding) token(t record.Stored) Token {
	return Token{Stream: int(t.Stream), Seq: t.Seq, Member: h.Member}
}

// duplicates are the tokens that some member holds more than once.
func duplicates(copies []holding) []Token {
	var twice []Token
	for _, c := range copies {
		for _, t := range c.repeated {
			twice = append(twice, c.token(t))
		}
	}
	return twice
}

// diverged returns the tokens that either the authority or another synchronised
// member lacks.
func diverged(copies []holding, authority *holding) []Token {
	var apart []Token
	for i := range copies {
		if c := &copies[i]; c != authority && c.Synced {
			apart = append(append(apart, missing(c, authority)...), missing(authority, c)...)
		}
	}
	return apart
}

// uniqueTokens keeps one of each token, on however many members it was found.
func uniqueTokens(tokens []Token) []Token {
	seen := make(map[[2]int]bool, len(tokens))
	return slices.DeleteFunc(tokens, func(t Token) bool {
		key := [2]int{t.Stream, int(t.Seq)}
		again := seen[key]
		seen[key] = true
		return again
	})
}

// oldestLost is how long before the end of service a lost write had been
// acknowledged, at most. Lost writes that were sent straight to members are
// measured up to the last one lost, as are those that no outage follows.
func (v *view) oldestLost(lost []Token, outages []Outage) (oldest time.Duration) {
	ends := make([]time.Duration, 0, len(outages))
	for _, o := range outages {
		if !slices.ContainsFunc(lost, func(t Token) bool { return t.Stream == o.Stream && t.At == o.To }) {
			ends = append(ends, o.From)
		}
	}
	slices.Sort(ends)
	for len(lost) > 0 {
		n, end := len(lost), time.Duration(0)
		for len(ends) > 0 && ends[0] < lost[0].At {
			ends = ends[1:]
		}
		if len(ends) > 0 {
			n, _ = slices.BinarySearchFunc(lost, ends[0]+1, func(t Token, at time.Duration) int {
				return cmp.Compare(t.At, at)
			})
			if slices.ContainsFunc(lost[:n], func(t Token) bool { return v.isClientWrite(t.Stream) }) {
				end = ends[0]
			}
		}
		oldest = max(oldest, max(end, lost[n-1].At)-lost[0].At)
		lost = lost[n:]
	}
	return oldest
}
