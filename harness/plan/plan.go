// Package plan says what a drill of a cluster that is there already is going to do: a
// person reads it before anything is touched, and consents to just that.
//
// A plan is no simulation: what a scenario asks next depends on what it found. It is the
// page with the names of the site, the facts that were read, the commands that drills of
// the page run, and each fault with how it is done and taken back.
package plan

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"drillbook/harness/host"
	"drillbook/harness/phrase"
	"drillbook/harness/record"
)

// Schema is the version of the format of a plan's file.
const Schema = 2

// Plan is what a drill is going to do, and the facts under which it does so.
type Plan struct {
	Schema  int               `json:"schema"`
	Harness string            `json:"harness"` // version of drillbook
	Runbook string            `json:"runbook"`
	Title   record.Text       `json:"title"`
	Sums    map[string]string `json:"sums"` // of the page, by language
	Params  map[string]string `json:"params,omitempty"`
	Members []Member          `json:"members"`
	Probe   string            `json:"probe,omitempty"` // what it asks of the cluster a second
	Facts   []Fact            `json:"facts"`
	Wrong   []phrase.Phrase   `json:"wrong,omitempty"`  // why it would be refused
	Before  []Command         `json:"before,omitempty"` // before the first step
	Steps   []Step            `json:"steps"`
	Leaves  []Leaving         `json:"leaves"` // what it makes in the cluster
	// Untold says that the steps may inject faults that are not in the plan. It is never so
	// where a cluster stays.
	Untold bool `json:"untold,omitempty"`
}

// Member is a machine of the plan.
type Member struct {
	Name    string `json:"name"`
	Page    string `json:"page"`  // what the page calls it: "a"
	Reach   string `json:"reach"` // as ssh is told
	Public  string `json:"public"`
	Private string `json:"private"`
	Role    string `json:"role"` // when the plan was made
}

// Fact is something that was read.
type Fact struct {
	Member string        `json:"member,omitempty"`
	What   phrase.Phrase `json:"what"`
	Value  phrase.Phrase `json:"value"`
	Moves  bool          `json:"moves,omitempty"` // it changes by itself, and may
}

// Step is a step of the page.
type Step struct {
	Number      int         `json:"number"`
	Title       record.Text `json:"title"`
	Consequence record.Text `json:"consequence,omitempty"`
	Asks        bool        `json:"asks"` // a person is asked before it
	Commands    []Command   `json:"commands,omitempty"`
	Faults      []Fault     `json:"faults,omitempty"`
}

// Command is what is run on a member, or on the machine of the harness for it.
type Command struct {
	Member  string `json:"member"`
	Command string `json:"command"`
}

// Fault is what a step has go wrong.
type Fault struct {
	What  phrase.Phrase `json:"what"`
	Kinds []string      `json:"kinds"`
	How   phrase.Phrase `json:"how"`
	Undo  []Undo        `json:"undo,omitempty"` // nothing: a person must
	Lease string        `json:"lease,omitempty"`
}

// Undo is a command that takes something back.
type Undo struct {
	Member   string `json:"member"`
	Here     bool   `json:"here,omitempty"` // it is run on the machine of the harness
	Command  string `json:"command"`
	ByItself bool   `json:"by_itself"` // the machine carries it out if nobody renews the lease
}

// UndoOf is how something is taken back, its command as said makes it.
func UndoOf(u host.Undo, said func(command string) string) Undo {
	return Undo{Member: u.Node, Here: u.Local, Command: said(u.Command().Line()), ByItself: !u.Attended}
}

// Leaving is what a drill makes, and how it is removed.
type Leaving struct {
	What phrase.Phrase `json:"what"`
	Undo []Undo        `json:"undo"`
}

// Digest is what a person consents to: a SHA-256 of everything but what moves by itself.
func (p Plan) Digest() (string, error) {
	p.Facts = slices.Clone(p.Facts)
	for i := range p.Facts {
		if p.Facts[i].Moves {
			p.Facts[i].Value = phrase.Phrase{}
		}
	}
	text, err := json.Marshal(p)
	if err != nil {
		return "", phrase.Errorf("write the plan: %w", err)
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:]), nil
}

// Read reads the file of a plan.
func Read(text []byte) (Plan, error) {
	var p Plan
	decoder := json.NewDecoder(strings.NewReader(string(text)))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&p); err != nil {
		return p, phrase.Errorf("that is no plan: %w", err)
	}
	if p.Schema != Schema {
		return p, phrase.Errorf("that is a plan of schema %d, and this drillbook writes %d: make it again", p.Schema,
			Schema)
	}
	return p, nil
}

// pairs are names and values in order.
func pairs(all map[string]string) string {
	said := make([]string, 0, len(all))
	for _, name := range slices.Sorted(maps.Keys(all)) {
		said = append(said, name+"="+all[name])
	}
	return strings.Join(said, ", ")
}

// Changed says what is not as a plan has it.
func (p Plan) Changed(now Plan) []phrase.Phrase {
	var all []phrase.Phrase
	differs := func(what phrase.Phrase, was, is string) {
		if was != is {
			all = append(all, phrase.Say("%s was %q and is %q", what, was, is))
		}
	}
	differs(phrase.Say("the version of drillbook"), p.Harness, now.Harness)
	differs(phrase.Say("the runbook"), p.Runbook, now.Runbook)
	differs(phrase.Say("the page"), pairs(p.Sums), pairs(now.Sums))
	differs(phrase.Say("the parameters"), pairs(p.Params), pairs(now.Params))
	differs(phrase.Say("the probe"), p.Probe, now.Probe)
	differs(phrase.Say("the members"), fmt.Sprint(p.Members), fmt.Sprint(now.Members))
	for _, f := range p.Facts {
		if f.Moves {
			continue
		}
		same := func(g Fact) bool { return g.Member == f.Member && g.What.Text == f.What.Text }
		value := ""
		if i := slices.IndexFunc(now.Facts, same); i >= 0 {
			value = now.Facts[i].Value.Text
		}
		what := f.What
		if f.Member != "" {
			what = phrase.Say("%s of %s", f.What, f.Member)
		}
		differs(what, f.Value.Text, value)
	}
	return all
}
