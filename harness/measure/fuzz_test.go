package measure_test

import (
	"cmp"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"time"

	"drillbook/harness/measure"
	"drillbook/harness/record"
)

// dice gives numbers made of the bytes of a fuzzer, and zeros when there are
// none left.
type dice struct{ bytes []byte }

func (d *dice) left() bool { return len(d.bytes) > 0 }

func (d *dice) roll(sides int) int {
	if len(d.bytes) == 0 {
		return 0
	}
	n := int(d.bytes[0])
	d.bytes = d.bytes[1:]
	return n % sides
}

// span is a time from nothing to half a minute, short ones more often.
func (d *dice) span() time.Duration {
	n := d.roll(256)
	switch d.roll(8) {
	case 0:
		n *= 2000
	case 1, 2:
		n *= 20
	}
	return time.Duration(n) * 50 * time.Microsecond
}

// fuzzed builds a record of these bytes that any drill could have left behind.
func fuzzed(text []byte) *record.Record {
	d := &dice{bytes: text}
	rec := &record.Record{
		Head: record.Head{
			Schema:   1,
			Members:  []string{"a", "b", "c"}[:1+d.roll(3)],
			Promise:  record.Promise{RTO: d.span(), RPO: d.roll(3)},
			Settings: record.Settings{Settle: d.span(), Baseline: d.span()},
		},
		Causes: []string{"", "no"},
	}
	if of := []string{"", "asynchronous", "witness", "disaster-recovery"}[len(text)/2%4]; of != "" {
		rec.Head.Kinds = map[string]string{rec.Head.Members[len(rec.Head.Members)-1]: of}
	}
	for n := range d.roll(3) {
		step := record.Step{Number: n + 1}
		if d.roll(2) == 1 {
			step.Allowed = new(d.span())
		}
		rec.Head.Steps = append(rec.Head.Steps, step)
	}
	for range 1 + d.roll(5) {
		rec.Head.Streams = append(rec.Head.Streams, d.stream(rec.Head.Members))
	}
	var end time.Duration
	at := make([]time.Duration, len(rec.Head.Streams)) // of the attempt before
	seqs := make([]uint32, len(rec.Head.Streams))
	cut := d.roll(8) == 0
	for d.left() {
		switch d.roll(12) {
		case 0:
			rec.Events = append(rec.Events, d.event(end, rec.Head))
		case 1:
			rec.Copies = append(rec.Copies, d.copied(seqs, rec.Head))
		default:
			n := d.roll(len(at))
			seqs[n]++
			at[n] += max(1, d.span())
			a := d.attempt(at[n], rec.Head)
			a.Stream, a.Seq = uint8(n), seqs[n]
			rec.Attempts = append(rec.Attempts, a)
			end = max(end, a.Done)
		}
	}
	slices.SortStableFunc(rec.Attempts, func(a, b record.Attempt) int { return cmp.Compare(a.Done, b.Done) })
	slices.SortStableFunc(rec.Events, func(a, b record.Event) int { return cmp.Compare(a.At, b.At) })
	if !cut {
		rec.Tail = &record.Tail{At: end + time.Duration(len(text)%2)*ms}
	}
	return rec
}

func (d *dice) stream(members []string) record.Stream {
	kinds := []record.StreamKind{record.Write, record.Write, record.Reading, record.Connect}
	s := record.Stream{
		Name: "s", Kind: kinds[d.roll(len(kinds))], Interval: max(1, d.span()),
		Connect: max(1, d.span()), Reply: max(1, d.span()), Sessions: 1,
	}
	if n := d.roll(2 * len(members)); n < len(members) {
		s.Member = members[n]
	}
	return s
}

func (d *dice) attempt(at time.Duration, head record.Head) record.Attempt {
	a := record.Attempt{Intended: at, Sent: at, Outcome: record.Outcome(d.roll(3))}
	if d.roll(4) == 0 {
		a.Sent += d.span()
	}
	took := d.span()
	a.Done = a.Sent + took
	switch a.Outcome {
	case record.Acked:
		a.Member, a.Epoch = uint8(d.roll(len(head.Members)+1)), uint32(d.roll(4))
		if took > 0 && d.roll(4) == 0 {
			a.Wait = uint32(d.roll(int(took/time.Microsecond) + 1))
		}
		a.Saw = uint32(d.roll(32))
	case record.Refused, record.Unknown:
		a.Cause, a.Expired = 1, d.roll(2) == 1
	}
	return a
}

func (d *dice) event(now time.Duration, head record.Head) record.Event {
	kinds := []record.Kind{
		record.Ready, record.Healthy, record.Began, record.Ended, record.Decided, record.Prepared, record.Injected,
		record.Confirm, record.Heal, record.Healed, record.Role, record.Lag, record.Stall,
	}
	e := record.Event{
		At: now, Kind: kinds[d.roll(len(kinds))], Step: d.roll(4), Member: head.Members[d.roll(len(head.Members))],
		Took: d.span(), What: []string{"primary", "standby", ""}[d.roll(3)], Answer: []string{"so", ""}[d.roll(2)],
	}
	//nolint:exhaustive // the other kinds are of no fault
	switch e.Kind {
	case record.Prepared, record.Injected, record.Confirm, record.Heal, record.Healed:
		e.Fault = []string{"one", "two"}[d.roll(2)]
	}
	return e
}

// copied is a copy of what was written by then, with gaps and strangers.
func (d *dice) copied(seqs []uint32, head record.Head) record.Copy {
	c := record.Copy{
		Member: head.Members[d.roll(len(head.Members))], Role: []string{"primary", "standby"}[d.roll(2)],
		Final: d.roll(4) > 0, Synced: d.roll(4) > 0,
	}
	gap := uint32(2 + d.roll(6))
	c.Follows = !c.Synced && gap > 3
	for stream, last := range seqs {
		for seq := uint32(1); seq <= last; seq++ {
			if seq%gap > 0 {
				c.Tokens = append(c.Tokens, record.Stored{Stream: uint8(stream), Seq: seq})
			}
		}
	}
	for range d.roll(4) {
		strange := []uint32{0, 1, 4095, 4096, math.MaxUint32}[d.roll(5)]
		c.Tokens = append(c.Tokens, record.Stored{Stream: uint8(d.roll(7)), Seq: strange})
	}
	return c
}

// FuzzOf: whatever happened in a drill, its figures do not contradict it or
// each other.
func FuzzOf(f *testing.F) {
	f.Add([]byte{})
	f.Add([]byte("met, missed, unmeasurable: the third is never turned into the first"))
	for seed := range uint64(20) {
		r := rand.New(rand.NewPCG(seed, 3))
		text := make([]byte, 100*(seed+1))
		for i := range text {
			text[i] = byte(r.Uint32())
		}
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		rec, untouched := fuzzed(text), fuzzed(text)
		got := measure.Of(rec)
		if !reflect.DeepEqual(rec, untouched) {
			t.Fatal("measuring changed the record")
		}
		if again := measure.Of(rec); !reflect.DeepEqual(got, again) {
			t.Fatalf("measured twice:\n%+v\n%+v", got, again)
		}
		checkVerdict(t, got)
		checkOutages(t, got)
		checkWrites(t, rec, got)
		checkSplit(t, rec, got)
		checkStreams(t, rec, got)
	})
}

func checkStreams(t *testing.T, rec *record.Record, got measure.Result) {
	t.Helper()
	latencies := make([][]time.Duration, len(got.Streams))
	for _, a := range rec.Attempts {
		if a.Outcome == record.Acked {
			latencies[a.Stream] = append(latencies[a.Stream], a.Done-a.Intended)
		}
	}
	for i, s := range got.Streams {
		if s.Rate < 0 || math.IsNaN(s.Rate) || math.IsInf(s.Rate, 0) {
			t.Errorf("stream %d: rate %f", i, s.Rate)
		}
		if s.P50 != rank(latencies[i], 0.5) || s.P99 != rank(latencies[i], 0.99) || s.Max != rank(latencies[i], 1) {
			t.Errorf("stream %d: p50 %s, p99 %s, max %s of %v", i, s.P50, s.P99, s.Max, latencies[i])
		}
	}
}

// rank is the nearest-rank percentile, as textbooks have it.
func rank(ds []time.Duration, p float64) time.Duration {
	if len(ds) == 0 {
		return 0
	}
	slices.Sort(ds)
	return ds[int(math.Ceil(p*float64(len(ds))))-1]
}

func checkVerdict(t *testing.T, got measure.Result) {
	t.Helper()
	switch got.Verdict {
	case measure.Met, measure.Unjudged:
		if len(got.Reasons) > 0 {
			t.Errorf("%s in spite of %+v", got.Verdict, got.Reasons)
		}
	case measure.Missed, measure.Unmeasurable:
		if len(got.Reasons) == 0 {
			t.Errorf("%s without a reason", got.Verdict)
		}
	default:
		t.Errorf("verdict %q", got.Verdict)
	}
}

func checkOutages(t *testing.T, got measure.Result) {
	t.Helper()
	for i, o := range got.Outages {
		switch {
		case o.Least < 0 || o.Least > o.Most:
			t.Errorf("outage %+v: least %s, most %s", o, o.Least, o.Most)
		case o.From < 0 || o.To < o.From || o.To > got.Took:
			t.Errorf("outage %+v is not within the drill, which took %s", o, got.Took)
		case o.Failed == 0 && o.Relapses > 0:
			t.Errorf("outage %+v: relapses without a failure", o)
		}
		if i == 0 {
			continue
		}
		if p := got.Outages[i-1]; p.Stream > o.Stream || p.Stream == o.Stream && p.To > o.From {
			t.Errorf("outage %+v does not come after %+v", o, p)
		}
	}
	d := got.Downtime
	if d.Longest.Most > d.Total.Most || d.Longest.Least > d.Total.Least || d.Open != d.Longest.Open {
		t.Errorf("downtime %+v", d)
	}
	for _, o := range got.Outages {
		if got.Streams[o.Stream].Kind != record.Write || got.Streams[o.Stream].Member != "" {
			continue
		}
		if l := d.Longest; l.Least < o.Least || !l.Open && (o.Open || l.Most < o.Most) {
			t.Errorf("the longest is %+v, but there is %+v", l, o)
		}
	}
}

type token struct {
	stream int
	seq    uint32
}

func checkWrites(t *testing.T, rec *record.Record, got measure.Result) {
	t.Helper()
	outcomes, counts := map[token]record.Outcome{}, map[record.Outcome]int{}
	for _, a := range rec.Attempts {
		if rec.Head.Streams[a.Stream].Kind == record.Write {
			outcomes[token{int(a.Stream), a.Seq}] = a.Outcome
			counts[a.Outcome]++
		}
	}
	w := got.Writes
	if w.Acked+w.Direct.Acked != counts[record.Acked] || w.Refused+w.Direct.Refused != counts[record.Refused] ||
		w.Unknown+w.Direct.Unknown != counts[record.Unknown] {
		t.Errorf("writes %+v, want %v", w, counts)
	}
	for _, l := range w.Lost {
		if outcomes[token{l.Stream, l.Seq}] != record.Acked {
			t.Errorf("lost %+v, which was not acknowledged", l)
		}
	}
	for _, p := range w.Phantom {
		if o, sent := outcomes[token{p.Stream, p.Seq}]; sent && o != record.Refused {
			t.Errorf("phantom %+v, which is %s", p, o)
		}
	}
	if w.AppliedUnknown > counts[record.Unknown] {
		t.Errorf("%d of %d unknown writes are there", w.AppliedUnknown, counts[record.Unknown])
	}
	if !w.Counted && len(w.Lost)+len(w.Phantom)+len(w.Duplicated)+len(w.Diverged)+w.AppliedUnknown > 0 {
		t.Errorf("counted without an authority: %+v", w)
	}
}

func checkSplit(t *testing.T, rec *record.Record, got measure.Result) {
	t.Helper()
	s := got.Split
	if !s.Proved {
		if s.Overlap != 0 {
			t.Errorf("split %+v", s)
		}
		return
	}
	if s.Overlap <= 0 || s.First.Member == s.Second.Member {
		t.Errorf("split %+v", s)
	}
	for _, e := range []measure.Token{s.First, s.Second} {
		if !slices.ContainsFunc(rec.Attempts, func(a record.Attempt) bool {
			return int(a.Stream) == e.Stream && a.Seq == e.Seq && a.Outcome == record.Acked && a.Done == e.At
		}) {
			t.Errorf("evidence %+v is no acknowledged write", e)
		}
	}
}
