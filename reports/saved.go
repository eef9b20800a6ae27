package reports

import (
	"drillbook/reports/text"
	"drillbook/reports/words"
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
		return words.Sentences([]string{
			d.Say("line.split-expected"),
			d.Say("line.split-saved", "count", words.Count(lost)),
		})
	case lost > 0:
		return d.Say("line.lost", "count", words.Count(lost), "most", words.Count(promise.RPO))
	}
	return d.Say("line.none-lost")
}

// saved says which files hold what only one member had.
func (d drafter) saved() section {
	if len(d.res.Saved) == 0 {
		return section{}
	}
	s := section{ID: "saved", Title: d.Say("saved"), Lead: d.Say("saved.lead")}
	s.Grid = newGrid(d.Say("file"), d.Say("member"), d.Say("rows"), d.Say("saved.tokens"), d.Say("acked"),
		d.Say("unknown-short"), d.Say("size"), "SHA-256").figures(2, 3, 4, 5, 6)
	for _, f := range d.res.Saved {
		s.Grid.add(text.Name(f.File), text.Name(f.Member), words.Count(f.Rows), words.Count(f.Tokens), words.Count(f.Acked), words.Count(f.Unknown),
			words.Size(f.Bytes), text.Name(f.SHA256))
	}
	switch {
	case !d.res.Writes.Counted:
		s.Notes = append(s.Notes, d.Say("saved.uncounted"))
	case d.res.Unsaved > 0:
		s.Notes = append(s.Notes, d.Say("saved.unsaved", "count", words.Count(d.res.Unsaved)))
	default:
		s.Notes = append(s.Notes, d.Say("saved.all", "count", words.Count(len(d.res.Writes.Lost))))
	}
	return s
}
