package measure_test

import (
	"slices"
	"testing"
	"time"

	"drillbook/harness/measure"
	"drillbook/harness/record"
)

// readRecord is a drill of two steps with an outage of writes in the second, from 3 s to
// 5 s. Somebody writes and reads ten times a second.
func readRecord(by func(at time.Duration) (member uint8, o record.Outcome)) *record.Record {
	const second, tenth = time.Second, 100 * time.Millisecond
	rec := &record.Record{
		Head: record.Head{
			Schema: 4, Members: []string{"a", "b"}, Promise: record.Promise{RTO: time.Minute},
			Steps: []record.Step{{Number: 1}, {Number: 2}},
			Streams: []record.Stream{
				{Name: "write", Kind: record.Write, Interval: tenth, Sessions: 4},
				{Name: "read", Kind: record.Reading, Interval: tenth, Sessions: 4},
				{Name: "read of a", Kind: record.Reading, Interval: tenth, Sessions: 4, Member: "a"},
			},
		},
		Events: []record.Event{
			{At: 1 * second, Kind: record.Began, Step: 1},
			{At: 2 * second, Kind: record.Ended, Step: 1},
			{At: 2500 * time.Millisecond, Kind: record.Began, Step: 2},
			{At: 7 * second, Kind: record.Ended, Step: 2},
		},
		Causes: []string{"", "no"},
		Tail:   &record.Tail{At: 8 * second},
	}
	for n := range uint32(80) {
		at := time.Duration(n) * tenth
		write := record.Attempt{
			Seq: n + 1, Intended: at, Sent: at, Done: at + 1, Outcome: record.Acked, Member: 1,
		}
		if at >= 3*second && at < 5*second {
			write.Outcome, write.Member, write.Cause = record.Refused, 0, 1
		}
		read := write
		read.Stream, read.Cause = 1, 0
		read.Intended, read.Sent, read.Done = at+tenth/2, at+tenth/2, at+tenth/2+1
		read.Member, read.Outcome = by(at)
		straight := write
		straight.Stream, straight.Outcome, straight.Member = 2, record.Acked, 1
		rec.Attempts = append(rec.Attempts, write, read, straight)
	}
	return rec
}

// TestReads: a read counts in the step, or in the outage of writes, in which it was asked,
// for the member that says that it answered.
func TestReads(t *testing.T) {
	rec := readRecord(func(at time.Duration) (uint8, record.Outcome) {
		switch {
		case at < 500*time.Millisecond:
			return 0, record.Acked
		case at >= 3*time.Second && at < 4*time.Second:
			return 0, record.Refused
		case at >= 5*time.Second:
			return 1, record.Acked
		}
		return 2, record.Acked
	})
	type part struct {
		step            int
		out             bool
		a, b            int
		unnamed, failed int
	}
	want := []part{
		{0, false, 0, 5, 5, 0},  // up to the first step
		{1, false, 0, 10, 0, 0}, // the first step
		{0, false, 0, 5, 0, 0},  // between the two
		{2, false, 0, 5, 0, 0},
		{2, true, 0, 10, 0, 10},
		{2, false, 20, 0, 0, 0},
		{0, false, 10, 0, 0, 0}, // behind the last
	}
	var got []part
	for _, r := range measure.Of(rec).Reads {
		got = append(got, part{r.Step, r.Out, r.By[0], r.By[1], r.Unnamed, r.Failed})
	}
	if !slices.Equal(got, want) {
		t.Errorf("reads = %v, want %v", got, want)
	}
	rec = readRecord(func(time.Duration) (uint8, record.Outcome) { return 0, record.Acked })
	if got := measure.Of(rec).Reads; got != nil {
		t.Errorf("where no answer tells who gave it, reads = %v, want none", got)
	}
}
