package site

import (
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"

	"drillbook/harness/phrase"
)

// word is one of a program's arguments, or of a line of shell among them.
type word struct {
	text  string
	at    ast.Node
	first bool // it is a program
	shell bool // it stands in a line of shell
}

// ends are what ends a command in a line of shell.
var ends = regexp.MustCompile(`[;|&\n()]+`)

// wordsOf takes the arguments apart. One with blanks is taken for a line of shell.
func wordsOf(argv *ast.SequenceNode) []word {
	var all []word
	for i, n := range argv.Values {
		text := valueOf(n)
		if i == 0 || !strings.ContainsAny(strings.TrimSpace(text), " \t\n") {
			all = append(all, word{text: text, at: n, first: i == 0})
			continue
		}
		for _, command := range ends.Split(text, -1) {
			for j, w := range strings.Fields(command) {
				all = append(all, word{strings.Trim(w, `'"`), n, j == 0, true})
			}
		}
	}
	return all
}

func valueOf(n ast.Node) string {
	if text, ok := textOf(n); ok {
		return text
	}
	if t := n.GetToken(); t != nil {
		return t.Value
	}
	return ""
}

// findPassed adds a password among the arguments of a program, and reports whether there is
// one.
func (r *reader) findPassed(argv *ast.SequenceNode, key string) bool {
	program, before := "", ""
	var short []string
	for _, w := range wordsOf(argv) {
		name := filepath.Base(w.text)
		if w.first || startsAnother(name) {
			program, before = name, ""
			short = shortOf(name, key == fenceKey && !w.shell)
			continue
		}
		if isPassed(w.text, before, program, short) && !slices.Contains([]string{"docker", "podman"}, program) {
			r.add(w.at, errPassed(program))
			return true
		}
		before = w.text
	}
	return false
}

// startsAnother reports whether a word is a program that another one runs.
func startsAnother(name string) bool {
	return strings.HasPrefix(name, "fence_") || slices.Contains([]string{"ipmitool", "sshpass", "curl", "ssh"}, name)
}

// shortOf are the options with which a program gets a password. Of a program that is not known
// it is -p where it switches power.
func shortOf(program string, fences bool) []string {
	switch {
	case program == "ssh" || program == "curl": // to them it is something else
		return nil
	case strings.HasPrefix(program, "ipmi"):
		return []string{"-P"} // to fence agents it is another option
	case fences || strings.HasPrefix(program, "fence_") || program == "sshpass":
		return []string{"-p"}
	}
	return nil
}

// Forms of a user with a password: by itself, behind its option and joined to it.
var (
	withPassword = regexp.MustCompile(`^[^:\s/]+:[^:\s]`)
	joined       = regexp.MustCompile(`^--(proxy-)?user=[^:\s/]+:[^:\s]`)
	joinedShort  = regexp.MustCompile(`^-u[^:\s/]+:[^:\s]`)
)

// isPassed reports whether a word is a password, or the option in front of one.
func isPassed(text, before, program string, short []string) bool {
	for _, long := range []string{"--password", "--passwd", "--pass"} {
		if text == long || strings.HasPrefix(text, long+"=") {
			return true
		}
	}
	if slices.ContainsFunc(short, func(f string) bool { return strings.HasPrefix(text, f) }) {
		return true
	}
	users := []string{"-u", "--user", "--proxy-user"}
	if slices.Contains(users, before) {
		return withPassword.MatchString(text)
	}
	return joined.MatchString(text) || program == "curl" && joinedShort.MatchString(text)
}

func errPassed(program string) error {
	return phrase.Errorf("%s gets a password as an argument, which everybody on this machine sees: keep it in a file "+
		"of mode 0600 (fence agents: -S SCRIPT, which prints it; curl: --netrc-file FILE) or in a variable of the "+
		"environment, and change it", program)
}

// typed is a command of shell that prints what stands in it, and nothing that is kept elsewhere.
var typed = regexp.MustCompile("^\\s*(?:\\S*/)?(?:echo|printf)\\s+[^$`|<>&]+$")

// findTyped adds a password that a program only repeats, and reports whether there is one.
func (r *reader) findTyped(argv *ast.SequenceNode) bool {
	if len(argv.Values) == 0 {
		return false
	}
	found := slices.Contains([]string{"echo", "printf"}, filepath.Base(valueOf(argv.Values[0]))) && len(argv.Values) > 1
	for _, n := range argv.Values[1:] {
		for command := range strings.FieldsFuncSeq(valueOf(n), func(c rune) bool { return c == ';' || c == '\n' }) {
			found = found || typed.MatchString(command)
		}
	}
	if found {
		r.add(argv, phrase.Errorf("the command has the secret in it, and prints it: keep it in a file of mode 0600 "+
			"({file: PATH}) or in a variable of the environment ({env: NAME}), and change it"))
	}
	return found
}
