package container

import (
	"regexp"
	"slices"
	"strings"
	"unicode"
)

const (
	// quotedComplaints are how many complaints of a command are quoted, and
	// complaintColumns how much of each.
	quotedComplaints = 3
	complaintColumns = 240
)

var (
	// complaint begins a line in which mmdebstrap, apt or dpkg says what went wrong.
	complaint = regexp.MustCompile(`^(E:|Err:|(?i:[a-z./-]+: )?(?i:error)\b)`)
	// vague is one that says that something did, and not what.
	vague = regexp.MustCompile(`^E: (mmdebstrap failed to run|Sub-process .* returned an error code)`)
	// escapeSequence is one that a terminal would obey.
	escapeSequence = regexp.MustCompile(`\x1b(\[[0-9;?]*[ -/]*[@-~]|\][^\x07\x1b]*(\x07|\x1b\\)|.)`)
)

// complaints returns the first errors that a Debian command printed. The first
// one is the cause, and the later ones mostly follow from it. If there is none,
// it returns the last line.
func complaints(said string) string {
	var all []string
	last := "it said nothing"
	lines := strings.FieldsFunc(said, func(r rune) bool { return r == '\n' || r == '\r' })
	for i, line := range lines {
		text := plain(line)
		if text == "" {
			continue
		}
		last = text
		if !complaint.MatchString(text) || vague.MatchString(text) {
			continue
		}
		if next := i + 1; next < len(lines) && strings.HasPrefix(lines[next], " ") {
			text += " " + plain(lines[next]) // apt and dpkg say why on a line of its own
		}
		if text = truncate(text); !slices.Contains(all, text) {
			all = append(all, text)
		}
	}
	if len(all) == 0 {
		return truncate(last)
	}
	return strings.Join(all[:min(quotedComplaints, len(all))], "; ")
}

// plain is a line without what is not to be read.
func plain(line string) string {
	line = escapeSequence.ReplaceAllString(line, "")
	line = strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) || unicode.IsSpace(r) {
			return r
		}
		return -1
	}, strings.ToValidUTF8(line, ""))
	return strings.Join(strings.Fields(line), " ")
}

func truncate(s string) string {
	if runes := []rune(s); len(runes) > complaintColumns {
		return string(runes[:complaintColumns]) + " …"
	}
	return s
}
