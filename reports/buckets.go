package reports

import (
	"slices"
	"time"

	"drillbook/harness/record"
)

// bucket is what attempts of some streams came to that were to leave in the
// same short time.
type bucket struct {
	acked, refused, unknown int
	p50, p99, max           time.Duration // latency of those acked, from the intended time
}

func (b *bucket) failed() int { return b.refused + b.unknown }

func (b *bucket) total() int { return b.acked + b.failed() }

// buckets are attempts by time. A picture has room for a few hundred of them
// and no more, however long the drill was.
type buckets struct {
	width time.Duration
	all   []bucket
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

// fill sorts the attempts of the chosen streams into buckets, up to a time.
func fill(rec *record.Record, chosen []bool, to time.Duration) buckets {
	var interval time.Duration
	for i, s := range rec.Head.Streams {
		if chosen[i] {
			interval = max(interval, s.Interval)
		}
	}
	b := buckets{width: bucketWidth(to, interval)}
	b.all = make([]bucket, int(to/b.width)+1)
	for i := range rec.Attempts {
		a := &rec.Attempts[i]
		if n := b.index(a); chosen[a.Stream] && n >= 0 {
			b.all[n].tell(a.Outcome)
		}
	}
	b.latencies(rec, chosen)
	return b
}

func (b *buckets) index(a *record.Attempt) int {
	n := int(a.Intended / b.width)
	if a.Intended < 0 || n >= len(b.all) {
		return -1
	}
	return n
}

func (b *bucket) tell(o record.Outcome) {
	switch o {
	case record.Acked:
		b.acked++
	case record.Refused:
		b.refused++
	case record.Unknown:
		b.unknown++
	}
}

// latencies fills in the percentiles. All latencies share one piece of memory,
// since there can be millions.
func (b *buckets) latencies(rec *record.Record, chosen []bool) {
	ends := make([]int, len(b.all)+1)
	for i, one := range b.all {
		ends[i+1] = ends[i] + one.acked
	}
	values := make([]time.Duration, ends[len(b.all)])
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
	for i := range b.all {
		mine := values[ends[i]:ends[i+1]]
		if len(mine) == 0 {
			continue
		}
		slices.Sort(mine)
		at := func(p int) time.Duration { return mine[max((len(mine)*p+99)/100, 1)-1] }
		b.all[i].p50, b.all[i].p99, b.all[i].max = at(50), at(99), at(100)
	}
}

// from is when bucket n begins.
func (b *buckets) from(n int) time.Duration { return time.Duration(n) * b.width }

// clients chooses the clients' streams of a kind.
func clients(rec *record.Record, kind record.StreamKind) (chosen []bool, any bool) {
	chosen = make([]bool, len(rec.Head.Streams))
	for i, s := range rec.Head.Streams {
		chosen[i] = s.Kind == kind && s.Member == ""
		any = any || chosen[i]
	}
	return chosen, any
}

// taken is in which stretches of time each member acknowledged writes, whoever
// sent them.
type taken struct {
	width time.Duration
	by    [][]bool // by member, as in the head
}

func takenBy(rec *record.Record, to time.Duration) taken {
	var interval time.Duration
	member := make([]int, len(rec.Head.Streams)) // whom a stream is pinned to
	for i, s := range rec.Head.Streams {
		member[i] = slices.Index(rec.Head.Members, s.Member)
		if s.Kind == record.Write {
			interval = max(interval, s.Interval)
		}
	}
	t := taken{width: bucketWidth(to, interval/2), by: make([][]bool, len(rec.Head.Members))}
	for i := range t.by {
		t.by[i] = make([]bool, int(to/t.width)+1)
	}
	for i := range rec.Attempts {
		a := &rec.Attempts[i]
		if a.Outcome != record.Acked || rec.Head.Streams[a.Stream].Kind != record.Write {
			continue
		}
		m, n := int(a.Member)-1, int(a.Done/t.width)
		if m < 0 {
			m = member[a.Stream]
		}
		if m >= 0 && m < len(t.by) && n >= 0 && n < len(t.by[m]) {
			t.by[m][n] = true
		}
	}
	return t
}
