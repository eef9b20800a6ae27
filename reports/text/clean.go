// Package text makes foreign text fit to be shown: what databases, consoles, files
// and people have written, on paper or on a terminal.
package text

import (
	"regexp"
	"slices"
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
	if slices.ContainsFunc([]string{"\x1b", "\u009b", "\u009d", "\u0090"}, func(begin string) bool {
		return strings.Contains(s, begin)
	}) {
		s = terminal().ReplaceAllString(s, "")
	}
	s = strings.ReplaceAll(s, "\r\n", "\n")
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t' || r >= ' ' && r <= '~' || r >= 0x4e00 && r <= 0x9fff:
			return r // nearly all text: ASCII and Chinese
		case r == '\r', r == '\u2028', r == '\u2029':
			return '\n'
		case unicode.IsControl(r), unicode.In(r, unicode.Cf, unicode.Bidi_Control, unicode.Noncharacter_Code_Point):
			return -1
		}
		return r
	}, s)
}

// terminal matches the sequences by which programs colour their output and
// name their window. The Strip of x/ansi would show half of a window's name in Chinese,
// since it takes the byte 9c inside of 本 for the end, would hide all text after a sequence
// that does not end, and does not know U+009B.
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

// Short is foreign text, cleaned and cut to a number of characters.
func Short(s string, most int) string { return Shorten(Clean(begin(s, most)), most) }

// Name is foreign text for a place that takes one line, such as a name or a title.
func Name(s string) string {
	const most = 200
	return Shorten(Line(Clean(begin(s, most))), most)
}

// begin is as much of a text as so many characters can come from, so that nobody
// cleans a megabyte for its first line.
func begin(s string, most int) string {
	n := 16 * most
	if len(s) <= n {
		return s
	}
	for !utf8.RuneStart(s[n]) && n > 0 {
		n--
	}
	return s[:n] + "…"
}

// Line makes one line of text.
func Line(s string) string { return strings.Join(strings.Fields(s), " ") }
