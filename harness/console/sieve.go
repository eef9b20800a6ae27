package console

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Sieve tells at a glance which of several expressions a line cannot fit: each needs a
// text, or one of some, that the line does not have. What the texts are is read from the
// expressions themselves, so that nothing has to be kept in step with them.
type Sieve struct {
	always Passed
	pairs  [1 << 16 / 64]uint64 // of bytes with which some text begins
	begins map[uint16][]needed  // by that pair
}

// needed is a text, and the expressions that may fit where it is.
type needed struct {
	text string
	then Passed
}

// Passed are the expressions that may fit, by their numbers.
type Passed uint64

// Has reports whether an expression may fit.
func (p Passed) Has(number int) bool { return p&(1<<number) != 0 }

// NewSieve makes a sieve of groups of expressions, 64 at most: a group passes where one of
// its expressions may fit.
func NewSieve(groups ...[]*regexp.Regexp) *Sieve {
	s := &Sieve{begins: map[uint16][]needed{}}
	for number, group := range groups {
		for _, re := range group {
			s.add(needs(re), 1<<number)
		}
	}
	return s
}

func (s *Sieve) add(texts []string, then Passed) {
	if len(texts) == 0 {
		s.always |= then
	}
	for _, text := range texts {
		pair := uint16(text[0])<<8 | uint16(text[1])
		s.pairs[pair/64] |= 1 << (pair % 64)
		s.begins[pair] = append(s.begins[pair], needed{text, then})
	}
}

// Of are the expressions that a line may fit.
func (s *Sieve) Of(line string) Passed {
	passed := s.always
	line, _ = fold(line)
	for i := 1; i < len(line); i++ {
		pair := uint16(line[i-1])<<8 | uint16(line[i])
		if s.pairs[pair/64]&(1<<(pair%64)) == 0 {
			continue
		}
		for _, n := range s.begins[pair] {
			if strings.HasPrefix(line[i-1:], n.text) {
				passed |= n.then
			}
		}
	}
	return passed
}

// fold is a text in which letters that expressions take for one, whatever their case, are
// one; and whether everything in it has stayed in its place.
func fold(text string) (folded string, inPlace bool) {
	for i := range len(text) {
		if text[i] >= utf8.RuneSelf {
			return foldWide(text)
		}
	}
	return strings.ToLower(text), true
}

func foldWide(text string) (folded string, inPlace bool) {
	inPlace = utf8.ValidString(text)
	return strings.Map(func(r rune) rune {
		f := foldRune(r)
		inPlace = inPlace && utf8.RuneLen(f) == utf8.RuneLen(r)
		return f
	}, text), inPlace
}

func foldRune(r rune) rune {
	const ideographs, behind = '\u2e80', '\ua000' // these have no case
	if r < utf8.RuneSelf || r >= ideographs && r < behind {
		return unicode.ToLower(r)
	}
	least := r
	for f := unicode.SimpleFold(r); f != r; f = unicode.SimpleFold(f) {
		least = min(least, f)
	}
	if least < utf8.RuneSelf {
		return unicode.ToLower(least)
	}
	return least
}
