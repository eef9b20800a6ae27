package console

import (
	"maps"
	"regexp"
	"strings"

	"drillbook/harness/phrase"
)

// Kind is what a line says. Its name is the one that files of patterns have.
type Kind string

// Patterns are the wordings of each kind, tried in their order.
type Patterns map[Kind][]*regexp.Regexp

// Compile makes patterns of a product's wordings, which must be expressions. All
// wordings of a kind have the groups of the first.
func Compile(wordings map[Kind][]string) Patterns {
	p := Patterns{}
	for kind, all := range wordings {
		for _, w := range all {
			p[kind] = append(p[kind], regexp.MustCompile(w))
		}
	}
	return p
}

// Match returns the groups of the first wording of a kind that fits a text.
func (p Patterns) Match(kind Kind, text string) ([]string, bool) {
	for _, re := range p[kind] {
		if m := re.FindStringSubmatch(text); m != nil {
			return m[1:], true
		}
	}
	return nil, false
}

// Load returns the patterns with those of a file tried first. Each line of it
// is the name of a kind, =, and a regular expression with as many groups as
// the kind has; lines that begin with # are comments.
func (p Patterns) Load(text string) (Patterns, error) {
	all := maps.Clone(p)
	number := 0
	for line := range strings.Lines(text) {
		number++
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		name, expr, ok := strings.Cut(line, "=")
		kind := Kind(strings.TrimSpace(name))
		known, there := p[kind]
		if !ok || !there {
			const some = 3
			return nil, phrase.Errorf("pattern file, line %d: %q names no kind; write KIND = expression; the nearest "+
				"kinds are %s; the product's page in docs/ says where all %d are",
				number, line, strings.Join(Near(strings.TrimSpace(name), p.kinds(), some), ", "), len(p))
		}
		re, err := regexp.Compile(strings.TrimSpace(expr))
		if err != nil {
			return nil, phrase.Errorf("pattern file, line %d: %w", number, err)
		}
		if want := known[0].NumSubexp(); re.NumSubexp() < want {
			return nil, phrase.Errorf("pattern file, line %d: %s has %d groups, not the %d that are wanted, as in %s",
				number, kind, re.NumSubexp(), want, known[0])
		}
		all[kind] = append([]*regexp.Regexp{re}, all[kind]...)
	}
	return all, nil
}

// kinds are the names of all kinds.
func (p Patterns) kinds() []string {
	all := make([]string, 0, len(p))
	for kind := range p {
		all = append(all, string(kind))
	}
	return all
}
