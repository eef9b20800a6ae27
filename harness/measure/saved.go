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

// saved finds the writes in the files that were saved, and counts the lost writes
// that are in none. Several members may have held, and saved, the same write.
func (v *view) saved(lost []Token) (files []Saved, unsaved int) {
	var held []holding // by file
	for i := range v.rec.Copies {
		if c := &v.rec.Copies[i]; c.Saved != nil {
			files = append(files, Saved{Saved: *c.Saved, Member: c.Member, At: c.At, Tokens: len(c.Tokens)})
			held = append(held, newHolding(c))
		}
	}
	for i := range v.rec.Attempts {
		a := &v.rec.Attempts[i]
		if v.rec.Head.Streams[a.Stream].Kind != record.Write {
			continue
		}
		for n := range held {
			if !held[n].tokens.has(a.Stream, a.Seq) {
				continue
			}
			switch a.Outcome {
			case record.Acked:
				files[n].Acked++
			case record.Unknown:
				files[n].Unknown++
			case record.Refused: // a phantom, if anybody holds it
			}
		}
	}
	for _, t := range lost {
		found := false
		for n := range held {
			if held[n].tokens.has(uint8(t.Stream), t.Seq) { //nolint:gosec // streams are numbered from 0 to 254
				files[n].Lost++
				found = true
			}
		}
		if !found {
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
