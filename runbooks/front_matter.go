package runbooks

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/goccy/go-yaml"

	"drillbook/harness/driver"
)

// front is the front matter of a page.
type front struct {
	RTO      string        `yaml:"rto"`
	RPO      int           `yaml:"rpo"`
	Source   string        `yaml:"source"`
	Needs    []string      `yaml:"needs"`
	Params   yaml.MapSlice `yaml:"params"`
	Split    string        `yaml:"split_brain"`
	Stale    bool          `yaml:"stale_reads"`
	rto      time.Duration
	settings []Param
}

func (f *front) params() []Param { return f.settings }

func (f *front) equal(g *front) bool {
	return f.rto == g.rto && f.RPO == g.RPO && f.Split == g.Split && f.Stale == g.Stale &&
		slices.Equal(f.Needs, g.Needs) &&
		slices.EqualFunc(f.settings, g.settings, func(a, b Param) bool {
			return a.Name == b.Name && a.Default == b.Default && maps.Equal(a.Tiers, b.Tiers) &&
				slices.Equal(a.Allowed, b.Allowed)
		})
}

// abilities are what needs may name.
func abilities() []string {
	all := driver.Abilities()
	names := make([]string, 0, len(all))
	for _, a := range all {
		names = append(names, a.Name)
	}
	return names
}

const fence = "---\n"

// cutFront splits a page into its front matter and the rest, which begins at
// the line returned.
func cutFront(file string, text []byte) (f front, rest []byte, line int, err error) {
	fail := func(line int, format string, args ...any) (front, []byte, int, error) {
		return front{}, nil, 0, &Error{file, line, fmt.Sprintf(format, args...)}
	}
	after, ok := bytes.CutPrefix(text, []byte(fence))
	if !ok {
		return fail(1, "there is no front matter: begin with --- and rto, rpo, source between two such lines")
	}
	matter, rest, ok := bytes.Cut(after, []byte("\n"+fence))
	if !ok {
		return fail(1, "the front matter has no end: close it with a line ---")
	}
	if err := yaml.UnmarshalWithOptions(matter, &f, yaml.Strict()); err != nil {
		if at, ok := errors.AsType[yaml.Error](err); ok {
			return fail(at.GetToken().Position.Line+1, "front matter: %s", at.GetMessage())
		}
		return fail(1, "front matter: %v", err)
	}
	if msg := f.check(); msg != "" {
		return fail(1, "front matter: %s", msg)
	}
	return f, rest, 3 + bytes.Count(matter, []byte("\n")), nil
}

// check checks the values; it returns what is wrong.
func (f *front) check() string {
	rto, err := time.ParseDuration(f.RTO)
	switch {
	case f.RTO == "":
		return "rto is missing: the longest outage of writes that is promised, such as 60s"
	case err != nil || rto <= 0:
		return fmt.Sprintf("rto %q is no positive duration such as 60s", f.RTO)
	case f.RPO < 0:
		return fmt.Sprintf("rpo %d is negative: it is how many acknowledged writes may be lost", f.RPO)
	case f.Source == "":
		return "source is missing: say where the procedure comes from"
	}
	f.rto = rto
	for _, n := range f.Needs {
		if !slices.Contains(abilities(), n) {
			return fmt.Sprintf("needs names %q, which is no ability; they are %v", n, abilities())
		}
	}
	for _, item := range f.Params {
		p, msg := param(item)
		if msg != "" {
			return msg
		}
		f.settings = append(f.settings, p)
	}
	return f.checkSplit()
}

// checkSplit makes sure that the setting under which a split brain is expected
// is one that a drill can be given.
func (f *front) checkSplit() string {
	name, value, ok := strings.Cut(f.Split, "=")
	if f.Split == "" {
		return ""
	}
	i := slices.IndexFunc(f.settings, func(p Param) bool { return p.Name == name })
	if !ok || i < 0 || !slices.Contains(f.settings[i].Allowed, value) {
		return fmt.Sprintf("split_brain %q is no setting: write the name and an allowed value of a parameter, "+
			"such as mode=async", f.Split)
	}
	return ""
}

func param(item yaml.MapItem) (Param, string) {
	p := Param{Name: fmt.Sprint(item.Key)}
	raw, err := yaml.Marshal(item.Value)
	if err != nil {
		return p, fmt.Sprintf("parameter %s: %v", p.Name, err)
	}
	var v struct {
		Default string            `yaml:"default"`
		Tiers   map[string]string `yaml:"tiers"`
		Allowed []string          `yaml:"allowed"`
	}
	if err := yaml.UnmarshalWithOptions(raw, &v, yaml.Strict()); err != nil {
		return p, fmt.Sprintf("parameter %s must be {default: …, tiers: {nightly: …}, allowed: […]}", p.Name)
	}
	p.Default, p.Tiers, p.Allowed = v.Default, v.Tiers, v.Allowed
	for _, tier := range slices.Sorted(maps.Keys(p.Tiers)) {
		if tier != Smoke && tier != Nightly {
			return p, fmt.Sprintf("parameter %s: no tier %q; there are %s and %s", p.Name, tier, Smoke, Nightly)
		}
	}
	for _, d := range append([]string{p.Default}, slices.Sorted(maps.Values(p.Tiers))...) {
		if len(p.Allowed) > 0 && !slices.Contains(p.Allowed, d) {
			return p, fmt.Sprintf("parameter %s: its default %q is not among what is allowed", p.Name, d)
		}
	}
	return p, ""
}
