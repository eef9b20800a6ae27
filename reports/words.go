package reports

import (
	"embed"
	"slices"
	"strconv"
	"strings"
)

//go:embed words/*.txt
var wordFiles embed.FS

// words are all words of a report in one language, by key. Each table is a
// text file of lines "key: text"; {name} in a text is filled in by say, and a
// text in quotes may hold line ends and keeps the spaces at its ends.
type words struct {
	lang  string
	table map[string]string
}

// wordsIn reads the table of a language, else the English one.
func wordsIn(lang string) words {
	if !slices.Contains(Languages(), lang) {
		lang = "en"
	}
	w := words{lang: lang, table: map[string]string{}}
	text, err := wordFiles.ReadFile("words/" + lang + ".txt")
	if err != nil {
		panic("reports: " + err.Error()) // the file is embedded
	}
	for line := range strings.Lines(string(text)) {
		key, value, ok := strings.Cut(strings.TrimSpace(line), ": ")
		if !ok || strings.HasPrefix(key, "#") {
			continue
		}
		if quoted, err := strconv.Unquote(value); err == nil {
			value = quoted
		}
		w.table[key] = value
	}
	return w
}

// say returns the text of a key with its gaps filled: pairs are name and
// value, one after the other. A key that is not there is shown as it is,
// because half a report is better than none; a test finds it.
func (w words) say(key string, pairs ...string) string {
	text, ok := w.table[key]
	if !ok {
		return "⟦" + key + "⟧"
	}
	if len(pairs) == 0 {
		return text
	}
	gaps := make([]string, len(pairs))
	for i, s := range pairs {
		if i%2 == 0 {
			s = "{" + s + "}"
		}
		gaps[i] = s
	}
	return strings.NewReplacer(gaps...).Replace(text)
}

// has reports whether there is a text for the key.
func (w words) has(key string) bool {
	_, ok := w.table[key]
	return ok
}

// sentences puts sentences behind one another. Chinese ones need no space.
func sentences(parts []string) string {
	var s string
	for _, p := range parts {
		if s != "" && !strings.HasSuffix(s, "。") {
			s += " "
		}
		s += p
	}
	return s
}

// count writes a number with separators between the thousands.
func count(n int) string {
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
