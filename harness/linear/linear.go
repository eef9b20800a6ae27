// Package linear tells whether a cluster behaved as one copy: whether there is
// an order of all puts and gets of a register, each between its beginning and
// its end, in which every get shows the put before it. Of what was not told, it
// says that it was not checked, and why.
//
// Checkers explode where many outcomes are unknown. So those are resolved
// first, without changing the answer. A put of unknown fate that no get ever
// showed may as well have come after everything else, or never: it is left out,
// whether it is stored or not. One that a get did show took effect before that get
// ended, and so it ends there. What is left is cut wherever nothing is under way,
// and checked piece by piece, from every value that the piece before may have
// left.
package linear

import (
	"cmp"
	"slices"
	"time"

	"drillbook/harness/record"
)

// Verdict is what may be said of a register.
type Verdict string

// The three verdicts. The zero Verdict is none of them.
const (
	Linearizable Verdict = "linearizable"
	Broken       Verdict = "broken"      // there is no such order
	Unchecked    Verdict = "not-checked" // nobody knows
)

// Reason says why a register was not checked.
type Reason string

// The reasons.
const (
	NoOperations Reason = "no-operations" // nothing was put, or nothing was got
	RecordCut    Reason = "record-cut"    // operations may be missing from the record
	ManyUnknown  Reason = "many-unknown"  // over [MaxUnknown] puts of unknown fate overlap
	NoPause      Reason = "no-pause"      // over [MaxPiece] operations follow each other without a pause between them
	TookTooLong  Reason = "took-too-long" // over the limit
)

// The bounds on what is checked, since its cost grows exponentially with what
// overlaps.
const (
	MaxUnknown = 8
	MaxPiece   = 1000
	// Limit is how long checking may take, all in all.
	Limit = 5 * time.Second
)

// Operation is a put or a get of a register.
type Operation struct {
	Put bool
	// Value is what was put, or what a get showed. No two puts have the same
	// one; 0 is what is there before any put.
	Value             uint32
	Invoked, Returned time.Duration
	Outcome           record.Outcome
	Member            uint8 // which acknowledged it, as in [record.Attempt]
}

// Result is what is said of a register.
type Result struct {
	Verdict Verdict
	Reason  Reason // why it is Unchecked
	Puts    int    // that were acked
	Gets    int    // that were acked
	Unknown int    // puts of unknown fate
	Shown   int    // of those, that a get showed
	// Evidence is why the register is Broken, by time: a few operations that
	// have no order even without all others.
	Evidence []Operation
	// Held are the values that the register may have held before them, where
	// it takes more operations to tell that than are worth showing.
	Held []uint32
}

// Of checks the register of a drill: the values put by its first stream of
// clients' puts, and all gets, which read that one.
func Of(rec *record.Record) Result {
	key := slices.IndexFunc(rec.Head.Streams, func(s record.Stream) bool {
		return s.Kind == record.Put && s.Member == ""
	})
	if key < 0 {
		return Result{Verdict: Unchecked, Reason: NoOperations}
	}
	if rec.Tail == nil || rec.Flaw != nil || rec.Tail.Journal != "" {
		return Result{Verdict: Unchecked, Reason: RecordCut}
	}
	var ops []Operation
	for i := range rec.Attempts {
		a := &rec.Attempts[i]
		op := Operation{
			Put: int(a.Stream) == key, Value: a.Seq,
			Invoked: a.Sent, Returned: a.Done, Outcome: a.Outcome, Member: a.Member,
		}
		if !op.Put {
			if rec.Head.Streams[a.Stream].Kind != record.Get {
				continue
			}
			op.Value = a.Saw
		}
		ops = append(ops, op)
	}
	return Check(ops, Limit)
}

// Check checks the operations on one register, for no longer than the limit.
func Check(ops []Operation, limit time.Duration) Result {
	all := ops
	r, ops := resolve(all)
	if r.Gets == 0 || r.Puts+r.Unknown == 0 {
		r.Verdict, r.Reason = Unchecked, NoOperations
		return r
	}
	c := checker{until: time.Now().Add(limit)}
	from := []uint32{0}
	for len(ops) > 0 {
		var piece []Operation
		piece, ops = cut(ops)
		if r.Reason = tooMuch(piece); r.Reason != "" {
			r.Verdict = Unchecked
			return r
		}
		left := c.ends(piece, from)
		if c.late {
			r.Verdict, r.Reason = Unchecked, TookTooLong
			return r
		}
		if len(left) == 0 {
			r.Verdict = Broken
			r.Evidence, r.Held = c.evidence(all, piece, from)
			return r
		}
		from = left
	}
	r.Verdict = Linearizable
	return r
}

// resolve leaves the operations that matter, by their beginning, with their
// ends. The first paragraphs of this package say why that is right.
func resolve(all []Operation) (r Result, ops []Operation) {
	shown := map[uint32]time.Duration{} // when the first get that showed it ended
	for _, op := range all {
		if op.Put || op.Outcome != record.Acked {
			continue
		}
		r.Gets++
		ops = append(ops, op)
		if at, ok := shown[op.Value]; !ok || op.Returned < at {
			shown[op.Value] = op.Returned
		}
	}
	for _, op := range all {
		switch {
		case !op.Put || op.Outcome == record.Refused:
			continue
		case op.Outcome == record.Acked:
			r.Puts++
		default:
			r.Unknown++
			at, ok := shown[op.Value]
			if !ok {
				continue
			}
			r.Shown++
			op.Returned = max(at, op.Invoked)
		}
		ops = append(ops, op)
	}
	slices.SortStableFunc(ops, func(a, b Operation) int { return cmp.Compare(a.Invoked, b.Invoked) })
	return r, ops
}

// cut takes the first piece of the operations: at least so many that checking
// it is worth while, and up to a moment when none is under way.
func cut(ops []Operation) (piece, rest []Operation) {
	const enough = 64
	var busy time.Duration
	for i, op := range ops {
		if i >= enough && op.Invoked > busy {
			return ops[:i:i], ops[i:]
		}
		busy = max(busy, op.Returned)
	}
	return ops, nil
}

func tooMuch(piece []Operation) Reason {
	if len(piece) > MaxPiece {
		return NoPause
	}
	for _, op := range piece {
		overlap := 0
		for _, o := range piece {
			if o.unknown() && o.Invoked <= op.Invoked && o.Returned >= op.Invoked {
				overlap++
			}
		}
		if overlap > MaxUnknown {
			return ManyUnknown
		}
	}
	return ""
}

func (o Operation) unknown() bool { return o.Put && o.Outcome == record.Unknown }
