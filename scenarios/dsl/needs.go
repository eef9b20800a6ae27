package dsl

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"drillbook/harness/phrase"
	"drillbook/reports"
)

// Need is something that a scenario asks of the place where it runs, and that
// not every place can do.
type Need string

// The needs.
const (
	Cuts   Need = "cut links"          // connections between members that are really cut
	Unplug Need = "unplugged cables"   // members without an interface to a network
	Disks  Need = "members' own disks" // which a drill may fill
	Power  Need = "members whose power can be cut"
	// ClientsBeside is what a scenario with [Scenario.DirectOverPrivate] needs.
	ClientsBeside Need = "clients beside the members"
)

// Always is what a scenario needs whatever its parameters are.
func Always(needs ...Need) func(map[string]string) []Need {
	return func(map[string]string) []Need { return needs }
}

// Skipped are the scenarios that the place cannot carry out. They count for
// nothing, least of all as met.
func (s *Suite) Skipped() []reports.Skipped { return s.skipped }

// WithLacks returns the place with everything that it lacks for the scenarios,
// including what must be looked for.
func (p Place) WithLacks(ctx context.Context, scenarios ...Scenario) (Place, error) {
	if p.Look == nil || !slices.ContainsFunc(scenarios, func(s Scenario) bool { return s.DirectOverPrivate }) {
		return p, nil
	}
	lacks, err := p.Look(ctx)
	if err != nil {
		return p, phrase.Errorf("find out what a %s host can do: %w", p.Name, err)
	}
	all := maps.Clone(p.Lacks)
	if all == nil {
		all = map[Need]string{}
	}
	maps.Copy(all, lacks)
	p.Lacks = all
	return p, nil
}

// whyNot is why the place cannot carry out a scenario, "" if it can.
func (p Place) whyNot(sc Scenario, params map[string]string) string {
	var needs []Need
	if sc.Needs != nil {
		needs = sc.Needs(params)
	}
	if sc.DirectOverPrivate {
		needs = append(needs, ClientsBeside)
	}
	var why []string
	for _, need := range needs {
		if reason, lacks := p.Lacks[need]; lacks {
			why = append(why, fmt.Sprintf("it needs %s, and on a %s host %s", need, p.Name, reason))
		}
	}
	if sc.Relay && p.Relay == nil {
		why = append(why, fmt.Sprintf("it needs a relay between the members, and on a %s host there is none", p.Name))
	}
	if p.Stays && sc.Faults == nil {
		why = append(why, "it does not say beforehand which faults it injects, which is needed where members stay")
	}
	return strings.Join(why, "; ")
}
