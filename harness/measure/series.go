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
	latency  time.Duration    // p99 of healthy attempts
	lateness time.Duration    // p99 of how late attempts leave while service is healthy

	firstSent    time.Duration // when the first attempt left
	lastIntended time.Duration // when the last attempt was to leave
	// procedureEnd is the end of the last step that ended; 0 if none did.
	procedureEnd time.Duration
}

// newSeries sorts the attempts by stream, and learns from those that were answered
// between two times, before the first disturbance, what is healthy.
func newSeries(rec *record.Record, learnFrom, disturbed time.Duration) []*series {
	var procedure time.Duration
	for _, e := range rec.Events {
		if e.Kind == record.Ended {
			procedure = max(procedure, e.At)
		}
	}
	all := make([]*series, len(rec.Head.Streams))
	for i, s := range rec.Head.Streams {
		all[i] = &series{index: i, stream: s, attempts: rec.Attempts, procedureEnd: procedure}
	}
	countAttempts(rec, all)
	for i := range rec.Attempts {
		a := &rec.Attempts[i]
		s := all[a.Stream]
		if len(s.acks)+len(s.fails) == 0 || a.Sent < s.firstSent {
			s.firstSent = a.Sent
		}
		s.lastIntended = max(s.lastIntended, a.Intended)
		if a.Outcome == record.Acked {
			s.acks = append(s.acks, uint32(i))
		} else {
			s.fails = append(s.fails, uint32(i))
		}
	}
	for _, s := range all {
		sortBy(s.acks, func(n uint32) time.Duration { return rec.Attempts[n].Done })
		sortBy(s.fails, func(n uint32) time.Duration { return rec.Attempts[n].Sent })
		s.learnHealthy(learnFrom, disturbed)
	}
	return all
}

// learnHealthy learns the latency and lateness of healthy service from the
// attempts that ended from a time on and before the first disturbance.
func (s *series) learnHealthy(from, disturbed time.Duration) {
	first := 0 // acks
	for first < len(s.acks) && s.ack(first).Done < from {
		first++
	}
	healthy := first
	for healthy < len(s.acks) && s.ack(healthy).Done <= disturbed {
		healthy++
	}
	ds := make([]time.Duration, 0, healthy)
	for k := first; k < healthy; k++ {
		ds = append(ds, s.ack(k).Done-s.ack(k).Sent)
	}
	slices.Sort(ds)
	s.latency = Percentile(ds, 99)
	ds = ds[:0]
	for k := first; k < healthy; k++ {
		ds = append(ds, s.ack(k).Sent-s.ack(k).Intended)
	}
	for _, n := range s.fails {
		if a := &s.attempts[n]; a.Done >= from && a.Done <= disturbed {
			ds = append(ds, a.Sent-a.Intended)
		}
	}
	slices.Sort(ds)
	s.lateness = Percentile(ds, 99)
}

// countAttempts allocates the indexes once, since there can be millions of
// attempts.
func countAttempts(rec *record.Record, all []*series) {
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

// sortBy sorts indexes that are nearly always sorted already, since attempts are
// recorded in the order of their ends.
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
	if s.lastIntended > 0 {
		first := s.lastIntended
		if len(s.acks) > 0 {
			first = min(first, s.attempts[s.acks[0]].Intended)
		}
		if len(s.fails) > 0 {
			first = min(first, s.attempts[s.fails[0]].Intended)
		}
		span := s.lastIntended - first + s.stream.Interval
		out.Rate = float64(len(s.acks)+len(s.fails)) / span.Seconds()
	}
	slices.Sort(latencies)
	out.P50, out.P99, out.Max = Percentile(latencies, 50), Percentile(latencies, 99), Percentile(latencies, 100)
	return out
}
