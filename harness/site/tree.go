package site

import (
	"cmp"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"

	"drillbook/harness/phrase"
)

// reader reads the tree of a file, and gathers what is wrong with it.
type reader struct {
	file  string
	wrong []finding
}

// finding is something wrong in a line.
type finding struct {
	line int
	why  error
}

// add notes what is wrong in the line of a node.
func (r *reader) add(n ast.Node, why error) { r.wrong = append(r.wrong, finding{lineOf(n), why}) }

// maxFindings is how many are told at once.
const maxFindings = 20

// err is all that is wrong, a line each, from the top of the file.
func (r *reader) err() error {
	slices.SortStableFunc(r.wrong, func(a, b finding) int { return cmp.Compare(a.line, b.line) })
	errs := make([]error, 0, len(r.wrong))
	for _, f := range r.wrong[:min(len(r.wrong), maxFindings)] {
		errs = append(errs, phrase.Errorf("%s:%d: %w", r.file, f.line, f.why))
	}
	return errors.Join(errs...)
}

func lineOf(n ast.Node) int {
	if t := n.GetToken(); t != nil && t.Position != nil {
		return t.Position.Line
	}
	return 1
}

// fields are the keys of a mapping and their values.
type fields struct {
	r      *reader
	at     ast.Node // where the mapping is
	name   string   // what it is called: "login"; "" for the file itself
	values map[string]ast.Node
	// odd says that something else stands there. What is missing may then be meant by it.
	odd bool
}

// pairs are the keys and values of a mapping; none if the node is something else.
func pairs(n ast.Node) ([]*ast.MappingValueNode, bool) {
	switch n := n.(type) {
	case *ast.MappingNode:
		return n.Values, true
	case *ast.MappingValueNode:
		return []*ast.MappingValueNode{n}, true
	}
	return nil, false
}

// mapping reads a mapping that may have these keys.
func (r *reader) mapping(n ast.Node, name string, known ...string) fields {
	f := fields{r: r, at: n, name: name, values: map[string]ast.Node{}}
	all, ok := pairs(n)
	if f.odd = !ok; f.odd {
		r.add(n, phrase.Errorf("%s must be keys and values: %s", f.called(), strings.Join(known, ", ")))
		return f
	}
	for _, p := range all {
		key, ok := p.Key.(*ast.StringNode)
		f.odd = f.odd || !ok || !slices.Contains(known, key.Value)
		switch {
		case !ok:
			r.add(p, phrase.Errorf("a key must be a plain word: %s", strings.Join(known, ", ")))
		case !slices.Contains(known, key.Value) && isSecretName(name):
			r.add(p, phrase.Errorf("there is no such key below %s: it may be %s", name, strings.Join(known, ", ")))
		case !slices.Contains(known, key.Value):
			r.add(p, phrase.Errorf("there is no key %q here: it may be %s", key.Value, strings.Join(known, ", ")))
		case f.values[key.Value] != nil:
			r.add(p, phrase.Errorf("%s stands here twice: leave one out", f.key(key.Value)))
		default:
			f.values[key.Value] = p.Value
		}
	}
	return f
}

func (f fields) called() string {
	if f.name == "" {
		return "a site"
	}
	return f.name
}

// key is what a key is called in messages: "login.tls".
func (f fields) key(key string) string { return strings.TrimPrefix(f.name+"."+key, ".") }

func (f fields) has(key string) bool { return f.values[key] != nil }

// fail notes what is wrong with the value of a key, or with its absence.
func (f fields) fail(key string, why error) {
	at := f.at
	if n := f.values[key]; n != nil {
		at = n
	}
	f.r.add(at, phrase.Errorf("%s: %w", f.key(key), why))
}

// need fails if a key is missing, and says what to write.
func (f fields) need(key string, example string) bool {
	if !f.has(key) && !f.odd {
		f.fail(key, phrase.Errorf("it is missing: write %s: %s", key, example))
	}
	return f.has(key)
}

// text reads a text; "" if there is none.
func (f fields) text(key string) string {
	n := f.values[key]
	if n == nil {
		return ""
	}
	value, ok := textOf(n)
	if !ok || strings.TrimSpace(value) == "" || strings.ContainsAny(value, "\n\x00") {
		f.fail(key, phrase.Errorf("it must be a text in one line, in quotes if it looks like anything else"))
		return ""
	}
	return value
}

func textOf(n ast.Node) (string, bool) {
	switch n := n.(type) {
	case *ast.StringNode:
		return n.Value, true
	case *ast.LiteralNode:
		return n.Value.Value, true
	}
	return "", false
}

// number reads a whole number between two others; otherwise if the key is missing.
func (f fields) number(key string, least, most, otherwise int) int {
	n := f.values[key]
	if n == nil {
		return otherwise
	}
	v, ok := numberOf(n)
	if !ok || v < least || v > most {
		f.fail(key, phrase.Errorf("it must be a whole number from %d to %d", least, most))
		return otherwise
	}
	return v
}

func numberOf(n ast.Node) (int, bool) {
	i, ok := n.(*ast.IntegerNode)
	if !ok {
		return 0, false
	}
	v, err := strconv.Atoi(i.Token.Value)
	return v, err == nil
}

// duration reads a duration such as 30s.
func (f fields) duration(key string, least, most, otherwise time.Duration) time.Duration {
	if !f.has(key) {
		return otherwise
	}
	value, _ := textOf(f.values[key])
	d, err := time.ParseDuration(value)
	if err != nil || d < least || d > most {
		f.fail(key, phrase.Errorf("it must be a time from %s to %s, with its unit: 30s", least, most))
		return otherwise
	}
	return d
}

// list reads the items of a list that has at least one.
func (f fields) list(key, example string) []ast.Node {
	n := f.values[key]
	if n == nil {
		return nil
	}
	list, ok := n.(*ast.SequenceNode)
	if !ok || len(list.Values) == 0 {
		f.fail(key, phrase.Errorf("it must be a list: %s", example))
		return nil
	}
	return list.Values
}

// words reads a list of words, each as it is written.
func (f fields) words(key, example string) []string {
	items := f.list(key, example)
	words := make([]string, 0, len(items))
	for _, n := range items {
		scalar, ok := n.(ast.ScalarNode)
		if !ok || scalar.GetToken() == nil {
			f.r.add(n, phrase.Errorf("%s: it must be a list of words: %s", f.key(key), example))
			return nil
		}
		word := scalar.GetToken().Value
		if text, ok := textOf(n); ok {
			word = text
		}
		words = append(words, word)
	}
	if len(words) == 0 {
		return nil
	}
	return words
}
