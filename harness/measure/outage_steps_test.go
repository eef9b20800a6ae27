package measure_test

import (
	"testing"

	"drillbook/harness/record"
)

// TestOutageBelongsToItsCause: clients may learn of a fault only in a later
// step than the one that injected it.
func TestOutageBelongsToItsCause(t *testing.T) {
	step := func(n int, kind record.Kind) record.Event { return record.Event{Kind: kind, Step: n} }
	fault := func(kind record.Kind) record.Event { return record.Event{Kind: kind, Step: 1, Fault: "x"} }
	for _, tt := range []struct {
		name      string
		injected  int // ms; it holds 20 ms later
		lost      int // ms; from when on clients are not served
		wantedFor int
	}{
		{"felt at once", 2000, 2000, 1},
		{"felt after the step had ended", 2080, 2090, 1},
		{"of something later", 1500, 2300, 2},
	} {
		s := tell().serve(100, tt.lost, record.Acked).serve(tt.lost+30, tt.lost+400, record.Refused).
			serve(tt.lost+400, tt.lost+2000, record.Acked)
		s.rec.Head.Steps = []record.Step{{Number: 1}, {Number: 2}}
		s.at(1400, step(1, record.Began)).
			at(tt.injected-5, fault(record.Prepared)).at(tt.injected, fault(record.Injected)).
			at(tt.injected+20, fault(record.Confirm)).at(2110, step(1, record.Ended)).at(2111, step(2, record.Began)).
			at(3000, step(2, record.Ended))
		outages := s.measure().Outages
		if len(outages) != 1 || outages[0].Step != tt.wantedFor {
			t.Errorf("%s: %+v, want one outage, in step %d", tt.name, outages, tt.wantedFor)
		}
	}
}
