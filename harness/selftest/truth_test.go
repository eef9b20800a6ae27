package selftest_test

import (
	"fmt"
	"slices"
	"time"

	"drillbook/fixtures/fake"
	"drillbook/harness/measure"
	"drillbook/harness/record"
)

// What must be so of every drill, whatever happened in it.
//
// The database knows when no member took writes. Clients cannot be served then, so
// what they suffered is no shorter than the longest of these times; those of which
// each failed a client, with less than the settling time of service in between, are
// one. And clients were served again once a write was acknowledged behind them, and
// behind the time in which they may still have met sessions that were broken. So
// what they suffered is no longer than that.
//
// The stated errors are [measure.Result.Error], by which what is certain may be too
// long, and [measure.Stream.Unseen]: an outage that is no longer than that may have
// been seen by nobody, and where the harness stood still, so much of one, behind the
// stall.

// layings is how often stalls are laid over the record of a drill.
const layings = 2

// contradictions are what was measured and cannot be.
func (o *outcome) contradictions() []string {
	wrong := o.contradicts(&o.Result, o.rec)
	for _, f := range o.counted() {
		if !f.right {
			wrong = append(wrong, f.String())
		}
	}
	wrong = append(wrong, o.misread()...)
	switch o.Verdict {
	case measure.Met:
		wrong = append(wrong, o.notMet()...)
	case measure.Missed:
		wrong = append(wrong, o.notMissed()...)
	case measure.Unjudged:
		wrong = append(wrong, "a promise was given, and nothing is judged")
	case measure.Unmeasurable: // is never wrong, only of no use
	}
	return wrong
}

// contradicts holds the outages of a record of this drill against the truth.
func (o *outcome) contradicts(r *measure.Result, rec *record.Record) []string {
	var wrong []string
	say := func(format string, args ...any) { wrong = append(wrong, fmt.Sprintf(format, args...)) }
	least, most := o.longest(rec)
	found, rto := r.Downtime.Longest, rec.Head.Promise.RTO
	unseen := r.Streams[0].Unseen
	hidden := time.Duration(0) // of an outage, at an end of it, by a stall
	if len(r.Stalls) > 0 {
		hidden = unseen
	}
	for _, x := range r.Outages {
		if l := r.Downtime.Longest; x.Stream == 0 && (x.Least > l.Least || !l.Open && (x.Open || x.Most > l.Most)) {
			say("the longest outage is %+v, but there is %+v", l, x)
		}
	}
	if !found.Open && max(found.Most, unseen)+hidden < least.length() {
		say("outage of at most %s, and no member took writes for %s, from %s to %s", found.Most, least.length(),
			least.from, least.to)
	}
	if found.Least > most+r.Error {
		say("outage of at least %s, and it was at most %s", found.Least, most)
	}
	missed := has(r, measure.RTOMissed)
	if (missed || has(r, measure.BrownOut)) && most < rto-r.Error {
		say("missed, but clients were out or served late for no longer than %s of %s", most, rto)
	}
	unclear := has(r, measure.RTOUnclear) || has(r, measure.RTOOpen)
	if least.length() > max(rto, unseen)+hidden && !missed && !unclear {
		say("neither missed nor unclear, and no member took writes for %s of %s, from %s to %s", least.length(), rto,
			least.from, least.to)
	}
	return wrong
}

func has(r *measure.Result, code measure.Code) bool { return slices.Contains(codes(r.Reasons), code) }

// outs are the true times without service in which clients tried to write.
func (o *outcome) outs() []span { return o.outsUntil(o.stopped() - o.rec.Head.Streams[0].Interval) }

func (o *outcome) outsUntil(stopped time.Duration) []span {
	began := o.healthy()
	var all []span
	for _, d := range o.truth.Down {
		s := o.until(d)
		s.from, s.to = max(s.from, began), min(s.to, stopped)
		if s.to > s.from {
			all = append(all, s)
		}
	}
	return all
}

// answered is when the clients' last write ended.
func (o *outcome) answered() time.Duration {
	last := o.stopped()
	for i := range o.rec.Attempts {
		if a := &o.rec.Attempts[i]; a.Stream == 0 {
			last = max(last, a.Done)
		}
	}
	return last
}

// until is a true span, which may not have ended when the clients stopped.
func (o *outcome) until(s fake.Span) span {
	to := o.answered()
	if !s.To.IsZero() {
		to = o.since(s.To)
	}
	return span{o.since(s.From), max(to, o.since(s.From))}
}

// healthy is when the drill began.
func (o *outcome) healthy() time.Duration {
	for _, e := range o.rec.Events {
		if e.Kind == record.Healthy {
			return e.At
		}
	}
	return 0
}

// longest is the true longest outage: no shorter than the span, no longer than most.
func (o *outcome) longest(rec *record.Record) (least span, most time.Duration) {
	settle := rec.Head.Settings.Settle
	outs := o.outs()
	var cluster span // of outs that are certainly one
	for _, s := range outs {
		if !failedIn(rec, s) {
			if s.length() > least.length() {
				least = s
			}
			continue
		}
		if cluster.to == 0 || s.from-cluster.to >= settle {
			cluster = s
		}
		cluster.to = max(cluster.to, s.to)
		if cluster.length() > least.length() {
			least = cluster
		}
	}
	for _, s := range together(o.felt(o.outsUntil(o.answered())), settle+o.Error) {
		most = max(most, s.length())
	}
	return least, max(most, o.pauses)
}

// failedIn reports whether a client's write was certainly asked in a time and failed:
// how long it waited for its session is known in microseconds.
func failedIn(rec *record.Record, s span) bool {
	s.to -= time.Microsecond
	return slices.ContainsFunc(rec.Attempts, func(a record.Attempt) bool {
		return a.Stream == 0 && a.Outcome != record.Acked && a.Asked() >= s.from && a.Asked() < s.to
	})
}

// felt are the times in which clients may have suffered: those without service,
// and those in which they met sessions that were broken, each until one was served.
func (o *outcome) felt(outs []span) []span {
	all := slices.Clone(outs)
	for _, b := range o.truth.Broken {
		at := o.since(b)
		all = append(all, span{at, at + o.goesRound()})
	}
	for _, d := range o.truth.Double { // clients may find the one that takes no writes
		all = append(all, o.until(d))
	}
	if d := o.db.Defects.Slow; d.By+o.db.Latency+o.db.Jitter+o.db.Opening > within { // some come too late
		for _, p := range o.truth.Promoted {
			all = append(all, span{o.since(p), o.since(p) + d.For + d.By})
		}
	}
	for _, s := range outs { // sessions break with what ends service
		all = append(all, span{s.to, o.roundAgain(s.to)})
	}
	for i := range all {
		all[i].to = max(all[i].to, o.served(all[i].to))
	}
	slices.SortFunc(all, func(a, b span) int { return int(a.from - b.from) })
	return all
}

// roundAgain is when clients had tried all sessions that an outage left behind. The
// turn stands still while those before wait for new ones, for as long as they may.
func (o *outcome) roundAgain(back time.Duration) time.Duration {
	round := back + o.goesRound()
	latest := round + o.rec.Head.Streams[0].Connect
	for i := range o.rec.Attempts {
		if a := &o.rec.Attempts[i]; a.Stream == 0 && a.Outcome != record.Acked && a.Asked() <= latest && a.Sent > back {
			round = max(round, min(a.Done, latest))
		}
	}
	return round
}

// together joins the spans that lie closer together than so.
func together(all []span, closer time.Duration) []span {
	var joined []span
	for _, s := range all {
		if n := len(joined); n > 0 && s.from-joined[n-1].to < closer {
			joined[n-1].to = max(joined[n-1].to, s.to)
			continue
		}
		joined = append(joined, s)
	}
	return joined
}

// misread is what the copies must have told and did not: where there is a primary
// that can be read it decides what is lost, unless another one, made primary after
// it, is gone; and where all members follow it and can be read they can be compared.
func (o *outcome) misread() []string {
	const readable = 10 * time.Second // far less than what a copy may take
	d := o.db.Defects
	if o.stands.Primary == "" || d.Unreadable != "" || d.UnreadableFor > 0 || o.db.ReadsBack > readable {
		return nil
	}
	var wrong []string
	if o.stands.Last && !o.Writes.Counted {
		wrong = append(wrong, fmt.Sprintf("nothing is counted, and %s is the only primary", o.stands.Primary))
	}
	if o.stands.InStep && len(o.Writes.Unread) > 0 {
		wrong = append(wrong, fmt.Sprintf("%v were not read, and all follow %s", o.Writes.Unread, o.stands.Primary))
	}
	return wrong
}

// notMet is why a drill that is met is not.
func (o *outcome) notMet() []string {
	var wrong []string
	t, p := o.truth, o.rec.Head.Promise
	apart := t.Diverged
	if len(o.Writes.Behind) > 0 {
		apart = 0 // see diverged
	}
	for _, c := range []struct {
		what string
		n    int
		may  int
	}{
		{"lost", t.Lost, p.RPO},
		{phantom, t.Phantom, 0},
		{duplicated, t.Duplicated, 0},
		{diverged, apart, 0},
		{"ms in which two acknowledged", int((t.DoubleAcks - o.may.opens) / ms), 0},
	} {
		if c.n > c.may {
			wrong = append(wrong, fmt.Sprintf("met, and %d are %s", c.n, c.what))
		}
	}
	return wrong
}

// notMissed is which of the reasons why a drill is missed is none.
func (o *outcome) notMissed() []string {
	t, p := o.truth, o.rec.Head.Promise
	_, most := o.longest(o.rec)
	so := map[measure.Code]bool{
		// What is acknowledged first and stored later may be read back in between.
		measure.RPOMissed:       t.Lost+t.LateStored > p.RPO,
		measure.PhantomWrites:   t.Phantom > 0,
		measure.DuplicateWrites: t.Duplicated > 0,
		measure.DivergedCopies:  t.Diverged > 0,
		measure.SplitBrain:      t.DoubleAcks > 0,
		measure.StaleReads:      t.Stale > 0,
		measure.StepFailed:      o.failed != nil,
		measure.WrongPrimary:    t.Misplaced > 0,
		// Who is held up may be served late, and whoever answers late holds others up: see felt.
		measure.BrownOut:  most >= p.RTO-o.Error,
		measure.RTOMissed: most >= p.RTO-o.Error,
	}
	var wrong []string
	for _, why := range o.Reasons {
		if why.Verdict == measure.Missed && !so[why.Code] {
			wrong = append(wrong, fmt.Sprintf("missed by %+v, which is not so", why))
		}
	}
	return wrong
}
