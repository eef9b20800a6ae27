// Package words holds what reports say, in each language, and puts it into
// sentences and figures.
package words

import (
	"embed"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"drillbook/reports/text"
)

//go:embed *.txt zh/*.txt
var files embed.FS

// ErrLanguage is wrapped when there are no words in a language.
var ErrLanguage = errors.New("no such language")

// Languages are the codes of the languages that reports are written in.
func Languages() []string { return []string{"en", "zh"} }

// Words are all words of a report in one language, by key. Each table is a
// text file of lines "key: text"; {name} in a text is filled in by Say, and a
// text in quotes may hold line ends and keeps the spaces at its ends.
type Words struct {
	Lang    string // its code
	table   map[string]string
	phrases map[string]string // by their codes; none in English
}

// Find reads the words of a language.
func Find(lang string) (Words, error) {
	if !slices.Contains(Languages(), lang) {
		return Words{}, fmt.Errorf("%w: %q; there are %v", ErrLanguage, lang, Languages())
	}
	return In(lang), nil
}

// In reads the words of a language, else the English ones.
func In(lang string) Words {
	if !slices.Contains(Languages(), lang) {
		lang = "en"
	}
	w := Words{Lang: lang, phrases: phrases(lang)}
	for _, name := range tables(lang) {
		table, err := files.ReadFile(name)
		if err != nil {
			panic("words: " + err.Error()) // the file is embedded
		}
		w = w.With(string(table))
	}
	return w
}

// tables are the files with the words of a language.
func tables(lang string) []string {
	return []string{lang + ".txt", "people." + lang + ".txt", "sheet." + lang + ".txt", "watched." + lang + ".txt"}
}

// With returns the words and those of another table, which may have texts of its own
// for the same keys.
func (w Words) With(table string) Words {
	all := maps.Clone(w.table)
	if all == nil {
		all = map[string]string{}
	}
	for line := range strings.Lines(table) {
		key, value, ok := strings.Cut(strings.TrimSpace(line), ": ")
		if !ok || strings.HasPrefix(key, "#") {
			continue
		}
		if quoted, err := strconv.Unquote(value); err == nil {
			value = quoted
		}
		all[key] = value
	}
	w.table = all
	return w
}

// Say returns the text of a key with its gaps filled: pairs are name and
// value, one after the other. A key that is not there is shown as it is,
// because half a report is better than none; a test finds it.
func (w Words) Say(key string, pairs ...string) string {
	said, ok := w.table[key]
	if !ok {
		return "⟦" + text.Name(key) + "⟧" // it may be made of foreign text
	}
	if len(pairs) == 0 {
		return said
	}
	gaps := make([]string, len(pairs))
	for i, s := range pairs {
		if i%2 == 0 {
			s = "{" + s + "}"
		}
		gaps[i] = s
	}
	return strings.NewReplacer(gaps...).Replace(said)
}

// Has reports whether there is a text for the key.
func (w Words) Has(key string) bool {
	_, ok := w.table[key]
	return ok
}

// Sentences puts sentences behind one another. Chinese ones need no space.
func Sentences(parts []string) string {
	var s string
	for _, p := range parts {
		if s != "" && !strings.HasSuffix(s, "。") {
			s += " "
		}
		s += p
	}
	return s
}

// Count writes a number with separators between the thousands.
func Count(n int) string {
	s := strconv.Itoa(n)
	first := 0
	if n < 0 {
		first = 1
	}
	for i := len(s) - 3; i > first; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// List names several.
func (w Words) List(names []string) string {
	clean := make([]string, len(names))
	for i, n := range names {
		clean[i] = text.Name(n)
	}
	return strings.Join(clean, w.Say("comma"))
}
