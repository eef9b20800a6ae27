package console

import (
	"regexp"
	"strings"
	"unicode/utf8"
)

// control are the sequences that terminals take for themselves.
var control = regexp.MustCompile(
	`\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[()*+][0-9A-Za-z]|[=>78cDEHMNOZ])`)

// Clean is a text without what terminals take for themselves: colours, movements of the
// cursor, what was rubbed out. A return within a line begins another one.
func Clean(text string) string {
	if isClean(text) {
		return text
	}
	text = control.ReplaceAllString(text, "")
	text = strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), "\r", "\n")
	clean := make([]rune, 0, len(text))
	for _, c := range text {
		switch {
		case c == '\b':
			if n := len(clean); n > 0 && clean[n-1] != '\n' {
				clean = clean[:n-1]
			}
		case c == '\n' || c == '\t' || c >= ' ' && c != '\u007f':
			clean = append(clean, c)
		}
	}
	return string(clean)
}

// isClean reports whether there is nothing to be taken out of a text, as of most.
func isClean(text string) bool {
	for i := range len(text) {
		if c := text[i]; c < ' ' && c != '\n' && c != '\t' || c == 0x7f {
			return false
		}
	}
	return utf8.ValidString(text)
}
