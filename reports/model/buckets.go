package model

import (
	"slices"
	"time"

	"drillbook/harness/measure"
	"drillbook/harness/record"
)

// Bucket is what attempts of some streams came to that were to leave in the
// same short time.
type Bucket struct {
	Acked, Refused, Unknown int
	P50, P99, Max           time.Duration // latency of those acked, from the intended time
}

// Total is how many were tried.
func (b *Bucket) Total() int { return b.Acked + b.Refused + b.Unknown }

// Buckets are attempts by time. A picture has room for a few hundred of them
// and no more, however long the drill was.
type Buckets struct {
	From  time.Duration // the first begins
	Width time.Duration
	All   []Bucket
}

// maxBuckets is about how many columns a picture can tell apart.
const maxBuckets = 400

// bucketWidth is a round width that leaves no more than maxBuckets, and for
// each a few attempts of a stream.
func bucketWidth(span, interval time.Duration) time.Duration {
	least := max(span/maxBuckets, 4*interval, time.Millisecond)
	for unit := time.Millisecond; ; unit *= 10 {
		for _, width := range []time.Duration{unit, 2 * unit, 5 * unit} {
			if width >= least {
				return width
			}
		}
	}
}

// fill sorts the attempts of the chosen streams in a picture into buckets.
func fill(rec *record.Record, chosen []bool, p Picture) Buckets {
	var interval time.Duration
	for i, s := range rec.Head.Streams {
		if chosen[i] {
			interval = max(interval, s.Interval)
		}
	}
	b := Buckets{From: p.From, Width: bucketWidth(p.To-p.From, interval)}
	b.All = make([]Bucket, int((p.To-p.From)/b.Width)+1)
	for i := range rec.Attempts {
		a := &rec.Attempts[i]
		if n := b.index(a); chosen[a.Stream] && n >= 0 {
			b.All[n].tell(a.Outcome)
		}
	}
	b.latencies(rec, chosen)
	return b
}

func (b *Buckets) index(a *record.Attempt) int {
	n := int((a.Intended - b.From) / b.Width)
	if a.Intended < b.From || n >= len(b.All) {
		return -1
	}
	return n
}

func (b *Bucket) tell(o record.Outcome) {
	switch o {
	case record.Acked:
		b.Acked++
	case record.Refused:
		b.Refused++
	case record.Unknown:
		b.Unknown++
	}
}

// latencies fills in the percentiles. All latencies share one piece of memory,
// since there can be millions.
func (b *Buckets) latencies(rec *record.Record, chosen []bool) {
	ends := make([]int, len(b.All)+1)
	for i, one := range b.All {
		ends[i+1] = ends[i] + one.Acked
	}
	values := make([]time.Duration, ends[len(b.All)])
	next := slices.Clone(ends)
	for i := range rec.Attempts {
		a := &rec.Attempts[i]
		if !chosen[a.Stream] || a.Outcome != record.Acked {
			continue
		}
		if n := b.index(a); n >= 0 {
			values[next[n]] = a.Done - a.Intended
			next[n]++
		}
	}
	for i := range b.All {
		mine := values[ends[i]:ends[i+1]]
		slices.Sort(mine)
		b.All[i].P50, b.All[i].P99 = measure.Percentile(mine, 50), measure.Percentile(mine, 99)
		b.All[i].Max = measure.Percentile(mine, 100)
	}
}

// Begin is when bucket n begins.
func (b *Buckets) Begin(n int) time.Duration { return b.From + time.Duration(n)*b.Width }

// takenBy is in which stretches of time each member acknowledged writes, whoever
// sent them.
func (d drafter) takenBy(to time.Duration) [][]Span {
	rec := d.rec
	var interval time.Duration
	member := make([]int, len(rec.Head.Streams)) // whom a stream is pinned to
	for i, s := range rec.Head.Streams {
		member[i] = slices.Index(rec.Head.Members, s.Member)
		if s.Kind == record.Write {
			interval = max(interval, s.Interval)
		}
	}
	width := bucketWidth(to, interval/2)
	by := make([][]bool, len(rec.Head.Members))
	for i := range by {
		by[i] = make([]bool, int(to/width)+1)
	}
	for i := range rec.Attempts {
		a := &rec.Attempts[i]
		if a.Outcome != record.Acked || rec.Head.Streams[a.Stream].Kind != record.Write {
			continue
		}
		m, n := int(a.Member)-1, int(a.Done/width)
		if m < 0 {
			m = member[a.Stream]
		}
		if m >= 0 && m < len(by) && n >= 0 && n < len(by[m]) {
			by[m][n] = true
		}
	}
	spans := make([][]Span, len(by))
	for i := range by {
		spans[i] = runs(by[i], width)
	}
	return spans
}

// runs are the stretches of time in which one bucket after another is set.
func runs(set []bool, width time.Duration) []Span {
	var spans []Span
	for n := 0; n < len(set); n++ {
		first := n
		for n < len(set) && set[n] {
			n++
		}
		if n > first {
			spans = append(spans, Span{From: time.Duration(first) * width, To: time.Duration(n) * width})
		}
	}
	return spans
}
