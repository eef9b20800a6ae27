package linear_test

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"drillbook/harness/linear"
	"drillbook/harness/record"
)

const (
	ms      = time.Millisecond
	acked   = record.Acked
	unknown = record.Unknown
	refused = record.Refused
)

// put and get are operations between two milliseconds.
func put(value uint32, from, to int, o record.Outcome) linear.Operation {
	return linear.Operation{
		Put: true, Value: value, Invoked: time.Duration(from) * ms, Returned: time.Duration(to) * ms, Outcome: o,
	}
}

func get(value uint32, from, to int) linear.Operation {
	op := put(value, from, to, acked)
	op.Put = false
	return op
}

func TestCheck(t *testing.T) {
	type ops = []linear.Operation
	for _, tt := range []struct {
		name     string
		ops      ops
		want     linear.Verdict
		evidence []int // indexes into ops
	}{
		{
			"one after the other",
			ops{put(1, 0, 1, acked), get(1, 2, 3), put(2, 4, 5, acked), get(2, 6, 7)},
			linear.Linearizable, nil,
		},
		{"before any put", ops{get(0, 0, 1), put(1, 2, 3, acked), get(1, 4, 5)}, linear.Linearizable, nil},
		{
			"old while the put is under way",
			ops{put(1, 0, 9, acked), get(0, 1, 2), get(1, 3, 4)},
			linear.Linearizable, nil,
		},
		{
			"new, then old, while the put is under way",
			ops{put(1, 0, 9, acked), get(1, 1, 2), get(0, 3, 4)},
			linear.Broken,
			[]int{0, 1, 2},
		},
		{
			"stale read",
			ops{put(1, 0, 1, acked), put(2, 2, 3, acked), get(2, 4, 5), get(1, 6, 7)},
			linear.Broken,
			[]int{0, 1, 3},
		},
		{
			"lost update",
			ops{put(1, 0, 1, acked), get(1, 2, 3), put(2, 4, 5, acked), get(1, 6, 7), get(1, 8, 9)},
			linear.Broken,
			[]int{0, 2, 3},
		},
		{
			"lost, and nobody looks",
			ops{put(1, 0, 1, acked), get(1, 2, 3), put(2, 4, 5, acked)},
			linear.Linearizable, nil,
		},
		{"value from nowhere", ops{put(1, 0, 1, acked), get(9, 2, 3)}, linear.Broken, []int{1}},
		{"value from the future", ops{get(1, 0, 1), put(1, 2, 3, acked)}, linear.Broken, []int{0, 1}},
		{
			"dirty read of what was refused",
			ops{put(1, 0, 1, acked), put(2, 2, 3, refused), get(2, 4, 5)},
			linear.Broken,
			[]int{1, 2},
		},
		{"dirty read of what was rolled back", ops{
			put(1, 0, 1, acked), put(2, 2, 3, unknown), get(2, 4, 5), get(1, 6, 7),
		}, linear.Broken, []int{0, 1, 2, 3}},
		{
			"unknown and never shown",
			ops{put(1, 0, 1, acked), put(2, 2, 3, unknown), get(1, 4, 5)},
			linear.Linearizable, nil,
		},
		{
			"unknown and shown late",
			ops{put(1, 0, 1, acked), put(2, 2, 3, unknown), get(1, 4, 5), get(2, 6, 7)},
			linear.Linearizable, nil,
		},
		{"unknown and shown before it was put", ops{get(2, 0, 1), put(2, 2, 3, unknown)}, linear.Broken, []int{0, 1}},
		{"a get of unknown fate tells nothing", ops{
			put(1, 0, 1, acked), get(1, 2, 3),
			{Value: 7, Invoked: 4 * ms, Returned: 5 * ms, Outcome: unknown},
		}, linear.Linearizable, nil},
		{"nothing was put", ops{get(0, 0, 1)}, linear.Unchecked, nil},
		{"nothing was got", ops{put(1, 0, 1, acked)}, linear.Unchecked, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := linear.Check(tt.ops, linear.Limit)
			if got.Verdict != tt.want {
				t.Fatalf("verdict = %s %s, want %s", got.Verdict, got.Reason, tt.want)
			}
			if len(got.Evidence) != len(tt.evidence) {
				t.Fatalf("evidence = %+v, want operations %v", got.Evidence, tt.evidence)
			}
			for i, n := range tt.evidence {
				e := got.Evidence[i]
				if e.Put != tt.ops[n].Put || e.Value != tt.ops[n].Value || e.Invoked != tt.ops[n].Invoked {
					t.Errorf("evidence %d = %+v, want %+v", i, e, tt.ops[n])
				}
			}
		})
	}
}

// A defect far from the beginning must be found there, with little evidence,
// though the history was cut.
func TestFindsDefectsInLongHistories(t *testing.T) {
	for seed := range uint64(seeds(50)) {
		r := rand.New(rand.NewPCG(seed, 3))
		ops := copyOf{r: r, unknown: 3, slow: 5 * ms}.history(3000)
		at := 1500 + r.IntN(1000)
		for ops[at].Put || ops[at].Outcome != acked {
			at++
		}
		old := at - 100 // half a second before
		for !ops[old].Put || ops[old].Outcome != acked {
			old--
		}
		ops[at].Value = ops[old].Value
		got := linear.Check(ops, time.Minute)
		if got.Verdict != linear.Broken || len(got.Evidence) > 4 {
			t.Fatalf("seed %d: %s %s: %+v", seed, got.Verdict, got.Reason, got.Evidence)
		}
		if !slices.Contains(got.Evidence, ops[at]) {
			t.Errorf("seed %d: the evidence lacks the stale get %+v: %+v", seed, ops[at], got.Evidence)
		}
	}
}

func TestBounds(t *testing.T) {
	many := make([]linear.Operation, 0, 2*linear.MaxUnknown+2)
	pauseless := make([]linear.Operation, 0, 2*linear.MaxPiece+2)
	hard := make([]linear.Operation, 0, 801)
	for n := range linear.MaxUnknown + 1 {
		many = append(many, put(uint32(n+1), n, n+1, unknown), get(uint32(n+1), 100+n, 101+n))
	}
	for n := range linear.MaxPiece + 1 {
		pauseless = append(pauseless, put(uint32(n+1), n, n+2, acked), get(uint32(n+1), n+1, n+2))
	}
	for n := range 400 { // all at once, and one get that shows what was never put
		hard = append(hard, put(uint32(n+1), 0, 1000, acked), get(uint32(n+1), 0, 1000))
	}
	hard = append(hard, get(5000, 1001, 1002))
	for _, tt := range []struct {
		name string
		ops  []linear.Operation
		want linear.Reason
	}{
		{"many unknown", many, linear.ManyUnknown},
		{"no pause", pauseless, linear.NoPause},
		{"hard", hard, linear.TookTooLong},
	} {
		began := time.Now()
		got := linear.Check(tt.ops, 200*ms)
		if got.Verdict != linear.Unchecked || got.Reason != tt.want {
			t.Errorf("%s: %s %s, want not checked because of %s", tt.name, got.Verdict, got.Reason, tt.want)
		}
		if took := time.Since(began); took > 10*time.Second {
			t.Errorf("%s: took %s, want about 200ms", tt.name, took)
		}
	}
}

// drill is the record of a register that was put and got.
func drill() *record.Record {
	stream := func(kind record.StreamKind) record.Stream { return record.Stream{Name: string(kind), Kind: kind} }
	return &record.Record{
		Head: record.Head{Streams: []record.Stream{stream(record.Write), stream(record.Put), stream(record.Get)}},
		Attempts: []record.Attempt{
			{Stream: 0, Seq: 1, Sent: 0, Done: 1, Outcome: acked},
			{Stream: 1, Seq: 1, Sent: 0, Done: 1, Outcome: acked, Member: 1},
			{Stream: 2, Seq: 1, Saw: 1, Sent: 2, Done: 3, Outcome: acked},
			{Stream: 1, Seq: 2, Sent: 4, Done: 5, Outcome: acked, Member: 2},
			{Stream: 2, Seq: 2, Saw: 1, Sent: 6, Done: 7, Outcome: acked},
		},
		Tail: &record.Tail{},
	}
}

func TestOf(t *testing.T) {
	rec := drill()
	got := linear.Of(rec)
	if got.Verdict != linear.Broken || got.Puts != 2 || got.Gets != 2 || len(got.Evidence) != 3 ||
		got.Evidence[1].Member != 2 {
		t.Errorf("stale read: %+v", got)
	}
	rec.Attempts[4].Saw = 2
	if got := linear.Of(rec); got.Verdict != linear.Linearizable {
		t.Errorf("healthy: %+v", got)
	}
	rec.Tail = nil
	if got := linear.Of(rec); got.Verdict != linear.Unchecked || got.Reason != linear.RecordCut {
		t.Errorf("cut record: %+v", got)
	}
	rec.Head.Streams = rec.Head.Streams[:1]
	rec.Attempts = rec.Attempts[:1]
	if got := linear.Of(rec); got.Verdict != linear.Unchecked || got.Reason != linear.NoOperations {
		t.Errorf("no register: %+v", got)
	}
}

// BenchmarkCheck is an hour at twenty puts and gets a second.
func BenchmarkCheck(b *testing.B) {
	ops := copyOf{r: rand.New(rand.NewPCG(1, 4)), unknown: 1, slow: 3 * ms}.history(144_000)
	for b.Loop() {
		if got := linear.Check(ops, time.Minute); got.Verdict != linear.Linearizable {
			b.Fatalf("%s %s", got.Verdict, got.Reason)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(ops)), "ns/operation")
}
