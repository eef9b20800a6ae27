package measure_test

import (
	"testing"
	"time"

	"drillbook/harness/measure"
	"drillbook/harness/record"
)

// On a machine at its limit members that share it fail for that alone, and clients
// with short deadlines say so: what ended by a deadline while the harness starved is
// not held against the service. Its own answers are, and so is what goes on beside a
// stall now and then, or beyond a pause.
func TestOutagesOnAStarvedMachineAreUnmeasurable(t *testing.T) {
	const from, to = 2000, 22000
	expires := func(a *record.Attempt) { a.Done, a.Expired = a.Sent+100*ms, true }
	for _, tt := range []struct {
		name         string
		outcome      record.Outcome
		more         []func(*record.Attempt)
		stall, every int
		want         measure.Verdict
	}{
		{"no stall", record.Refused, []func(*record.Attempt){expires}, 0, to, measure.Missed},
		{"a stall now and then", record.Refused, []func(*record.Attempt){expires}, 15, 1000, measure.Missed},
		{"one pause", record.Refused, []func(*record.Attempt){expires}, 4000, to, measure.Missed},
		{"no session came in time", record.Refused, []func(*record.Attempt){expires}, 20, 200, measure.Unmeasurable},
		{"no answer came in time", record.Unknown, []func(*record.Attempt){expires}, 20, 200, measure.Unmeasurable},
		{"the server refused", record.Refused, nil, 20, 200, measure.Missed},
	} {
		t.Run(tt.name, func(t *testing.T) {
			held := all(10, from, to, to+3000)
			s := tell().serve(10, from, record.Acked).serve(from, to, tt.outcome, tt.more...).
				serve(to, to+3000, record.Acked).decided("b", from).
				holds("b", "primary", held...).holds("a", "standby", held...)
			for at := from + 100; tt.stall > 0 && at+tt.stall < to; at += tt.every {
				s.stand(at, at+tt.stall)
			}
			s.rec.Head.Promise.RTO = 5 * time.Second
			got := s.measure()
			if got.Verdict != tt.want {
				t.Errorf("verdict %s, want %s: %+v", got.Verdict, tt.want, got.Reasons)
			}
			if _, ok := reason(got, measure.HarnessPaused); ok != (tt.want == measure.Unmeasurable) {
				t.Errorf("reasons %+v do not say whether the harness stood still", got.Reasons)
			}
		})
	}
}
