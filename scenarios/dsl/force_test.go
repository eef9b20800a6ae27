package dsl

import (
	"slices"
	"testing"

	"drillbook/harness/record"
)

// Force that stands in no fault is found in a record, and only that.
func TestForceOutsideFaults(t *testing.T) {
	killed := record.Event{Kind: record.Command, Member: "dm1", What: "sh -c kill -9 94"}
	wrecked := record.Event{Kind: record.Command, Member: "dm1", What: `sh -c kill -"$2" $p kill dmserver KILL`}
	stopped := record.Event{Kind: record.Command, Member: "dm1", What: `sh -c kill -"$2" $p stop dmserver TERM`}
	prepared := record.Event{Kind: record.Prepared, Fault: "server of dm1 is killed"}
	injected := record.Event{Kind: record.Injected, Fault: prepared.Fault}
	held := record.Event{Kind: record.Confirm, Fault: prepared.Fault}
	for _, tt := range []struct {
		name   string
		events []record.Event
		want   []string
	}{
		{"in a fault", []record.Event{prepared, killed, injected, held}, nil},
		{"in order", []record.Event{stopped}, nil},
		{"in none", []record.Event{killed, wrecked}, []string{"dm1: " + killed.What, "dm1: " + wrecked.What}},
		{"after one", []record.Event{prepared, injected, held, killed}, []string{"dm1: " + killed.What}},
	} {
		if got := forceOutsideFaults(&record.Record{Events: tt.events}); !slices.Equal(got, tt.want) {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}
