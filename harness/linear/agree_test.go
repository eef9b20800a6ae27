package linear_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"

	"drillbook/harness/linear"
)

// seeds is how many of n histories by chance are tried: with -short, which is how the
// race detector runs, a quarter.
func seeds(n int) int {
	if testing.Short() {
		return n / 4
	}
	return n
}

// copyOf is one copy of a register and clients of it that are slow at random.
type copyOf struct {
	r       *rand.Rand
	unknown int // of a hundred operations
	slow    time.Duration
}

// history are operations that take effect at one moment each, in the order of
// these moments, and are told of before and after.
func (c copyOf) history(n int) []linear.Operation {
	ops := make([]linear.Operation, 0, n)
	var held, seq uint32
	var now time.Duration
	for range n {
		now += time.Duration(c.r.Int64N(int64(10 * ms)))
		op := linear.Operation{
			Put: c.r.IntN(2) == 0, Outcome: acked,
			Invoked:  now - time.Duration(c.r.Int64N(int64(c.slow))),
			Returned: now + time.Duration(c.r.Int64N(int64(c.slow))),
		}
		effect := true
		switch n := c.r.IntN(100); {
		case n < c.unknown:
			op.Outcome = unknown
			op.Returned = op.Invoked + time.Duration(c.r.Int64N(int64(c.slow))) // often before it takes effect
			effect = n%2 == 0
		case n < c.unknown+5:
			op.Outcome, effect = refused, false
		}
		if op.Put {
			seq++
			op.Value = seq
			if effect {
				held = seq
			}
		} else if op.Outcome == acked {
			op.Value = held
		}
		ops = append(ops, op)
	}
	slices.SortStableFunc(ops, func(a, b linear.Operation) int { return int(a.Returned - b.Returned) })
	return ops
}

func TestSingleCopyIsLinearizable(t *testing.T) {
	for seed := range uint64(seeds(300)) {
		r := rand.New(rand.NewPCG(seed, 1))
		c := copyOf{r: r, unknown: r.IntN(10), slow: time.Duration(1+r.IntN(20)) * ms}
		if got := linear.Check(c.history(500), time.Minute); got.Verdict != linear.Linearizable {
			t.Fatalf("seed %d: %s %s: %+v", seed, got.Verdict, got.Reason, got.Evidence)
		}
	}
}

// FuzzOneCopy: the same, however slow and uncertain the clients are.
func FuzzOneCopy(f *testing.F) {
	f.Add(uint64(1), uint8(5), uint16(3000))
	f.Add(uint64(2), uint8(60), uint16(30000))
	f.Fuzz(func(t *testing.T, seed uint64, lost uint8, slow uint16) {
		c := copyOf{
			r: rand.New(rand.NewPCG(seed, 6)), unknown: int(lost % 90),
			slow: time.Microsecond * time.Duration(1+int64(slow)),
		}
		got := linear.Check(c.history(300), time.Second)
		if got.Verdict == linear.Broken || got.Verdict == "" {
			t.Errorf("%s: %+v", got.Verdict, got.Evidence)
		}
	})
}

// What the package leaves out and cuts must not change the answer: it is the
// same as of a checker that tries every order, on histories of every kind.
func TestAgreesWithExhaustiveSearch(t *testing.T) {
	verdicts := map[linear.Verdict]int{}
	for seed := range uint64(seeds(6000)) {
		r := rand.New(rand.NewPCG(seed, 2))
		ops := copyOf{r: r, unknown: 30, slow: 20 * ms}.history(3 + r.IntN(5))
		for i := range ops { // let some gets show something else
			if !ops[i].Put && r.IntN(4) == 0 {
				ops[i].Value = uint32(r.IntN(4))
			}
		}
		got := linear.Check(ops, time.Minute)
		want := linear.Broken
		if tryAll(ops, 0) {
			want = linear.Linearizable
		}
		if got.Verdict != want && got.Verdict != linear.Unchecked {
			t.Fatalf("seed %d: %s, want %s: %s", seed, got.Verdict, want, fmt.Sprint(ops))
		}
		verdicts[got.Verdict]++
		if got.Verdict == linear.Broken && tryAll(got.Evidence, 0) {
			t.Fatalf("seed %d: the evidence proves nothing: %+v of %+v", seed, got.Evidence, ops)
		}
	}
	if many := seeds(500); verdicts[linear.Linearizable] < many || verdicts[linear.Broken] < many {
		t.Errorf("verdicts = %v, want many of both", verdicts)
	}
}

// tryAll reports whether the operations have any order. Puts of unknown fate
// may take effect at any time after they began, or never.
func tryAll(ops []linear.Operation, held uint32) bool {
	done := true
	for i, op := range ops {
		tells := op.Outcome == acked
		done = done && !tells
		if op.Outcome == refused || !op.Put && !tells {
			continue
		}
		if slices.ContainsFunc(ops, func(o linear.Operation) bool {
			return o.Outcome == acked && o.Returned < op.Invoked // that one comes first
		}) {
			continue
		}
		rest := slices.Delete(slices.Clone(ops), i, i+1)
		if op.Put && tryAll(rest, op.Value) || !op.Put && op.Value == held && tryAll(rest, held) {
			return true
		}
	}
	return done
}

// Cutting a history must not change the answer either.
func TestAgreesWithoutCuts(t *testing.T) {
	verdicts := map[linear.Verdict]int{}
	for seed := range uint64(seeds(400)) {
		r := rand.New(rand.NewPCG(seed, 5))
		ops := copyOf{r: r, unknown: 1, slow: 12 * ms}.history(400)
		for range r.IntN(8) { // let a get show the put before or after
			if op := &ops[r.IntN(len(ops))]; !op.Put && op.Value > 0 {
				op.Value += uint32(r.IntN(3)) - 1
			}
		}
		got, want := linear.Check(ops, time.Minute).Verdict, linear.Broken
		if uncut(ops) {
			want = linear.Linearizable
		}
		if got != want {
			t.Fatalf("seed %d: %s, want %s", seed, got, want)
		}
		verdicts[got]++
	}
	if many := seeds(50); verdicts[linear.Linearizable] < many || verdicts[linear.Broken] < many {
		t.Errorf("verdicts = %v, want many of both", verdicts)
	}
}

// uncut asks porcupine about the whole history; puts of unknown fate never end.
func uncut(ops []linear.Operation) bool {
	var history []porcupine.Operation
	for _, op := range ops {
		o := porcupine.Operation{Input: op, Call: int64(op.Invoked), Return: int64(op.Returned)}
		if op.Outcome == unknown {
			o.Return = math.MaxInt64
		}
		if op.Outcome == acked || op.Put && op.Outcome == unknown {
			history = append(history, o)
		}
	}
	return porcupine.CheckOperations(porcupine.Model{
		Init: func() any { return uint32(0) },
		Step: func(state, input, _ any) (bool, any) {
			op := input.(linear.Operation)
			if op.Put {
				return true, op.Value
			}
			return state.(uint32) == op.Value, state
		},
	}, history)
}
