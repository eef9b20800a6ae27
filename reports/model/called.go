package model

import (
	"slices"
	"strings"

	"drillbook/reports/text"
)

// called is a text of the runbook with the members' names replaced by those that people
// know them by. Names within longer words, such as a-private, stay.
func (d sheetDrafter) called(s string) string {
	if len(d.cover.Members) == 0 {
		return s
	}
	var out strings.Builder
	for len(s) > 0 {
		n := strings.IndexFunc(s, func(r rune) bool { return !ofWord(r) })
		if n < 0 {
			n = len(s)
		}
		if n == 0 { // what lies between two words
			n = strings.IndexFunc(s, ofWord)
			if n < 0 {
				n = len(s)
			}
			out.WriteString(s[:n])
			s = s[n:]
			continue
		}
		word := strings.TrimRight(s[:n], ".")
		stops := s[len(word):n]
		s = s[n:]
		if name := d.displayName(word); name != "" && !d.article(word, stops+s) {
			word = text.Name(name)
		}
		out.WriteString(word + stops)
	}
	return out.String()
}

// displayName is what people call a member; "" if the word is none. Consoles write names in
// capitals, and so do pages about them; of one letter that is another word.
func (d sheetDrafter) displayName(word string) string {
	name := d.cover.Members[word]
	if name == "" && len(word) > 1 {
		name = d.cover.Members[strings.ToLower(word)]
	}
	return name
}

// ofWord reports whether a character may be part of a name, a path or a variable.
func ofWord(r rune) bool {
	return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-_./$:@=", r)
}

// article reports whether a word of English text is the article and not a member of that
// name: the article stands before a noun, a name before anything else.
func (d sheetDrafter) article(word, rest string) bool {
	if d.Lang != "en" || word != "a" {
		return false
	}
	next, spaced := strings.CutPrefix(rest, " ")
	if !spaced {
		return false
	}
	first, _, _ := strings.Cut(next, " ")
	return !slices.Contains([]string{
		"to", "and", "or", "is", "was", "as", "with", "must", "has", "had", "does", "follows", "on", "in", "from",
		"into", "by", "for", "at", "again", "first", "alone", "can", "may", "takes", "serves", "→",
	}, strings.Trim(first, ".,;:"))
}
