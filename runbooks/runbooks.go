// Package runbooks holds the procedures people follow, as Markdown, and reads
// them.
//
// A runbook is one file per language in a folder named for the product:
// postgres/lost-primary.md in English and postgres/lost-primary.zh.md in
// Chinese, with the same front matter and the same numbered steps. README.md
// of this folder says how to write one.
package runbooks

import (
	"cmp"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"time"
)

//go:embed */*.md
var embedded embed.FS

// Embedded are the runbooks that belong to the program.
func Embedded() fs.FS { return embedded }

// Languages are what every runbook must be written in; the first is the one
// that scenarios name steps in.
func Languages() []string { return []string{"en", "zh"} }

// ErrUnknown is wrapped when there is no runbook of a name.
var ErrUnknown = errors.New("no such runbook")

// Runbook is one procedure.
type Runbook struct {
	Name   string // "postgres/lost-primary"
	Title  Text
	Intro  Text // what stands between the title and the first step
	RTO    time.Duration
	RPO    int
	Source Text
	Needs  []string
	// Split is the setting, such as "mode=async", under which a split brain is
	// what a drill is about; empty: never.
	Split string
	// Stale says that reads may show an older state, since a member that was
	// deposed lives on and is asked.
	Stale  bool
	Params []Param
	Steps  []Step
	Sums   map[string]string // SHA-256 of each page, with plain line ends, in hexadecimal, by language
}

// Planned is how long the page says that its steps take together.
func (b *Runbook) Planned() time.Duration {
	var all time.Duration
	for _, s := range b.Steps {
		if s.Planned != nil {
			all += *s.Planned
		}
	}
	return all
}

// Text is the same words by language code.
type Text map[string]string

// In returns the words in a language, else in English.
func (t Text) In(lang string) string {
	if s, ok := t[lang]; ok {
		return s
	}
	return t[Languages()[0]]
}

// The tiers of drills, by how often they are worth running.
const (
	Smoke   = "smoke"
	Nightly = "nightly"
)

// Param is something that a drill of the runbook can be told.
type Param struct {
	Name    string
	Default string
	Tiers   map[string]string // defaults that differ where a whole tier is run
	Allowed []string          // empty: anything
}

// In is the default of a tier; of "", that of a runbook which is run by its name.
func (p Param) In(tier string) string {
	if v, ok := p.Tiers[tier]; ok {
		return v
	}
	return p.Default
}

// Consent is whether a person must agree before a step is carried out.
type Consent string

// The kinds of consent.
const (
	ConsentNone Consent = "none"
	ConsentAsk  Consent = "ask"
)

// Step is one instruction.
type Step struct {
	Number  int
	Title   Text
	Comment Text // the first paragraph, as plain text
	// Consequence is what the step changes and what the way back is, as plain text: what
	// somebody must know who is asked to consent. "" if the page does not say.
	Consequence Text
	Body        Text // Markdown
	Planned     *time.Duration
	Allowed     *time.Duration // outage that may begin in it; nil: nothing is said
	Consent     Consent
	Where       Text // file:line of its heading
	// Group is the heading that the form has above the step; nil if the step stands
	// below the same one as the step before it, or below none.
	Group *Group
	// Rows are those of the form that the step answers. Without any, the step itself
	// is the row.
	Rows []Row
	// Commands are what a drill runs by itself, in this order.
	Commands []Command
	// Blank says that the form has a row for the step, but no words in it.
	Blank bool
}

// Group is a heading of the form over several steps.
type Group struct {
	Title   Text
	Comment Text // "" if nothing is said below it
}

// Row is a row of the form that a step with several answers.
type Row struct {
	Title   Text
	Comment Text // the first paragraph, as plain text
	Where   Text // file:line of its heading
}

// Row finds a row by its English title; its number counts from 1.
func (s Step) Row(title string) (int, error) {
	quoted := make([]string, 0, len(s.Rows))
	for i, r := range s.Rows {
		if r.Title.In("en") == title {
			return i + 1, nil
		}
		quoted = append(quoted, fmt.Sprintf("%q", r.Title.In("en")))
	}
	return 0, fmt.Errorf("%s: step %q has no row %q; it has %s", s.Where.In("en"), s.Text("en"), title,
		cmp.Or(strings.Join(quoted, ", "), "none"))
}

// Text of the step as specs and reports name it: "3. Promote the standby".
func (s Step) Text(lang string) string { return fmt.Sprintf("%d. %s", s.Number, s.Title.In(lang)) }

// Product is the folder of the runbook.
func (b *Runbook) Product() string {
	product, _, _ := strings.Cut(b.Name, "/")
	return product
}

// Step finds a step by its English title.
func (b *Runbook) Step(title string) (Step, error) {
	for _, s := range b.Steps {
		if s.Title.In("en") == title {
			return s, nil
		}
	}
	return Step{}, fmt.Errorf("runbook %s has no step %q; it has %s", b.Name, title, b.titles())
}

func (b *Runbook) titles() string {
	quoted := make([]string, 0, len(b.Steps))
	for _, s := range b.Steps {
		quoted = append(quoted, fmt.Sprintf("%q", s.Title.In("en")))
	}
	return strings.Join(quoted, ", ")
}

// ResolveParams checks the values that were given for the runbook's parameters and
// adds the defaults of the others, those of a tier if one is run as a whole.
func (b *Runbook) ResolveParams(given map[string]string, tier string) (map[string]string, error) {
	values := map[string]string{}
	for _, p := range b.Params {
		v, ok := given[p.Name]
		if !ok {
			v = p.In(tier)
		}
		if len(p.Allowed) > 0 && !slices.Contains(p.Allowed, v) {
			return nil, fmt.Errorf("runbook %s: %s=%s: it may be %s", b.Name, p.Name, v,
				strings.Join(p.Allowed, ", "))
		}
		values[p.Name] = v
	}
	for name := range given {
		if _, ok := values[name]; !ok {
			return nil, fmt.Errorf("runbook %s has no parameter %q; it has %s", b.Name, name, b.paramNames())
		}
	}
	return values, nil
}

// ExpectsSplit reports whether a split brain is what a drill with these values
// is about.
func (b *Runbook) ExpectsSplit(values map[string]string) bool {
	name, value, ok := strings.Cut(b.Split, "=")
	return ok && values[name] == value
}

func (b *Runbook) paramNames() string {
	if len(b.Params) == 0 {
		return "none"
	}
	names := make([]string, 0, len(b.Params))
	for _, p := range b.Params {
		names = append(names, p.Name)
	}
	return strings.Join(names, ", ")
}

// Library is a set of runbooks, by name.
type Library []Runbook

// Get returns a runbook by name, with or without its ".md".
func (l Library) Get(name string) (Runbook, error) {
	name = strings.TrimSuffix(strings.TrimPrefix(name, "runbooks/"), ".md")
	for _, b := range l {
		if b.Name == name {
			return b, nil
		}
	}
	names := make([]string, 0, len(l))
	for _, b := range l {
		names = append(names, b.Name)
	}
	return Runbook{}, fmt.Errorf("%w: %s; there are %s", ErrUnknown, name, strings.Join(names, ", "))
}
