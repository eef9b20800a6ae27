package model

import (
	"slices"

	"drillbook/harness/record"
	"drillbook/reports/text"
	"drillbook/reports/words"
)

// What is said of a split brain, and of what was saved of the losing side.

// lostLine says in the line of the verdict what was lost.
func (d drafter) lostLine() string {
	promise, lost := d.rec.Head.Promise, len(d.res.Writes.Lost)
	switch {
	case promise.SplitBrain && d.SavedAll():
		return words.Sentences([]string{
			d.Say("line.split-expected"),
			d.Say("line.split-saved", "count", count(lost)),
		})
	case lost > 0 && promise.NoRPO:
		return d.Say("line.lost-measured", "count", count(lost))
	case !d.res.Writes.Counted: // only where nothing was promised of it
		return d.Say("writes.uncounted")
	case lost > 0:
		return d.Say("line.lost", "count", count(lost), "most", count(promise.RPO))
	}
	return d.Say("line.none-lost")
}

// saved says which files hold what only one member had.
func (d drafter) saved() Section {
	if len(d.res.Saved) == 0 {
		return Section{}
	}
	s := Section{ID: "saved", Title: d.Say("saved"), Lead: d.Say("saved.lead")}
	s.Table = d.table(d.Say("file"), d.Say("member"), d.Say("rows"), d.Say("saved.tokens"), d.Say("acked"),
		d.Say("unknown-short"), d.Say("size"), "SHA-256").figures(2, 3, 4, 5, 6)
	for _, f := range d.res.Saved {
		s.Table.add(text.Name(f.File), text.Name(f.Member), count(f.Rows), count(f.Tokens), count(f.Acked),
			count(f.Unknown), words.Size(f.Bytes), text.Name(f.SHA256))
	}
	switch {
	case !d.res.Writes.Counted:
		s.Notes = append(s.Notes, d.Say("saved.uncounted"))
	case d.res.Unsaved > 0:
		s.Notes = append(s.Notes, d.Say("saved.unsaved", "count", count(d.res.Unsaved)))
	default:
		s.Notes = append(s.Notes, d.Say("saved.all", "count", count(len(d.res.Writes.Lost))))
	}
	return s
}

func (d drafter) split() Section {
	x := d.res.Split
	s := Section{ID: "split", Title: d.Say("split-brain")}
	if !x.Proved {
		s.Lead = d.Say("split.none")
		if !slices.ContainsFunc(d.rec.Head.Streams, pinned) {
			s.Notes = append(s.Notes, d.Say("split.not-probed"))
		}
	} else {
		s.Lead = d.Say("split.proved",
			"first", text.Name(x.First.Member), "second", text.Name(x.Second.Member), "time", d.Duration(x.Overlap))
		s.Table = d.tokenTable()
		s.Table.add(d.tokenRow(x.First)...)
		s.Table.add(d.tokenRow(x.Second)...)
	}
	if d.rec.Head.Promise.SplitBrain {
		s.Notes = append(s.Notes, d.Say("split.expected"))
	}
	if x.RoleOverlap > 0 {
		s.Notes = append(s.Notes, d.Say("split.roles", "time", d.Duration(x.RoleOverlap)))
	}
	return s
}

// pinned reports whether a stream writes straight to a member.
func pinned(s record.Stream) bool { return s.Kind == record.Write && s.Member != "" }
