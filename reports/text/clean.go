// Package text makes foreign text fit to be shown: what databases, consoles, files
// and people have written, on paper or on a terminal.
package text

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Clean takes out of foreign text what would not print or would mislead a
// reader: terminal sequences, control characters but for line ends and tabs,
// characters that have no width or turn the direction of writing, and broken UTF-8.
// Whatever shows text of databases, consoles or files, on paper or on a terminal,
// shows it through here.
func Clean(s string) string {
	s = strings.ToValidUTF8(s, "\ufffd")
	if strings.ContainsAny(s, "\x1b\u009b\u009d\u0090") {
		s = terminal().ReplaceAllString(s, "")
	}
	s = strings.ReplaceAll(s, "\r\n", "\n")
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t':
			return r
		case r == '\r', r == '\u2028', r == '\u2029':
			return '\n'
		case unicode.IsControl(r), unicode.In(r, unicode.Cf, unicode.Bidi_Control, unicode.Noncharacter_Code_Point):
			return -1
		}
		return r
	}, s)
}

// terminal matches the sequences by which programs colour their output and
// name their window.
func terminal() *regexp.Regexp {
	return regexp.MustCompile(`(?:\x1b\[|\x{9b})[0-?]*[ -/]*[@-~]` +
		`|(?:\x1b[\]PX^_]|\x{9d}|\x{90})[^\x07\x1b\x{9c}]*(?:\x07|\x1b\\|\x{9c})` +
		`|\x1b[ -/]*[0-~]`)
}

// Shorten cuts text to a number of characters and marks the cut.
func Shorten(s string, most int) string {
	if utf8.RuneCountInString(s) <= most {
		return s
	}
	runes := []rune(s)
	return strings.TrimSpace(string(runes[:most-1])) + "…"
}

// Name is foreign text for a place that takes one line, such as a name or a title.
func Name(s string) string {
	const most = 200
	return Shorten(Line(Clean(s)), most)
}

// Line makes one line of text.
func Line(s string) string { return strings.Join(strings.Fields(s), " ") }
