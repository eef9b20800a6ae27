package site

import (
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"

	"drillbook/harness/phrase"
)

// secretNames are words that name a secret.
var secretNames = regexp.MustCompile(`(?i)passw|passphrase|passwd|pwd|token|secret|credential|api_?key`)

func isSecretName(name string) bool { return secretNames.MatchString(name) }

// written are forms in which a secret stands in a text: an address with a password, and a
// word that names one with a value.
var written = regexp.MustCompile(`(?i)[a-z][a-z0-9+.-]*://[^/\s:@]*:[^/\s@]+@` +
	`|(passw(or)?d|passphrase|pwd|token|secret|credentials?|api_?key)\s*[=:]\s*\S`)

// findSecrets adds what looks like a secret below a node, which is the value of a key, and
// what could hide one: a value that stands elsewhere. None is repeated.
func (r *reader) findSecrets(n ast.Node, key string) {
	if all, ok := pairs(n); ok {
		for _, p := range all {
			below := nameOf(p)
			if key == fenceKey {
				below = key
			}
			_, plain := p.Value.(ast.ScalarNode)
			if plain && isSecretName(nameOf(p)) && p.Value.Type() != ast.NullType {
				r.add(p, errWritten())
				continue
			}
			r.findSecrets(p.Value, below)
		}
		return
	}
	switch n := n.(type) {
	case *ast.SequenceNode:
		if (key == fenceKey || key == commandKey) && r.findPassed(n, key) {
			return
		}
		for _, item := range n.Values {
			r.findSecrets(item, key)
		}
	case *ast.AnchorNode, *ast.AliasNode, *ast.TagNode:
		r.add(n, phrase.Errorf("write it out: a site has no anchors, aliases and tags"))
	default:
		if text, ok := textOf(n); ok && written.MatchString(text) {
			r.add(n, errWritten())
		}
	}
}

// The keys below which programs stand.
const (
	fenceKey   = "fence"
	commandKey = "command"
)

func nameOf(p *ast.MappingValueNode) string {
	if t := p.Key.GetToken(); t != nil {
		return t.Value
	}
	return ""
}

func errWritten() error {
	return phrase.Errorf("a site file with a secret in it: people keep such files and pass them on; say where it is " +
		"kept instead: password: {env: NAME}, {file: PATH} or {command: [PROGRAM]}, and change the secret")
}

// findPassed adds a password among the arguments of a program, and reports whether there is
// one.
func (r *reader) findPassed(argv *ast.SequenceNode, key string) bool {
	long, short := []string{"--password", "--passwd", "--pass"}, []string{}
	program := ""
	for i, n := range argv.Values {
		word := ""
		if t := n.GetToken(); t != nil {
			word = t.Value
		}
		if i == 0 {
			program = filepath.Base(word)
			switch {
			case key != fenceKey || program == "ssh": // to others, -p is something else
			case strings.HasPrefix(program, "ipmi"):
				short = []string{"-P"} // to fence agents it is another option
			default:
				short = []string{"-p"}
			}
			continue
		}
		if slices.ContainsFunc(long, func(f string) bool { return word == f || strings.HasPrefix(word, f+"=") }) ||
			slices.ContainsFunc(short, func(f string) bool { return strings.HasPrefix(word, f) }) {
			r.add(n, errPassed(program))
			return true
		}
	}
	return false
}

func errPassed(program string) error {
	return phrase.Errorf("%s gets a password as an argument, which everybody on this machine sees: give it by a "+
		"script that prints it (fence agents: -S FILE) or by a variable of the environment", program)
}
