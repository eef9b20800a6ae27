package site

import (
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"drillbook/harness/phrase"
)

// Product is what the site of a product's cluster says, and what is usual there.
type Product struct {
	Name string
	// NotYet is why its clusters cannot be adopted, and what can be done with them; nil: they
	// can.
	NotYet error
	User   string // of the operating system, as whom it usually runs
	Port   int    // on which it usually serves
	Rate   int    // of the probe's writes a second, usually; 0: 50
	// Group says that its members are instances of a group that is watched from a monitor, and
	// that its clients find by the name of a service.
	Group   bool
	Admin   string // with Group: as whom the probe logs in
	Layouts []ProductLayout
}

// ProductLayout is a way in which the product's servers are laid out.
type ProductLayout struct {
	Name   Layout
	NotYet error // why it cannot be driven, and what to write instead; nil: it can
	Keys   []Key // that a site of it has besides: of cluster, data, programs and log
}

// Key is a key of a layout.
type Key struct {
	Name     string
	Example  string
	Optional bool
	// Like, if set, is what its value looks like, and Hint how a person finds it; without
	// Like, it is an absolute path.
	Like *regexp.Regexp
	Hint phrase.Phrase
}

// product reads whose cluster it is.
func (f fields) product(known []Product) Product {
	names := make([]string, 0, len(known))
	for _, p := range known {
		if p.NotYet == nil {
			names = append(names, p.Name)
		}
	}
	if !f.need("product", strings.Join(names, "|")) {
		return Product{}
	}
	value := f.text("product")
	i := slices.IndexFunc(known, func(p Product) bool { return p.Name == value })
	switch {
	case value == "":
	case i < 0:
		f.fail("product", phrase.Errorf("%q is none: write %s", value, strings.Join(names, ", ")))
	case known[i].NotYet != nil:
		f.fail("product", phrase.Errorf("not yet: %w", known[i].NotYet))
	default:
		return known[i]
	}
	return Product{}
}

// layout reads where the server is.
func (f fields) layout(s *Site, p Product) {
	if p.Name == "" {
		return // what there may be depends on it
	}
	names := make([]string, 0, len(p.Layouts))
	for _, l := range p.Layouts {
		if l.NotYet == nil {
			names = append(names, string(l.Name))
		}
	}
	if !f.need("layout", strings.Join(names, "|")) {
		return
	}
	s.Layout = Layout(f.text("layout"))
	i := slices.IndexFunc(p.Layouts, func(l ProductLayout) bool { return l.Name == s.Layout })
	switch {
	case s.Layout == "":
	case i < 0:
		f.fail("layout", phrase.Errorf("%q is none: write %s", s.Layout, strings.Join(names, ", ")))
	case p.Layouts[i].NotYet != nil:
		f.fail("layout", phrase.Errorf("not yet: %w", p.Layouts[i].NotYet))
	default:
		f.keys(s, p.Layouts[i])
	}
}

// keys reads those of a layout, and refuses those of others.
func (f fields) keys(s *Site, l ProductLayout) {
	for name, value := range map[string]*string{
		"cluster": &s.Cluster, "data": &s.Data, "programs": &s.Programs, "log": &s.Log,
	} {
		i := slices.IndexFunc(l.Keys, func(k Key) bool { return k.Name == name })
		if i < 0 {
			if f.has(name) {
				f.fail(name, phrase.Errorf("the layout %s does not have it: leave it out", l.Name))
			}
			continue
		}
		k := l.Keys[i]
		if !k.Optional && !f.need(name, k.Example) {
			continue
		}
		if k.Like == nil {
			*value = f.path(name)
			continue
		}
		if *value = f.text(name); *value != "" && !k.Like.MatchString(*value) {
			f.fail(name, phrase.Errorf("%q cannot be one: write it as %s has it: %s", *value, k.Hint, k.Example))
		}
	}
}

// path reads an absolute path.
func (f fields) path(key string) string {
	value := f.text(key)
	if value != "" && (!strings.HasPrefix(value, "/") || filepath.Clean(value) != strings.TrimSuffix(value, "/")) {
		f.fail(key, phrase.Errorf("it must be a whole path, from /, without .."))
		return ""
	}
	return value
}
