// Package night cuts a night of drills into shards that machines carry out on their
// own, and puts together again what they have recorded.
//
// A night is written down as a [Plan]. [Plan.Cells] lists its cells: one runbook on one
// version of a product, with one set of parameters, in one trial. [Deal] gives every
// shard its cells, and [Merge] says what became of each. Everything here depends on its
// arguments alone, so that machines which know nothing of each other agree.
package night

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
)

// Plan is a night as it is written down.
type Plan struct {
	Night  string  `yaml:"night"`
	Drills []Entry `yaml:"drills"`
}

// Entry asks for drills of one product. Runbooks or Tier must be set, and not both.
type Entry struct {
	Product  string            `yaml:"product"`
	Versions []Version         `yaml:"versions"` // none: what the product usually runs from
	Runbooks []string          `yaml:"runbooks"` // without the product
	Tier     string            `yaml:"tier"`     // nightly has the runbooks of smoke, too
	Params   map[string]Values `yaml:"params"`   // every combination is drilled
	Trials   int               `yaml:"trials"`   // 0: 1
}

// Version is a version of a product.
type Version struct {
	Name string `yaml:"name"`
	// Image is what members run from, as the product's own variable names it.
	Image string `yaml:"image"`
	// Env is set for the drills of this version besides. Its values may be secrets.
	Env map[string]string `yaml:"env"`
}

// Values are those that a parameter takes one after the other. A single value needs no
// list.
type Values []string

// UnmarshalYAML reads a value or a list of values, each as it is written: 1.50 stays
// 1.50.
func (v *Values) UnmarshalYAML(node ast.Node) error {
	all := []ast.Node{node}
	if list, ok := node.(*ast.SequenceNode); ok {
		all = list.Values
	}
	for _, one := range all {
		scalar, ok := one.(ast.ScalarNode)
		if !ok {
			return errors.New("a parameter has a value, or a list of values")
		}
		*v = append(*v, scalar.GetToken().Value)
	}
	return nil
}

const (
	// maxTrials and maxCells bound what a slip of the pen asks for.
	maxTrials = 1000
	maxCells  = 100_000
)

// names is what nights and versions may be called: their names become those of folders.
var names = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,59}$`)

// variables is what variables of the environment are called.
var variables = regexp.MustCompile(`^[A-Z][A-Z0-9_]*$`)

// Parse reads a plan. An error says in which line of the file what is wrong.
func Parse(file string, text []byte) (Plan, error) {
	var p Plan
	if err := yaml.UnmarshalWithOptions(text, &p, yaml.Strict()); err != nil {
		if at, ok := errors.AsType[yaml.Error](err); ok && at.GetToken() != nil {
			return p, fmt.Errorf("%s:%d: %s", file, at.GetToken().Position.Line, at.GetMessage())
		}
		return p, fmt.Errorf("%s: %w", file, err)
	}
	if err := p.check(); err != nil {
		return p, fmt.Errorf("%s: %w", file, err)
	}
	return p, nil
}

func (p Plan) check() error {
	var wrong []error
	add := func(format string, args ...any) { wrong = append(wrong, fmt.Errorf(format, args...)) }
	if !names.MatchString(p.Night) {
		add("night: %q is no name: use letters, digits, dots and hyphens, at most 60", p.Night)
	}
	if len(p.Drills) == 0 {
		add("drills: there are none: list what is to be drilled, each with a product, and runbooks or a tier")
	}
	for i, e := range p.Drills {
		if err := e.check(); err != nil {
			add("drills, entry %d (%s): %w", i+1, e.Product, err)
		}
	}
	return errors.Join(wrong...)
}

func (e Entry) check() error {
	switch {
	case e.Product == "":
		return errors.New("product is missing")
	case (len(e.Runbooks) > 0) == (e.Tier != ""):
		return errors.New("give either runbooks or a tier")
	case e.Trials < 0 || e.Trials > maxTrials:
		return fmt.Errorf("trials: %d: 1 to %d", e.Trials, maxTrials)
	}
	for i, v := range e.Versions {
		if !names.MatchString(v.Name) {
			return fmt.Errorf("versions: %q is no name: use letters, digits, dots and hyphens, at most 60", v.Name)
		}
		if slices.ContainsFunc(e.Versions[:i], func(w Version) bool { return w.Name == v.Name }) {
			return fmt.Errorf("versions: there are two of the name %s", v.Name)
		}
		for name := range v.Env {
			if !variables.MatchString(name) {
				return fmt.Errorf("version %s: env: %q is no variable of the environment", v.Name, name)
			}
		}
	}
	for name, values := range e.Params {
		if len(values) == 0 || strings.TrimSpace(name) == "" {
			return fmt.Errorf("params: %q has no value", name)
		}
	}
	return nil
}
