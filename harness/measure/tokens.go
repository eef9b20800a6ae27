package measure

import "drillbook/harness/record"

// tokens is a set of tokens: by stream, a bit for each sequence number. Bits
// come in pages, so that a stray number costs one page and not all that lie
// below it.
type tokens struct{ pages [][]*page }

// page has a bit for each of the sequence numbers of one stretch.
type page [pageTokens / 64]uint64

const pageTokens = 1 << 12

func (t *tokens) has(stream uint8, seq uint32) bool {
	if int(stream) >= len(t.pages) || int(seq/pageTokens) >= len(t.pages[stream]) {
		return false
	}
	p := t.pages[stream][seq/pageTokens]
	return p != nil && p[seq%pageTokens/64]&(1<<(seq%64)) != 0
}

// add reports whether the token was new.
func (t *tokens) add(stream uint8, seq uint32) bool {
	p := t.page(stream, seq)
	word, bit := &p[seq%pageTokens/64], uint64(1)<<(seq%64)
	if *word&bit != 0 {
		return false
	}
	*word |= bit
	return true
}

// page is the one that the token belongs to.
func (t *tokens) page(stream uint8, seq uint32) *page {
	if missing := int(stream) + 1 - len(t.pages); missing > 0 {
		t.pages = append(t.pages, make([][]*page, missing)...)
	}
	pages := &t.pages[stream]
	n := int(seq / pageTokens)
	if missing := n + 1 - len(*pages); missing > 0 {
		*pages = append(*pages, make([]*page, missing)...)
	}
	if (*pages)[n] == nil {
		(*pages)[n] = new(page)
	}
	return (*pages)[n]
}

// holding is a copy, ready to be looked up in.
type holding struct {
	*record.Copy
	tokens tokens
	twice  []record.Stored // that are not the first of their token
}

func hold(c *record.Copy) holding {
	h := holding{Copy: c}
	for _, t := range c.Tokens {
		if !h.tokens.add(t.Stream, t.Seq) {
			h.twice = append(h.twice, t)
		}
	}
	return h
}
