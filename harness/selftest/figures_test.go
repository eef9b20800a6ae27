package selftest_test

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	"drillbook/harness/measure"
	"drillbook/harness/record"
)

const ms = time.Millisecond

// figure is a figure of the harness beside the truth.
type figure struct {
	name         string
	found, truth string
	right        bool
}

func (f figure) String() string { return fmt.Sprintf("%s %s (true: %s)", f.name, f.found, f.truth) }

func counts(name string, found, truth int) figure {
	return figure{name, strconv.Itoa(found), strconv.Itoa(truth), found == truth}
}

func lengths(name string, found, truth time.Duration) figure {
	return figure{name, length(found), length(truth), found == truth}
}

func length(d time.Duration) string { return d.Round(ms / 10).String() }

// The names of figures that tables show.
const (
	lost       = "lost"
	applied    = "unknown, stored"
	phantom    = "phantom"
	duplicated = "duplicated"
	diverged   = "diverged"
	stale      = "stale reads"
	age        = "age of the stale"
	doubleAcks = "both acknowledged for"
	claims     = "both said primary for"
	outage     = "outage"
	relapses   = "relapses"
	brownout   = "brown-out"
	stamps     = "outage by time stamps"
	stood      = "harness stood still"
)

// figures holds everything that was measured against the truth.
func (o *outcome) figures() []figure {
	if o.refused != nil {
		return nil
	}
	return append(append(o.counted(), o.outages()...), o.brownouts()...)
}

// counted is what is counted, beside the truth.
func (o *outcome) counted() []figure {
	w, t := o.Writes, o.truth
	all := []figure{
		counts("acknowledged", w.Acked+w.Direct.Acked, t.Acked),
		o.doubleAcks(),
		o.claims(),
	}
	if w.Counted {
		all = append(all,
			o.lost(),
			counts(applied, w.AppliedUnknown, t.AppliedUnknown),
			counts(phantom, len(w.Phantom), t.Phantom),
			o.twice(),
			o.staleReads(),
			o.oldest(),
		)
	}
	if w.Counted && len(w.Unread) == 0 {
		all = append(all, o.diverged())
	}
	return all
}

// diverged: what a copy lacks that is only behind nobody can tell.
func (o *outcome) diverged() figure {
	f := counts(diverged, len(o.Writes.Diverged), o.truth.Diverged)
	f.right = f.right || len(o.Writes.Behind) > 0 && len(o.Writes.Diverged) < o.truth.Diverged
	return f
}

// brownouts: the only time that answers came late is found, and no other.
func (o *outcome) brownouts() []figure {
	var truth []time.Duration
	if s := o.truth.Slow; !s.From.IsZero() {
		truth = []time.Duration{s.To.Sub(s.From)}
	}
	if len(o.Brownouts) != len(truth) {
		return []figure{counts(brownout, len(o.Brownouts), len(truth))}
	}
	var all []figure
	for i, b := range o.Brownouts {
		all = append(all, figure{
			brownout, length(b.Least) + " to " + length(b.Most), length(truth[i]),
			b.Least <= truth[i] && truth[i] <= b.Most && b.Most-b.Least <= o.doubt(),
		})
	}
	return all
}

// staleReads: a read that had to wait for its session counts from when it was
// sent, though the server was asked later.
func (o *outcome) staleReads() figure {
	f := counts(stale, o.Stale.Count, o.truth.Stale)
	hidden := o.waited()
	if len(o.Writes.Lost) > o.truth.Lost { // what is lost makes no read stale
		hidden = o.truth.Stale
	}
	f.right = o.Stale.Count <= o.truth.Stale && o.Stale.Count >= o.truth.Stale-hidden
	return f
}

// lost: what is acknowledged before it is stored may be read back before it is.
func (o *outcome) lost() figure {
	n, t := len(o.Writes.Lost), o.truth
	f := counts(lost, n, t.Lost)
	f.right = n >= t.Lost && n <= t.Lost+t.LateStored
	return f
}

// twice: what only a member that was not read holds twice is not found.
func (o *outcome) twice() figure {
	f := counts(duplicated, len(o.Writes.Duplicated), o.truth.Duplicated)
	f.right = f.right || o.may.unread && len(o.Writes.Unread) > 0 && len(o.Writes.Duplicated) < o.truth.Duplicated
	return f
}

// doubleAcks: of answers that overtake each other, the last may be another one.
func (o *outcome) doubleAcks() figure {
	f := lengths(doubleAcks, o.Split.Overlap, o.truth.DoubleAcks)
	f.right = f.right || (o.Split.Overlap-o.truth.DoubleAcks).Abs() <= o.may.overtake ||
		!o.Split.Proved && o.truth.DoubleAcks <= o.may.opens
	return f
}

// oldest is no older than it was.
func (o *outcome) oldest() figure {
	f := lengths(age, o.Stale.Oldest, o.truth.Oldest)
	hidden := o.may.waits && o.waited() > 0 || len(o.Writes.Lost) > o.truth.Lost
	f.right = f.right || o.Stale.Oldest < o.truth.Oldest && hidden
	return f
}

// waited is how many reads had to wait for a session.
func (o *outcome) waited() int {
	n := 0
	for i := range o.rec.Attempts {
		if a := &o.rec.Attempts[i]; a.Wait > 0 && o.rec.Head.Streams[a.Stream].Kind == record.Reading {
			n++
		}
	}
	return n
}

// claims: what members say is sampled, so no more of it is seen than is true,
// and little less.
func (o *outcome) claims() figure {
	const unseen = 150 * ms
	found, truth := o.Split.RoleOverlap, o.truth.DoubleRoles
	doubt := time.Duration(len(o.truth.Double)) * o.may.claims
	f := figure{name: claims, found: length(found), truth: length(truth)}
	unheard := time.Duration(len(o.truth.Promoted)) * o.may.unheard
	f.right = found <= truth+doubt && found >= truth-max(unseen, doubt)-unheard
	return f
}

// span is a stretch of the drill.
type span struct{ from, to time.Duration }

func (s span) length() time.Duration { return s.to - s.from }

func (o *outcome) since(t time.Time) time.Duration { return t.Sub(o.rec.Head.Began) }

// downs are the true times without service, the open one until the clients
// stopped.
func (o *outcome) downs() []span {
	spans := make([]span, 0, len(o.truth.Down))
	for _, d := range o.truth.Down {
		s := span{o.since(d.From), o.stopped()}
		if !d.To.IsZero() {
			s.to = o.since(d.To)
		}
		spans = append(spans, s)
	}
	return spans
}

// stopped is when the clients wrote no more.
func (o *outcome) stopped() time.Duration {
	var last time.Duration
	for _, a := range o.rec.Attempts {
		if a.Stream == 0 {
			last = max(last, a.Intended)
		}
	}
	return last + o.rec.Head.Streams[0].Interval
}

// outages holds every outage of the clients' writes against the truth: each
// true one is found in one outage whose bracket holds it, and each one found
// has a cause.
func (o *outcome) outages() []figure {
	var all []figure
	found := slices.DeleteFunc(slices.Clone(o.Outages), func(x measure.Outage) bool { return x.Stream != 0 })
	for _, x := range found {
		all = append(all, o.explain(x))
	}
	for _, d := range o.downs() {
		in := 0
		for _, x := range found {
			if x.From <= d.to && d.from <= x.To {
				in++
			}
		}
		if seen := in == 1 || in == 0 && d.length() < o.resolution(); !seen {
			all = append(all, figure{outage, fmt.Sprintf("%d times", in), length(d.length()), false})
		}
	}
	return all
}

// resolution is the shortest outage that must be found.
func (o *outcome) resolution() time.Duration { return max(10*ms, 3*o.Error) }

// explain looks for what was true when the outage was seen. A truth is a range
// too: service is back as soon as a member takes writes, and clients have it
// once they have found that member. Whether sessions that break while service
// goes on are noticed depends on what they are doing.
func (o *outcome) explain(x measure.Outage) figure {
	var begins, ends []time.Duration // of what may be true
	first, last := span{from: -1}, span{}
	for _, d := range o.downs() {
		if x.From <= d.to && d.from <= x.To {
			if first.from < 0 {
				first = d
			}
			last = d
		}
	}
	if first.from >= 0 {
		begins, ends = append(begins, first.from), append(ends, last.to)
	}
	for _, broken := range o.truth.Broken {
		at := o.since(broken)
		if at < x.From-o.goesRound() || at > x.To+o.Error {
			continue
		}
		at = max(at, x.From-o.Error)
		if first.from < 0 || at < first.from {
			begins = append(begins, at)
		}
		if first.from < 0 || at > last.to {
			ends = append(ends, at)
		}
	}
	f := figure{name: outage, found: bracket(x)}
	for _, b := range begins {
		for _, e := range ends {
			if e < b {
				continue
			}
			open := first.from >= 0 && o.open() && last.to == o.stopped()
			served := max(e, o.served(e))
			f.truth = length(e-b) + " to " + length(served-b)
			if open {
				f.truth = length(e-b) + ", open"
			}
			if f.right = o.holds(x, e-b, served-b, open); f.right {
				return f
			}
		}
	}
	if len(begins) == 0 && o.pauses > 0 {
		f.truth, f.right = length(o.pauses), o.holds(x, 0, o.pauses, false)
	}
	return f
}

// goesRound is how long it may take until a session that is broken is used: the
// clients take theirs in turn.
func (o *outcome) goesRound() time.Duration {
	s := o.rec.Head.Streams[0]
	return time.Duration(s.Sessions)*s.Interval + o.Error
}

// served is when a client's write was first acknowledged after a time.
func (o *outcome) served(after time.Duration) time.Duration {
	for _, at := range o.truth.Acks[0] {
		if t := o.since(at); t > after {
			return t
		}
	}
	return after
}

// open reports whether service had not come back at the end.
func (o *outcome) open() bool {
	n := len(o.truth.Down)
	return n > 0 && o.truth.Down[n-1].To.IsZero()
}

// holds reports whether the bracket has room for the truth and is as narrow as
// it should be.
func (o *outcome) holds(x measure.Outage, least, most time.Duration, open bool) bool {
	switch {
	case x.Open != open || x.Least > most:
		return false
	case open:
		return x.Least >= least-o.doubt()
	}
	return least <= x.Most && x.Most-x.Least <= o.doubt()
}

// doubt is how wide a bracket may be. Clients try every member before they know that
// nobody serves, and have so much more time for it.
func (o *outcome) doubt() time.Duration {
	return o.rec.Head.Streams[0].Connect - 50*ms + 2*o.Error
}

func bracket(x measure.Outage) string {
	if x.Open {
		return "at least " + length(x.Least) + ", open"
	}
	return length(x.Least) + " to " + length(x.Most)
}
