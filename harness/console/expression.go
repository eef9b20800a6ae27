package console

import (
	"regexp"
	"regexp/syntax"
	"strings"
	"unicode/utf8"
)

// Expression finds what a regular expression does, and tries it only where one of the
// texts is that it begins with. That is many times quicker in long logs.
type Expression struct {
	whole  *regexp.Regexp
	needs  []string // none of them: it does not fit
	begins []string // if it must begin with one of these
	first  *regexp.Regexp
	later  *regexp.Regexp // behind one character, which is what \b and ^ look at
}

// Quick are expressions that are found quickly.
func Quick(all ...*regexp.Regexp) []Expression {
	quick := make([]Expression, len(all))
	for i, re := range all {
		e := Expression{whole: re, needs: needs(re)}
		if tree, err := syntax.Parse(re.String(), syntax.Perl); err == nil {
			e.begins = begins(tree)
		}
		if e.begins != nil {
			e.first = regexp.MustCompile(`\A(?:` + re.String() + `)`)
			e.later = regexp.MustCompile(`\A(?s:.)(?:` + re.String() + `)`)
		}
		quick[i] = e
	}
	return quick
}

// begins are the texts, folded, one of which everything that fits begins with; none if that
// cannot be said.
func begins(re *syntax.Regexp) []string {
	const most, least = 16, 2
	row := []string{""}
	if re.Op == syntax.OpAlternate {
		row = nil
		for _, sub := range re.Sub {
			texts := begins(sub)
			if texts == nil {
				return nil
			}
			row = append(row, texts...)
		}
	} else {
		for _, part := range inRow(re) {
			longer := joined(row, exactly(part))
			if longer == nil || len(longer) > most {
				break
			}
			row = longer
		}
	}
	if len(row) > most || shortest(row) < least {
		return nil
	}
	return row
}

// Find is as FindStringSubmatchIndex of the regular expression.
func (e Expression) Find(text string) []int {
	folded, inPlace := fold(text)
	if len(e.needs) > 0 && next(folded, e.needs) < 0 {
		return nil
	}
	if e.begins == nil || !inPlace {
		return e.whole.FindStringSubmatchIndex(text)
	}
	for from := 0; ; from++ {
		at := next(folded[from:], e.begins)
		if at < 0 {
			return nil
		}
		from += at
		if found := e.at(text, from); found != nil {
			return found
		}
	}
}

// at is what is found at a place.
func (e Expression) at(text string, place int) []int {
	if place == 0 {
		return e.first.FindStringSubmatchIndex(text)
	}
	_, width := utf8.DecodeLastRuneInString(text[:place])
	found := e.later.FindStringSubmatchIndex(text[place-width:])
	for i := range found {
		if found[i] >= 0 {
			found[i] += place - width
		}
	}
	if found != nil {
		found[0] = place
	}
	return found
}

// next is where the first of some texts is, or -1.
func next(text string, of []string) int {
	least := -1
	for _, one := range of {
		before := text
		if least >= 0 {
			before = text[:min(len(text), least+len(one)-1)]
		}
		if at := strings.Index(before, one); at >= 0 {
			least = at
		}
	}
	return least
}

// Groups are the groups of what is found, as FindStringSubmatch has them behind the first.
func (e Expression) Groups(text string) ([]string, bool) {
	at := e.Find(text)
	if at == nil {
		return nil, false
	}
	groups := make([]string, len(at)/2-1)
	for i := range groups {
		if from := at[2*i+2]; from >= 0 {
			groups[i] = text[from:at[2*i+3]]
		}
	}
	return groups, true
}
