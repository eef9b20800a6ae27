package reports

import (
	"slices"

	"drillbook/harness/measure"
)

// What is said of a split brain that a drill is about, and of what was saved
// of the losing side.

// savedAll reports whether everything that was lost is in a file.
func (d drafter) savedAll() bool {
	return len(d.res.Saved) > 0 && d.res.Writes.Counted && d.res.Unsaved == 0
}

// lostLine says in the line of the verdict what was lost.
func (d drafter) lostLine() string {
	promise, lost := d.rec.Head.Promise, len(d.res.Writes.Lost)
	switch {
	case promise.SplitBrain && d.savedAll():
		return sentences([]string{
			d.say("line.split-expected"),
			d.say("line.split-saved", "count", count(lost)),
		})
	case lost > 0:
		return d.say("line.lost", "count", count(lost), "most", count(promise.RPO))
	}
	return d.say("line.none-lost")
}

// saved says which files hold what only one member had.
func (d drafter) saved() section {
	if len(d.res.Saved) == 0 {
		return section{}
	}
	s := section{ID: "saved", Title: d.say("saved"), Lead: d.say("saved.lead")}
	s.Grid = newGrid(d.say("file"), d.say("member"), d.say("rows"), d.say("saved.tokens"), d.say("acked"),
		d.say("unknown-short"), d.say("size"), "SHA-256").figures(2, 3, 4, 5, 6)
	for _, f := range d.res.Saved {
		s.Grid.add(plain(f.File), plain(f.Member), count(f.Rows), count(f.Tokens), count(f.Acked), count(f.Unknown),
			size(f.Bytes), plain(f.SHA256))
	}
	switch {
	case !d.res.Writes.Counted:
		s.Notes = append(s.Notes, d.say("saved.uncounted"))
	case d.res.Unsaved > 0:
		s.Notes = append(s.Notes, d.say("saved.unsaved", "count", count(d.res.Unsaved)))
	default:
		s.Notes = append(s.Notes, d.say("saved.all", "count", count(len(d.res.Writes.Lost))))
	}
	return s
}

type savedResult struct {
	File    string         `json:"file"`
	Member  string         `json:"member"`
	At      millis         `json:"at_ms"`
	Bytes   int64          `json:"bytes"`
	SHA256  string         `json:"sha256"`
	Rows    int            `json:"rows"`
	Tables  map[string]int `json:"tables"`
	Tokens  int            `json:"tokens"`
	Acked   int            `json:"acked"`
	Unknown int            `json:"unknown"`
	Lost    *int           `json:"lost"`
}

func newSaved(d Drill) []savedResult {
	return mapped(slices.Clone(d.Result.Saved), func(f measure.Saved) savedResult {
		out := savedResult{
			File: f.File, Member: f.Member, At: millis(f.At), Bytes: f.Bytes, SHA256: f.SHA256,
			Rows: f.Rows, Tables: f.Tables, Tokens: f.Tokens, Acked: f.Acked, Unknown: f.Unknown,
		}
		if out.Tables == nil {
			out.Tables = map[string]int{}
		}
		if d.Result.Writes.Counted {
			out.Lost = &f.Lost
		}
		return out
	})
}
