package console

import (
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// Row is one line of a table, by the names of its heading.
type Row map[string]string

// Get returns the value of the first of the names that the row has; builds
// call some columns differently.
func (r Row) Get(names ...string) string {
	for _, n := range names {
		if v, ok := r[n]; ok {
			return v
		}
	}
	return ""
}

// word is a word of a line, such as the name of a column, and where it begins, in
// characters.
type word struct {
	text string
	at   int
}

// Table says how a product prints tables.
type Table struct {
	Name    *regexp.Regexp         // what the name of a column looks like
	Telling []string               // a heading has at least one of these names
	Phrases [][]string             // values that have blanks inside, beside times of day with their date
	Ends    func(line string) bool // what stands below a table and is no row; a blank line always ends one
}

// heading reads the names of columns in the heading of a table; it is nil if the
// line is none.
func (t Table) heading(line string) []word {
	names := split(line)
	if len(names) < 2 || slices.ContainsFunc(names, func(w word) bool { return !t.Name.MatchString(w.text) }) ||
		!slices.ContainsFunc(names, func(w word) bool { return slices.Contains(t.Telling, w.text) }) {
		return nil
	}
	return names
}

var notBlank = regexp.MustCompile(`[^\s\v\x{85}\p{Z}]+`) // as strings.Fields has it

func split(line string) []word {
	all := notBlank.FindAllStringIndex(line, -1)
	words := make([]word, 0, len(all))
	for _, at := range all {
		words = append(words, word{line[at[0]:at[1]], utf8.RuneCountInString(line[:at[0]])})
	}
	return words
}

var date, clock = regexp.MustCompile(`^\d{4}-\d\d-\d\d$`), regexp.MustCompile(`^\d\d:\d\d:\d\d`)

// values joins the words that are one value.
func (t Table) values(line string) []word {
	words := split(line)
	var joined []word
	for i := 0; i < len(words); {
		n := 1
		if i+1 < len(words) && date.MatchString(words[i].text) && clock.MatchString(words[i+1].text) {
			n = 2
		}
		for _, p := range t.Phrases {
			if n == 1 && i+len(p) <= len(words) && slices.EqualFunc(words[i:i+len(p)], p, func(w word, s string) bool {
				return strings.EqualFold(w.text, s)
			}) {
				n = len(p)
			}
		}
		w := words[i]
		for _, more := range words[i+1 : i+n] {
			w.text += " " + more.text
		}
		joined = append(joined, w)
		i += n
	}
	return joined
}

// row reads a line below a heading. Where every value begins below a name, the
// padding is as it was printed and a column may be empty; otherwise values are
// taken one after the other.
func (t Table) row(columns []word, line string) Row {
	found := t.values(line)
	below := make([]int, 0, len(found))
	for _, w := range found {
		below = append(below, slices.IndexFunc(columns, func(c word) bool { return c.at == w.at }))
	}
	padded := !slices.Contains(below, -1)
	r := Row{}
	for i, w := range found {
		at := i
		if padded {
			at = below[i]
		}
		if at < len(columns) {
			r[columns[at].text] = w.text
		}
	}
	return r
}

// Rows reads every table in a text: rows follow their heading, up to a blank line,
// another heading, or what ends a table.
func (t Table) Rows(text string) []Row {
	var rows []Row
	var columns []word
	fresh := false // no row since the heading
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, " \t\r\n")
		if c := t.heading(line); c != nil {
			columns, fresh = c, true
			continue
		}
		switch {
		case line == "" && fresh:
		case line == "" || t.Ends(line):
			columns = nil
		case columns != nil:
			rows, fresh = append(rows, t.row(columns, line)), false
		}
	}
	return rows
}
