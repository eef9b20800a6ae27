package reports_test

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"drillbook/harness/phrase"
	"drillbook/harness/record"
	"drillbook/reports"
)

const (
	ms  = time.Millisecond
	sec = time.Second
)

// The streams of every synthetic drill.
const (
	writing = iota
	reading
	connecting
	direct1
	direct2
)

// reply is how a service answers an attempt that was to leave at some time.
type reply struct {
	outcome record.Outcome
	member  uint8 // 1 or 2
	epoch   uint32
	took    time.Duration // 0: as long as a healthy service takes
	cause   string
	expired bool
}

// world is a synthetic cluster of two members and what happens to it.
type world struct {
	rec    record.Record
	rng    *rand.Rand
	end    time.Duration
	client func(t time.Duration) reply
	direct func(member uint8, t time.Duration) reply
	lost   func(a record.Attempt) bool
	// answers says who answers a read, 1 for the first member; nil: no answer tells.
	answers func(seq uint32, t time.Duration) uint8
}

// say is a text that the record can say in other languages, too.
func (w *world) say(format string, args ...any) string {
	p := phrase.Say(format, args...)
	if w.rec.Phrases == nil {
		w.rec.Phrases = map[string]phrase.Phrase{}
	}
	w.rec.Phrases[p.Text] = p
	return p.Text
}

// from sets what the runbook goes back to.
func (w *world) from(en, zh string) { w.rec.Head.Source, w.rec.Head.Sources = en, text(en, zh) }

func acked(member uint8, epoch uint32) reply {
	return reply{outcome: record.Acked, member: member, epoch: epoch}
}

func refused(cause string) reply {
	return reply{outcome: record.Refused, took: 300 * time.Microsecond, cause: cause}
}

func hanging() reply {
	return reply{outcome: record.Unknown, took: 250 * ms, cause: "no answer within 250ms", expired: true}
}

func readOnly() reply {
	return refused("ERROR: cannot execute INSERT in a read-only transaction (SQLSTATE 25006)")
}

func text(en, zh string) record.Text { return record.Text{"en": en, "zh": zh} }

// newWorld is a pair of PostgreSQL servers with nothing wrong.
func newWorld(seed uint64, end time.Duration) *world {
	w := &world{rng: rand.New(rand.NewPCG(seed, 7)), end: end}
	stream := func(name string, kind record.StreamKind, member string, interval time.Duration) record.Stream {
		return record.Stream{
			Name: name, Kind: kind, Member: member, Interval: interval,
			Connect: 100 * ms, Reply: 250 * ms, Sessions: 16,
		}
	}
	w.rec = record.Record{
		Head: record.Head{
			Schema: 1, Run: fmt.Sprintf("20261121-0142-%04d", seed), Runbook: "postgres/lost-primary",
			Title:  text("The primary’s host is lost", "主库主机宕机（失联）"),
			Source: "seed 000, section 10", Product: "postgres", System: "PostgreSQL 17.6", Host: "container",
			Harness: "drillbook 0.3.0", Machine: "Linux 6.18, 2 processors", Seed: int64(seed), Trial: 1, Trials: 1,
			Params: map[string]string{"commit": "local"}, Promise: record.Promise{RTO: 30 * sec},
			Members: []string{"pg1", "pg2"},
			Streams: []record.Stream{
				stream("writes", record.Write, "", 5*ms), stream("reads", record.Reading, "", 10*ms),
				stream("connects", record.Connect, "", 100*ms),
				stream("direct-pg1", record.Write, "pg1", 20*ms), stream("direct-pg2", record.Write, "pg2", 20*ms),
			},
			Began:    time.Date(2026, 11, 21, 1, 42, 7, 0, time.FixedZone("", 8*3600)),
			Settings: record.Settings{Settle: sec, Baseline: 2 * sec},
		},
		Causes: []string{""},
		Tail: &record.Tail{At: end, Versions: map[string]string{
			"postgres": "17.6", "image": "drillbook/postgres@sha256:5b1c…", "docker": "28.5.2",
		}},
	}
	w.client = func(time.Duration) reply { return acked(1, 1) }
	w.direct = func(member uint8, _ time.Duration) reply {
		if member == 1 {
			return acked(1, 1)
		}
		return readOnly()
	}
	w.lost = func(record.Attempt) bool { return false }
	w.event(record.Event{Kind: record.Ready, Took: 4200 * ms})
	w.role(50*ms, "pg1", "primary")
	w.role(52*ms, "pg2", "standby")
	return w
}

func (w *world) event(e record.Event) { w.rec.Events = append(w.rec.Events, e) }

func (w *world) role(at time.Duration, member, role string) {
	w.event(record.Event{At: at, Kind: record.Role, Member: member, What: role})
}

func (w *world) fault(name, mechanism string, at, confirmed, healed time.Duration) {
	w.event(record.Event{At: at - 20*ms, Kind: record.Prepared, Fault: name, What: mechanism})
	w.event(record.Event{At: at, Kind: record.Injected, Fault: name})
	if confirmed > 0 {
		w.event(
			record.Event{At: confirmed, Kind: record.Confirm, Fault: name, Answer: "container state: exited (137)"})
	}
	if healed > 0 {
		w.event(record.Event{At: healed, Kind: record.Heal, Fault: name})
		w.event(
			record.Event{At: healed + 200*ms, Kind: record.Healed, Fault: name, Answer: "container state: running"})
	}
}

// step adds a step to the runbook and to the record, unless to is zero.
func (w *world) step(s record.Step, from, to time.Duration) {
	s.Number = len(w.rec.Head.Steps) + 1
	w.rec.Head.Steps = append(w.rec.Head.Steps, s)
	if from > 0 || to > 0 {
		w.event(record.Event{At: from, Kind: record.Began, Step: s.Number})
	}
	if to > 0 {
		w.event(record.Event{At: to, Kind: record.Ended, Step: s.Number})
	}
}

// lag makes the standby lag behind.
func (w *world) lag(from, to time.Duration, bytes func(t time.Duration) int64) {
	for t := from; t < to; t += 250 * ms {
		w.event(record.Event{At: t, Kind: record.Lag, Member: "pg2", Bytes: bytes(t)})
	}
}

// healthy is how long a healthy service takes.
func (w *world) healthy() time.Duration {
	return time.Duration(float64(900*time.Microsecond) * math.Exp(0.35*w.rng.NormFloat64()))
}

// run lets all streams try until the end.
func (w *world) run() *record.Record {
	for i, s := range w.rec.Head.Streams {
		ask := w.client
		if s.Member != "" {
			member := uint8(slices.Index(w.rec.Head.Members, s.Member) + 1)
			ask = func(t time.Duration) reply { return w.direct(member, t) }
		}
		seq := uint32(0)
		for t := time.Duration(i) * ms; t < w.end; t += s.Interval {
			seq++
			w.try(uint8(i), seq, t, ask(t))
		}
	}
	slices.SortStableFunc(w.rec.Attempts, func(a, b record.Attempt) int { return cmp.Compare(a.Done, b.Done) })
	slices.SortStableFunc(w.rec.Events, func(a, b record.Event) int { return cmp.Compare(a.At, b.At) })
	w.see()
	return &w.rec
}

func (w *world) try(stream uint8, seq uint32, t time.Duration, r reply) {
	sent := t + time.Duration(w.rng.IntN(400))*time.Microsecond
	took := r.took
	if took == 0 {
		took = w.healthy()
	}
	a := record.Attempt{
		Stream: stream, Seq: seq, Intended: t, Sent: sent, Done: sent + took,
		Outcome: r.outcome, Member: r.member, Epoch: r.epoch, Expired: r.expired,
	}
	if w.rec.Head.Streams[stream].Kind == record.Reading {
		a.Member = 0
		if w.answers != nil && a.Outcome == record.Acked {
			a.Member = w.answers(seq, t)
		}
	}
	if r.cause != "" {
		n := slices.Index(w.rec.Causes, r.cause)
		if n < 0 {
			n = len(w.rec.Causes)
			w.rec.Causes = append(w.rec.Causes, r.cause)
		}
		a.Cause = uint16(n)
	}
	if a.Done < w.end {
		w.rec.Attempts = append(w.rec.Attempts, a)
	}
}

// see lets reads see the newest write, as it was acknowledged.
func (w *world) see() {
	newest := uint32(0)
	for i := range w.rec.Attempts {
		a := &w.rec.Attempts[i]
		switch {
		case a.Outcome != record.Acked:
		case a.Stream == writing:
			newest = max(newest, a.Seq)
		case a.Stream == reading:
			a.Saw = newest
		}
	}
}

// readBack copies what the members hold at the end.
func (w *world) readBack(primary string) {
	var held []record.Stored
	for _, a := range w.rec.Attempts {
		if a.Outcome == record.Acked && w.rec.Head.Streams[a.Stream].Kind == record.Write && !w.lost(a) {
			held = append(held, record.Stored{Seq: a.Seq, Stream: a.Stream, Member: a.Member})
		}
	}
	for _, m := range w.rec.Head.Members {
		role := "standby"
		if m == primary {
			role = "primary"
		}
		w.rec.Copies = append(w.rec.Copies, record.Copy{
			At: w.end, Member: m, Role: role, Final: true, Synced: true, Tokens: held,
		})
	}
}

// run is the run of these records, measured.
func run(recs ...*record.Record) reports.Run {
	r := reports.Run{Generator: "drillbook 0.3.0"}
	for _, rec := range recs {
		r.Drills = append(r.Drills, reports.Of(rec, rec.Head.Run))
	}
	return r
}
