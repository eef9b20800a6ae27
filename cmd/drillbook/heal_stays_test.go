package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"drillbook/harness/fault"
	"drillbook/harness/host"
	"drillbook/scenarios/dsl"
)

// stayer is a node of which something may be in force.
type stayer struct {
	host.Node

	inForce, useless bool
}

func (s *stayer) Exec(_ context.Context, c host.Command) (host.Answer, error) {
	switch c.Argv[0] {
	case "undo":
		s.inForce = s.inForce && s.useless
	case "look":
		if s.inForce {
			return host.Answer{Code: 1}, nil
		}
	default:
		return host.Answer{}, errors.New("what?")
	}
	return host.Answer{}, nil
}

// Faults of members that stay are undone and confirmed, or else their ledger stays too.
func TestHealUndoesWhatStays(t *testing.T) {
	undo := []host.Undo{{Node: "a", Reach: "a.example", Argv: []string{"undo"}, Done: []string{"look"}}}
	power := []host.Undo{{
		Node: "a", Reach: "a.example", Argv: []string{"undo"}, Done: []string{"look"}, Local: true, Attended: true,
	}}
	for _, tt := range []struct {
		name    string
		place   string
		undo    []host.Undo
		useless bool
		forget  []string
		said    string
		kept    bool
	}{
		{"by its commands", "there", undo, false, nil, "undone on a, and confirmed", false},
		{"by its power", "there", power, false, nil, "the power of a was switched on, and confirmed", false},
		{"by one that does nothing", "there", undo, true, nil, "could not be undone on a: something is left", true},
		{"at a place that is not known", "moon", undo, false, nil, "a place called moon", true},
		{"that says of no command", "there", nil, false, nil, "undo it by hand", true},
		{"which a person knows to be gone", "moon", undo, false, []string{"r1"}, "forgotten, as you said", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			l, err := fault.OpenLedger(dir, fault.RunFaults{Run: "r1", Stays: true})
			must(t, err)
			must(t, l.Add(fault.Entry{What: "a is cut off", Mechanism: "nft", Place: tt.place, Undo: tt.undo}))
			must(t, l.Close())
			var said []string
			node := &stayer{inForce: true, useless: tt.useless}
			h := cleanup{
				forget: tt.forget, words: wordsIn("en"), say: func(line string) { said = append(said, line) },
				places: []dsl.Place{{
					Name: "there",
					Undoes: func(ctx context.Context, u host.Undo) error {
						if u.Reach != "a.example" {
							t.Errorf("it reaches for %q", u.Reach)
						}
						return u.Run(ctx, node)
					},
				}},
			}
			runs := map[string]bool{}
			must(t, h.closeLedgers(t.Context(), dir, runs))
			if text := strings.Join(said, "\n"); !strings.Contains(text, tt.said) {
				t.Errorf("it says\n%s\nwant %q", text, tt.said)
			}
			if _, err := os.Stat(filepath.Join(dir, "r1.faults")); (err == nil) != tt.kept || runs["r1"] != tt.kept {
				t.Errorf("the ledger: %v, left: %v, want it kept: %t", err, runs, tt.kept)
			}
		})
	}
}

// Of members that stay it is said, after all that was undone, that no roles were changed back,
// and which page goes on.
func TestHealTellsOfRoles(t *testing.T) {
	for _, tt := range []struct {
		page   fault.RunFaults
		forget []string
		want   string // "": nothing is said of roles
	}{
		{fault.RunFaults{Run: "r1", Stays: true, Page: "postgres/network-cut"}, nil, "`drillbook show postgres/"},
		{fault.RunFaults{Run: "r1", Stays: true}, nil, "on the page that was drilled"},
		{fault.RunFaults{Run: "r1", Stays: true}, []string{"r1"}, ""},
		{fault.RunFaults{Run: "r1", Page: "postgres/network-cut"}, nil, ""},
	} {
		dir := t.TempDir()
		l, err := fault.OpenLedger(dir, tt.page)
		must(t, err)
		must(t, l.Add(fault.Entry{What: "a is cut off", Mechanism: "nft", Place: "moon"}))
		must(t, l.Close())
		var said []string
		h := cleanup{
			forget: tt.forget, words: wordsIn("en"), say: func(line string) { said = append(said, line) },
		}
		must(t, h.closeLedgers(t.Context(), dir, map[string]bool{}))
		text := strings.Join(said, "\n")
		undone, roles := strings.Index(text, "had been in force"), strings.Index(text, "two members may take writes")
		if (roles > undone) != (tt.want != "") || !strings.Contains(text, tt.want) {
			t.Errorf("of %+v it says\n%s\nwant %q behind what it undid", tt.page, text, tt.want)
		}
	}
}

// A run that had nothing in force on members that stay has left nothing.
func TestHealOfNothingThatStays(t *testing.T) {
	dir := t.TempDir()
	l, err := fault.OpenLedger(dir, fault.RunFaults{Run: "r1", Stays: true})
	must(t, err)
	must(t, l.Close())
	runs := map[string]bool{}
	must(t, cleanup{words: wordsIn("en"), say: func(string) {}}.closeLedgers(t.Context(), dir, runs))
	if _, err := os.Stat(filepath.Join(dir, "r1.faults")); err == nil || len(runs) > 0 {
		t.Errorf("the ledger: %v, left: %v, want nothing", err, runs)
	}
}
