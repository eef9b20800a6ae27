package measure

import (
	"time"

	"drillbook/harness/record"
)

// Saved is what was saved of a member before it was rewound.
type Saved struct {
	record.Saved

	Member string
	At     time.Duration
	// Tokens are the writes of this drill that the file holds; Acked and Unknown
	// those of them that their clients had an answer for, or none.
	Tokens, Acked, Unknown int
	// Lost are those of the acknowledged that the surviving primary lacks. It is
	// Acked, unless more was saved than needed saving.
	Lost int
}

// writeID identifies a write, whatever its outcome.
type writeID struct {
	stream uint8
	seq    uint32
}

// saved finds the writes in the files that were saved, and counts the lost writes
// that are in none.
func (v *view) saved(lost []Token) (files []Saved, unsaved int) {
	in := map[writeID]int{} // by write, the number of its file from 1
	for _, c := range v.rec.Copies {
		if c.Saved == nil {
			continue
		}
		files = append(files, Saved{Saved: *c.Saved, Member: c.Member, At: c.At, Tokens: len(c.Tokens)})
		for _, t := range c.Tokens {
			in[writeID{t.Stream, t.Seq}] = len(files)
		}
	}
	for i := range v.rec.Attempts {
		a := &v.rec.Attempts[i]
		n := in[writeID{a.Stream, a.Seq}]
		if n == 0 || v.rec.Head.Streams[a.Stream].Kind != record.Write {
			continue
		}
		switch a.Outcome {
		case record.Acked:
			files[n-1].Acked++
		case record.Unknown:
			files[n-1].Unknown++
		case record.Refused: // a phantom, if anybody holds it
		}
	}
	for _, t := range lost {
		//nolint:gosec // streams are numbered from 0 to 254
		if n := in[writeID{uint8(t.Stream), t.Seq}]; n > 0 {
			files[n-1].Lost++
		} else {
			unsaved++
		}
	}
	return files, unsaved
}

// lostForPromise is how many lost writes count against the promise. In a drill
// about a split brain, those that were saved do not.
func (r *Result) lostForPromise(p record.Promise) int {
	if p.SplitBrain {
		return r.Unsaved
	}
	return len(r.Writes.Lost)
}
