package reports

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// clean takes out of foreign text what would not print or would mislead a
// reader: terminal sequences, control characters but for line ends and tabs,
// characters that reverse the direction of writing, and broken UTF-8.
func clean(s string) string {
	if strings.ContainsRune(s, '\x1b') {
		s = terminal().ReplaceAllString(s, "")
	}
	s = strings.ReplaceAll(s, "\r\n", "\n")
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t':
			return r
		case r == '\r':
			return '\n'
		case unicode.IsControl(r), unicode.Is(unicode.Bidi_Control, r), r == '\ufeff', r == '\ufffe', r == '\uffff':
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, "\ufffd"))
}

// terminal matches the sequences by which programs colour their output and
// name their window.
func terminal() *regexp.Regexp {
	return regexp.MustCompile(`\x1b(?:\[[0-9;?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\^_])`)
}

// shorten cuts text to a number of characters and marks the cut.
func shorten(s string, most int) string {
	if utf8.RuneCountInString(s) <= most {
		return s
	}
	runes := []rune(s)
	return strings.TrimSpace(string(runes[:most-1])) + "…"
}

// plain is foreign text for a place that takes one line.
func plain(s string) string { return shorten(line(clean(s)), maxName) }

// maxName bounds names and titles.
const maxName = 200

// line makes one line of text.
func line(s string) string { return strings.Join(strings.Fields(s), " ") }
