package measure

import (
	"cmp"
	"slices"
	"time"

	"drillbook/harness/record"
)

// series is one stream with its attempts, prepared for measuring.
type series struct {
	index    int
	stream   record.Stream
	attempts []record.Attempt // of the whole record
	acks     []uint32         // indexes of acked attempts, by Done
	fails    []uint32         // of the others, by Sent
	latency  time.Duration    // that healthy attempts do not exceed, but for one in a hundred
	lateness time.Duration    // by which attempts leave late, but for one in a hundred
	first    time.Duration    // when the first attempt left
	last     time.Duration    // when the last attempt was to leave
	// procedure is when the last step ended that did; 0 if none did.
	procedure time.Duration
}

// newSeries sorts the attempts by stream. What is healthy is learned from
// before the first disturbance.
func newSeries(rec *record.Record, disturbed time.Duration) []*series {
	var procedure time.Duration
	for _, e := range rec.Events {
		if e.Kind == record.Ended {
			procedure = max(procedure, e.At)
		}
	}
	all := make([]*series, len(rec.Head.Streams))
	for i, s := range rec.Head.Streams {
		all[i] = &series{index: i, stream: s, attempts: rec.Attempts, procedure: procedure}
	}
	count(rec, all)
	for i := range rec.Attempts {
		a := &rec.Attempts[i]
		s := all[a.Stream]
		if len(s.acks)+len(s.fails) == 0 || a.Sent < s.first {
			s.first = a.Sent
		}
		s.last = max(s.last, a.Intended)
		if a.Outcome == record.Acked {
			s.acks = append(s.acks, uint32(i))
		} else {
			s.fails = append(s.fails, uint32(i))
		}
	}
	for _, s := range all {
		sortBy(s.acks, func(n uint32) time.Duration { return rec.Attempts[n].Done })
		sortBy(s.fails, func(n uint32) time.Duration { return rec.Attempts[n].Sent })
		s.learn(disturbed)
	}
	return all
}

// learn finds out what is healthy from what ended before the disturbance.
func (s *series) learn(disturbed time.Duration) {
	healthy := 0 // acks
	for healthy < len(s.acks) && s.ack(healthy).Done <= disturbed {
		healthy++
	}
	ds := make([]time.Duration, 0, healthy)
	for k := range healthy {
		ds = append(ds, s.ack(k).Done-s.ack(k).Sent)
	}
	s.latency = percentile(ds, 99)
	ds = ds[:0]
	for k := range healthy {
		ds = append(ds, s.ack(k).Sent-s.ack(k).Intended)
	}
	for _, n := range s.fails {
		if a := &s.attempts[n]; a.Done <= disturbed {
			ds = append(ds, a.Sent-a.Intended)
		}
	}
	s.lateness = percentile(ds, 99)
}

// count makes room once, since there can be millions.
func count(rec *record.Record, all []*series) {
	acked := make([]int, len(all))
	failed := make([]int, len(all))
	for i := range rec.Attempts {
		if rec.Attempts[i].Outcome == record.Acked {
			acked[rec.Attempts[i].Stream]++
		} else {
			failed[rec.Attempts[i].Stream]++
		}
	}
	for i, s := range all {
		s.acks = make([]uint32, 0, acked[i])
		s.fails = make([]uint32, 0, failed[i])
	}
}

// sortBy sorts what is nearly always sorted already: attempts are recorded
// in the order in which they end.
func sortBy(ns []uint32, key func(uint32) time.Duration) {
	compare := func(a, b uint32) int { return cmp.Compare(key(a), key(b)) }
	if !slices.IsSortedFunc(ns, compare) {
		slices.SortStableFunc(ns, compare)
	}
}

func (s *series) summary() Stream {
	out := Stream{Stream: s.stream, Healthy: s.latency, Lateness: s.lateness}
	latencies := make([]time.Duration, 0, len(s.acks))
	for _, n := range s.acks {
		latencies = append(latencies, s.attempts[n].Done-s.attempts[n].Intended)
	}
	out.Acked = len(s.acks)
	for _, n := range s.fails {
		if s.attempts[n].Outcome == record.Refused {
			out.Refused++
		} else {
			out.Unknown++
		}
	}
	if s.last > 0 {
		first := s.last
		if len(s.acks) > 0 {
			first = min(first, s.attempts[s.acks[0]].Intended)
		}
		if len(s.fails) > 0 {
			first = min(first, s.attempts[s.fails[0]].Intended)
		}
		span := s.last - first + s.stream.Interval
		out.Rate = float64(len(s.acks)+len(s.fails)) / span.Seconds()
	}
	out.P50, out.P99 = percentile(latencies, 50), percentile(latencies, 99)
	out.Max = percentile(latencies, 100)
	return out
}
