package dsl

import (
	"fmt"
	"strings"

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
)

// Always is what a scenario needs whatever its parameters are.
func Always(needs ...Need) func(map[string]string) []Need {
	return func(map[string]string) []Need { return needs }
}

// Skipped are the scenarios that the place cannot carry out. They count for
// nothing, least of all as met.
func (s *Suite) Skipped() []reports.Skipped { return s.skipped }

// cannot is why the place cannot carry a scenario out, "" if it can.
func (p Place) cannot(sc Scenario, params map[string]string) string {
	if sc.Needs == nil {
		return ""
	}
	var why []string
	for _, need := range sc.Needs(params) {
		if reason, lacks := p.Lacks[need]; lacks {
			why = append(why, fmt.Sprintf("it needs %s, and on a %s host %s", need, p.Name, reason))
		}
	}
	return strings.Join(why, "; ")
}
