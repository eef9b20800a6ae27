package measure_test

import (
	"testing"
	"time"

	"drillbook/harness/measure"
	"drillbook/harness/record"
)

// byHand is a switchover that a person carries out and marks: b is primary from 3.3 s on,
// clients are out from 3 s to 3.4 s.
func byHand() *story {
	s := tell().serve(100, 6000, record.Acked)
	s.rec.Head.Watched = &record.Watched{By: "somebody"}
	s.rec.Head.Promise = record.Promise{NoRTO: true, NoRPO: true}
	s.rec.Head.Settings = record.Settings{Settle: 500 * ms, Baseline: time.Second}
	s.at(10, record.Event{Kind: record.Role, Member: "a", What: "primary"}).
		at(2000, record.Event{Kind: record.Healthy}).
		at(2900, record.Event{Kind: record.Marked, Step: 1, What: "stop a"}).
		at(2900, record.Event{Kind: record.Began, Step: 1}).
		at(3200, record.Event{Kind: record.Ended, Step: 1}).
		at(3200, record.Event{Kind: record.Marked, Step: 2, What: "promote b"}).
		at(3200, record.Event{Kind: record.Began, Step: 2}).
		at(3300, record.Event{Kind: record.Role, Member: "b", What: "primary"}).
		at(5000, record.Event{Kind: record.Ended, Step: 2})
	s.holds("b", "primary").holds("a", "standby")
	for at := 100; at < 6000; at += 10 {
		for i := range s.rec.Copies {
			s.rec.Copies[i].Tokens = append(s.rec.Copies[i].Tokens, record.Stored{Seq: uint32(at / 10)})
		}
	}
	s.rec.Tail.At = 6 * time.Second
	return s.refuse(3000, 3400)
}

// What was marked are the steps, and without a promise nothing is judged.
func TestWatched(t *testing.T) {
	r := byHand().measure()
	if r.Verdict != measure.Unjudged || len(r.Reasons) > 0 || r.Unfit {
		t.Errorf("verdict %s, %+v, want none", r.Verdict, r.Reasons)
	}
	if len(r.Steps) != 2 || r.Steps[1].Title.In("zh") != "promote b" || r.Steps[0].Outcome != measure.Passed ||
		r.Steps[0].Downtime.Count != 1 {
		t.Errorf("steps = %+v, want the two that were marked, the first with the outage", r.Steps)
	}
	p := r.Phases
	if !p.Marked || p.Zero != 2900*ms || p.Decided == nil || *p.Decided != 400*ms || p.Served == nil {
		t.Errorf("phases = %+v, want them from the mark", p)
	}
}

// The observer may see the new primary only after clients have found it.
func TestWatchedChangeSeenLate(t *testing.T) {
	s := byHand()
	for i := range s.rec.Events {
		if e := &s.rec.Events[i]; e.Kind == record.Role && e.Member == "b" {
			e.At = 4 * time.Second
		}
	}
	s.refuse(5000, 5100) // which has nothing to do with it
	if p := s.measure().Phases; !p.Marked || p.Zero != 2900*ms || p.Served == nil || *p.Served > 600*ms {
		t.Errorf("phases = %+v, want them around the outage before", p)
	}
}

func TestWatchedVerdicts(t *testing.T) {
	for name, tt := range map[string]struct {
		change func(*story)
		want   measure.Verdict
		code   measure.Code
	}{
		"short of its promise": {func(s *story) {
			s.rec.Head.Promise = record.Promise{RTO: 100 * ms, NoRPO: true}
		}, measure.Missed, measure.RTOMissed},
		"kept": {func(s *story) { s.rec.Head.Promise = record.Promise{RTO: time.Second} }, measure.Met, ""},
		"open, promised": {func(s *story) {
			s.rec.Head.Promise = record.Promise{RTO: 10 * time.Second, NoRPO: true}
			s.refuse(3000, 6000)
		}, measure.Unmeasurable, measure.RTOOpen},
		"open, not promised": {func(s *story) { s.refuse(3000, 6000) }, measure.Unjudged, ""},
		"lost, not promised": {func(s *story) { s.without(250, 0, 1) }, measure.Unjudged, ""},
		"lost, promised": {func(s *story) {
			s.rec.Head.Promise = record.Promise{NoRTO: true}
			s.without(250, 0, 1)
		}, measure.Missed, measure.RPOMissed},
		"not healthy before": {
			func(s *story) { s.refuse(1500, 1600) }, measure.Unmeasurable, measure.BaselineFailed,
		},
		"late mark, healthy before": {func(s *story) { s.refuse(2100, 2200) }, measure.Unjudged, ""},
		"stored twice": {func(s *story) {
			s.rec.Copies[0].Tokens = append(s.rec.Copies[0].Tokens, record.Stored{Seq: 50})
		}, measure.Missed, measure.DuplicateWrites},
		"late answers, not promised": {func(s *story) {
			for i := range s.rec.Attempts {
				if a := &s.rec.Attempts[i]; a.Sent >= 4*time.Second && a.Sent < 5200*ms {
					a.Done = a.Sent + 150*ms
				}
			}
		}, measure.Unjudged, ""},
		"no copy, not promised": {func(s *story) { s.rec.Copies = nil }, measure.Unjudged, ""},
		"only reads": {func(s *story) {
			s.rec.Head.Watched.ReadOnly = true
			s.rec.Head.Streams, s.rec.Attempts, s.rec.Copies = s.rec.Head.Streams[3:], nil, nil
		}, measure.Unjudged, ""},
		"only reads, promised": {func(s *story) {
			s.rec.Head.Watched.ReadOnly = true
			s.rec.Head.Promise = record.Promise{RTO: time.Minute, NoRPO: true}
			s.rec.Head.Streams, s.rec.Attempts, s.rec.Copies = s.rec.Head.Streams[3:], nil, nil
		}, measure.Unmeasurable, measure.NoWrites},
	} {
		t.Run(name, func(t *testing.T) {
			s := byHand()
			tt.change(s)
			r := s.measure()
			code := measure.Code("")
			if len(r.Reasons) > 0 {
				code = r.Reasons[0].Code
			}
			if r.Verdict != tt.want || code != tt.code {
				t.Errorf("verdict %s for %q, want %s for %q: %+v", r.Verdict, code, tt.want, tt.code, r.Reasons)
			}
		})
	}
}
