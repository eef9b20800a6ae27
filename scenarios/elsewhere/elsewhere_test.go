// Package elsewhere_test drills members that are dialled at published ports, as
// they are where the engine runs elsewhere. It is a package of its own because
// Ginkgo runs once in a process.
package elsewhere_test

import (
	"testing"

	"drillbook/scenarios/dsl"
	"drillbook/scenarios/postgres"
)

// TestPublishedPorts: the primary's host is lost, and clients find the new one;
// what needs clients beside the members is skipped.
func TestPublishedPorts(t *testing.T) {
	if testing.Short() {
		t.Skip("drills take too long for -short")
	}
	place, err := dsl.Published().WithLacks(t.Context(), postgres.NetworkCut())
	if err != nil {
		t.Fatal(err)
	}
	if why, lacks := place.Lacks[dsl.ClientsBeside]; !lacks {
		t.Error("the place does not say that it lacks clients beside the members")
	} else {
		t.Log(why)
	}
	dsl.Test(t, place, postgres.LostPrimary(), postgres.NetworkCut())
}
