package measure

import "drillbook/harness/record"

// tokens is a set of tokens: by stream, one bit for each sequence number. Bits
// are allocated in pages, so that a single high number does not need memory for
// all below it.
type tokens struct{ pages [][]*page }

// page has the bits of one range of sequence numbers.
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

// page returns the page of a token, which it allocates if needed.
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

// holding is a member's copy with an index of its tokens.
type holding struct {
	*record.Copy
	tokens   tokens
	repeated []record.Stored // all but the first of each token
}

func newHolding(c *record.Copy) holding {
	h := holding{Copy: c}
	for _, t := range c.Tokens {
		if !h.tokens.add(t.Stream, t.Seq) {
			h.repeated = append(h.repeated, t)
		}
	}
	return h
}
