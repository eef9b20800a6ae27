package site

import (
	"path/filepath"
	"regexp"
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

// findSecrets adds what looks like a secret below a node, and what could hide one: a value
// that stands elsewhere. None is repeated.
func (r *reader) findSecrets(n ast.Node, inFence bool) {
	if all, ok := pairs(n); ok {
		for _, p := range all {
			key := ""
			if t := p.Key.GetToken(); t != nil {
				key = t.Value
			}
			if _, plain := p.Value.(ast.ScalarNode); plain && isSecretName(key) && p.Value.Type() != ast.NullType {
				r.add(p, errWritten())
				continue
			}
			r.findSecrets(p.Value, key == "fence" || inFence)
		}
		return
	}
	switch n := n.(type) {
	case *ast.SequenceNode:
		if inFence && r.findPassed(n) {
			return
		}
		for _, item := range n.Values {
			r.findSecrets(item, inFence)
		}
	case *ast.AnchorNode, *ast.AliasNode, *ast.TagNode:
		r.add(n, phrase.Errorf("write it out: a site has no anchors, aliases and tags"))
	default:
		if text, ok := textOf(n); ok && written.MatchString(text) {
			r.add(n, errWritten())
		}
	}
}

func errWritten() error {
	return phrase.Errorf("a site file with a secret in it: people keep such files and pass them on; say where it is " +
		"kept instead: password: {env: NAME}, {file: PATH} or {command: [PROGRAM]}, and change the secret")
}

// findPassed adds a password among the arguments of a program, and reports whether there is
// one.
func (r *reader) findPassed(argv *ast.SequenceNode) bool {
	passed := []string{"-p", "--password", "--passwd", "--pass"}
	var program string
	for i, n := range argv.Values {
		word := ""
		if t := n.GetToken(); t != nil {
			word = t.Value
		}
		if i == 0 {
			if program = filepath.Base(word); strings.HasPrefix(program, "ipmi") {
				passed = append(passed, "-P") // of ipmitool; to fence agents it is another option
			}
			continue
		}
		for _, flag := range passed {
			long := strings.HasPrefix(flag, "--")
			if word == flag || long && strings.HasPrefix(word, flag+"=") || !long && strings.HasPrefix(word, flag) {
				r.add(n, errPassed(program))
				return true
			}
		}
	}
	return false
}

func errPassed(program string) error {
	return phrase.Errorf("%s gets a password as an argument, which everybody on this machine sees: give it by a "+
		"script that prints it (fence agents: -S FILE) or by a variable of the environment", program)
}
