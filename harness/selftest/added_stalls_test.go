package selftest_test

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"drillbook/harness/measure"
	"drillbook/harness/record"
)

// In virtual time the harness never stands still. So stalls, and pauses too short to
// be noticed, are laid over the record of a drill: what was to leave in one leaves
// behind it, and meets the service as whoever left then did; what was answered in one
// is noticed behind it, or has expired by then.

const (
	noticed = 10 * ms     // the probe notes a stall that is longer, see probe.watchSelf
	ticks   = 2 * ms      // and up to so much shorter than it was
	givesUp = time.Second // the probe sends nothing any more that is so late
	apart   = ms / 20     // what left or was noticed together is so far apart
)

// laid lays stalls over the drill and holds what is measured then against the truth.
func (o *outcome) laid(seed, n uint64) []string {
	r := rand.New(rand.NewPCG(seed, 100+n))
	l := laying{o: o, r: r, rec: o.copied()}
	how := l.stalls()
	r2 := measure.Of(l.rec)
	wrong := o.contradicts(&r2, l.rec)
	if len(wrong) > 0 {
		wrong = append(wrong, "with stalls laid over it: "+how)
	}
	return wrong
}

// copied is the record, of which attempts and events may be changed.
func (o *outcome) copied() *record.Record {
	rec := *o.rec
	rec.Attempts, rec.Events = slices.Clone(rec.Attempts), slices.Clone(rec.Events)
	return &rec
}

// laying is a record that stalls are laid over.
type laying struct {
	o   *outcome
	r   *rand.Rand
	rec *record.Record
}

// stalls lays stalls by chance, and says which.
func (l *laying) stalls() string {
	from, to := l.o.healthy(), l.o.stopped()-2*l.rec.Head.Streams[0].Interval
	if to <= from {
		return "none"
	}
	switch l.r.IntN(4) {
	case 0:
		return l.often(from, to, 50*ms+upTo(l.r, 350*ms), noticed+ticks, 30*ms)
	case 1:
		return l.often(from, to, 20*ms+upTo(l.r, 200*ms), ms, noticed)
	case 2:
		return l.often(from, to, 200*ms+upTo(l.r, 2*time.Second), noticed+ticks, 200*ms)
	default:
		at := from + upTo(l.r, to-from)
		if outs := l.o.outs(); len(outs) > 0 && l.r.IntN(2) == 0 { // at one of its ends
			d := outs[l.r.IntN(len(outs))]
			at = []time.Duration{d.from, d.to}[l.r.IntN(2)] - upTo(l.r, 100*ms)
		}
		length := min(50*ms+upTo(l.r, 2*time.Second), to-at)
		l.lay(span{at, at + length})
		return fmt.Sprintf("%s at %s", length, at)
	}
}

// often lays stalls about so far apart.
func (l *laying) often(from, to, every, least, most time.Duration) string {
	var all []string
	for at := from + upTo(l.r, every); at < to; at += every/2 + upTo(l.r, every) {
		length := min(least+upTo(l.r, most-least), to-at) // whoever ends the drill has looked behind it
		l.lay(span{at, at + length})
		all = append(all, fmt.Sprintf("%s at %s", length, at))
		at += length
	}
	return strings.Join(all, ", ")
}

// lay lays one stall.
func (l *laying) lay(s span) {
	behind := s.to
	soon := func() time.Duration { behind += time.Duration(l.r.Int64N(int64(apart))); return behind }
	kept := l.rec.Attempts[:0]
	models := l.models(s.to)
	for _, a := range slices.Clone(l.rec.Attempts) {
		asked := a.Asked()
		stream := l.rec.Head.Streams[a.Stream]
		switch {
		case a.Sent >= s.to || a.Done < s.from:
		case a.Sent >= s.from: // it leaves behind it
			m := models[a.Stream]
			if m == nil || s.to-a.Intended > givesUp {
				continue
			}
			a = l.as(a, m, soon())
		case asked >= s.from && asked < s.to && a.Wait > 0: // it has its session behind it
			m, now := models[a.Stream], soon()
			if a.Sent+stream.Connect < s.to || m == nil || m.Outcome == record.Refused {
				a.Done, a.Wait, a.Outcome, a.Expired, a.Member, a.Epoch = now, 0, record.Refused, true, 0, 0
				break
			}
			sent := a.Sent
			a = l.as(a, m, now)
			a.Wait, a.Sent = uint32((a.Asked()-sent)/time.Microsecond), sent
		case a.Done < s.to: // it is noticed behind it
			a.Done = soon()
			if a.Outcome == record.Acked && asked+stream.Reply < s.to && l.r.IntN(2) == 0 {
				a.Outcome, a.Expired, a.Member, a.Epoch = record.Unknown, true, 0, 0
			}
		}
		kept = append(kept, a)
	}
	slices.SortStableFunc(kept, func(a, b record.Attempt) int { return cmp.Compare(a.Done, b.Done) })
	l.rec.Attempts = kept
	if took := s.length() - upTo(l.r, ticks); took > noticed {
		l.rec.Events = append(l.rec.Events, record.Event{At: s.to, Kind: record.Stall, Took: took})
		slices.SortStableFunc(l.rec.Events, func(a, b record.Event) int { return cmp.Compare(a.At, b.At) })
	}
}

// models are, by stream, the first attempt that left at that time or later.
func (l *laying) models(from time.Duration) map[uint8]*record.Attempt {
	models := map[uint8]*record.Attempt{}
	for i := range l.rec.Attempts {
		a := &l.rec.Attempts[i]
		if m := models[a.Stream]; a.Sent >= from && (m == nil || a.Sent < m.Sent) {
			c := *a
			models[a.Stream] = &c
		}
	}
	return models
}

// as is the attempt as another one went that left soon behind the time, or with it if
// the service became different in between.
func (l *laying) as(a record.Attempt, m *record.Attempt, at time.Duration) record.Attempt {
	for _, d := range l.o.outs() {
		if d.from >= at && d.from <= m.Done || d.to >= at && d.to <= m.Done {
			at = m.Sent
		}
	}
	as := *m
	as.Seq, as.Intended, as.Sent, as.Done = a.Seq, a.Intended, at, at+m.Done-m.Sent
	return as
}
