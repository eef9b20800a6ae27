package site

import (
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
		if (key == fenceKey || key == commandKey) && r.findPassed(n, key) || key == commandKey && r.findTyped(n) {
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

// noted are forms in which a secret stands in a comment. What says where one is kept, or stands
// for one, is none.
var noted = regexp.MustCompile(`(?i)(?:^|\s)#.*(?:passw(?:or)?d|passphrase|pwd|token|secret|credentials?|api_?key|` +
	`密码|密碼|口令)\s*[=:：]\s*[^\s{<$*.…]`)

// findNoted adds what looks like a secret in the comments of a text.
func (r *reader) findNoted(text string) {
	line := 0
	for said := range strings.Lines(text) {
		line++
		if noted.MatchString(said) {
			r.wrong = append(r.wrong, finding{line, phrase.Errorf("a secret stands in a comment: people keep such " +
				"files and pass them on: take it out, say at most where it is kept, and change it")})
		}
	}
}
