package console

import (
	"regexp"
	"regexp/syntax"
	"slices"
)

// mostTexts is how many texts are kept of what an expression begins or goes on with.
const mostTexts = 64

// needs are texts, folded and of two bytes at least, one of which is in everything that
// fits an expression; none if that cannot be said.
func needs(re *regexp.Regexp) []string {
	tree, err := syntax.Parse(re.String(), syntax.Perl)
	if err != nil {
		return nil
	}
	return required(tree)
}

// required are the texts of a part of an expression.
func required(re *syntax.Regexp) []string {
	switch re.Op { //nolint:exhaustive // all others are rows
	case syntax.OpAlternate:
		var all []string
		for _, sub := range re.Sub {
			texts := required(sub)
			if texts == nil {
				return nil
			}
			all = append(all, texts...)
		}
		return all
	case syntax.OpPlus:
		return required(re.Sub[0])
	case syntax.OpRepeat:
		if re.Min > 0 {
			return required(re.Sub[0])
		}
		return nil
	}
	return requiredInRow(inRow(re))
}

// inRow are the parts that follow each other.
func inRow(re *syntax.Regexp) []*syntax.Regexp {
	if re.Op != syntax.OpCapture && re.Op != syntax.OpConcat {
		return []*syntax.Regexp{re}
	}
	var all []*syntax.Regexp
	for _, sub := range re.Sub {
		all = append(all, inRow(sub)...)
	}
	return all
}

// requiredInRow are the longest texts among those of which parts in a row must have one.
func requiredInRow(parts []*syntax.Regexp) []string {
	var best []string
	row := []string{""}
	for _, part := range parts {
		texts := exactly(part)
		if longer := joined(row, texts); longer != nil {
			row = longer
			continue
		}
		best = better(best, row)
		row = texts
		if texts == nil {
			row = []string{""}
		}
		if part.Op == syntax.OpAlternate || part.Op == syntax.OpPlus || part.Op == syntax.OpRepeat {
			best = better(best, required(part))
		}
	}
	return better(best, row)
}

// exactly are all texts that fit a part, folded; nil if there are too many.
func exactly(re *syntax.Regexp) []string {
	switch re.Op { //nolint:exhaustive // of all others there are too many
	case syntax.OpEmptyMatch, syntax.OpBeginLine, syntax.OpEndLine, syntax.OpBeginText, syntax.OpEndText,
		syntax.OpWordBoundary, syntax.OpNoWordBoundary:
		return []string{""}
	case syntax.OpLiteral:
		text, _ := fold(string(re.Rune))
		return []string{text}
	case syntax.OpCharClass:
		return ofClass(re.Rune)
	case syntax.OpQuest:
		if texts := exactly(re.Sub[0]); texts != nil {
			return append(texts, "")
		}
	case syntax.OpAlternate:
		var all []string
		for _, sub := range re.Sub {
			texts := exactly(sub)
			if texts == nil || len(all)+len(texts) > mostTexts {
				return nil
			}
			all = append(all, texts...)
		}
		return all
	case syntax.OpCapture, syntax.OpConcat:
		row := []string{""}
		for _, sub := range re.Sub {
			if row = joined(row, exactly(sub)); row == nil {
				return nil
			}
		}
		return row
	}
	return nil
}

// ofClass are the characters of a class, which has the first and last ones of its ranges.
func ofClass(ranges []rune) []string {
	var all []string
	for i := 0; i+1 < len(ranges); i += 2 {
		if ranges[i+1]-ranges[i] >= mostTexts {
			return nil
		}
		for r := ranges[i]; r <= ranges[i+1]; r++ {
			if text, _ := fold(string(r)); !slices.Contains(all, text) {
				all = append(all, text)
			}
		}
	}
	if len(all) > mostTexts {
		return nil
	}
	return all
}

// joined are texts of a row with each of those that may follow; nil if there are too many.
func joined(row, texts []string) []string {
	if texts == nil || len(row)*len(texts) > mostTexts {
		return nil
	}
	all := make([]string, 0, len(row)*len(texts))
	for _, before := range row {
		for _, text := range texts {
			all = append(all, before+text)
		}
	}
	return all
}

// better are the texts of which the shortest is longer. Those of less than two bytes are
// none.
func better(a, b []string) []string {
	const least = 2
	switch {
	case len(b) == 0 || shortest(b) < least:
		return a
	case len(a) == 0 || shortest(b) > shortest(a) || shortest(b) == shortest(a) && len(b) < len(a):
		return b
	}
	return a
}

func shortest(texts []string) int {
	n := len(texts[0])
	for _, text := range texts {
		n = min(n, len(text))
	}
	return n
}
