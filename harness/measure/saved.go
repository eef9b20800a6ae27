package measure

import (
	"time"

	"drillbook/harness/record"
)

// Saved is what was saved of a member before it was wound back.
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

// write is one write, whatever became of it.
type write struct {
	stream uint8
	seq    uint32
}

// saved follows what was saved back to its clients, and counts the lost writes
// that no file holds.
func (v *view) saved(lost []Token) (files []Saved, unsaved int) {
	in := map[write]int{} // by write, the number of its file from 1
	for _, c := range v.rec.Copies {
		if c.Saved == nil {
			continue
		}
		files = append(files, Saved{Saved: *c.Saved, Member: c.Member, At: c.At, Tokens: len(c.Tokens)})
		for _, t := range c.Tokens {
			in[write{t.Stream, t.Seq}] = len(files)
		}
	}
	for i := range v.rec.Attempts {
		a := &v.rec.Attempts[i]
		n := in[write{a.Stream, a.Seq}]
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
		if n := in[write{uint8(t.Stream), t.Seq}]; n > 0 {
			files[n-1].Lost++
		} else {
			unsaved++
		}
	}
	return files, unsaved
}

// gone is how many acknowledged writes count as lost for the promise: where a
// split brain is what is drilled, those of the losing side that were saved do
// not.
func (r *Result) gone(p record.Promise) int {
	if p.SplitBrain {
		return r.Unsaved
	}
	return len(r.Writes.Lost)
}
