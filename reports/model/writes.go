package model

import (
	"strconv"

	"drillbook/harness/measure"
	"drillbook/reports/text"
	"drillbook/reports/words"
)

func (d drafter) writes() Section {
	w := d.res.Writes
	s := Section{ID: "writes", Title: d.Say("writes")}
	s.Table = d.table(d.Say("write-outcome"), d.Say("path.clients"), d.Say("path.members")).figures(1, 2)
	s.Table.add(d.Say("acked"), count(w.Acked), count(w.Direct.Acked))
	s.Table.add(d.Say("refused"), count(w.Refused), count(w.Direct.Refused))
	s.Table.add(d.Say("unknown-to-client"), count(w.Unknown), count(w.Direct.Unknown))
	if onlyReads(d.Drill) {
		return Section{ID: "writes", Title: d.Say("writes"), Lead: d.Say("watched.only-reads")}
	}
	if !w.Counted {
		s.Lead = d.Say("writes.uncounted")
		return s
	}
	s.Lead = d.Say("writes.counted", "member", text.Name(w.Authority))
	s.Facts = []Fact{
		d.fact(d.Say("applied-unknown"), count(w.AppliedUnknown), d.Say("applied-unknown.note")),
		d.fact(d.Say("lost"), count(len(w.Lost)), d.oldest()),
		d.fact(d.Say("phantom"), count(len(w.Phantom)), d.Say("phantom.note")),
		d.fact(d.Say("duplicated"), count(len(w.Duplicated)), d.Say("duplicated.note")),
		d.fact(d.Say("diverged"), count(len(w.Diverged)), d.Say("diverged.note")),
	}
	for _, b := range w.Behind {
		s.Notes = append(s.Notes, d.Say("writes.behind", "member", text.Name(b.Member), "count", count(b.Writes),
			"authority", text.Name(w.Authority)))
	}
	if len(w.Unread) > 0 {
		s.Notes = append(s.Notes, d.Say("writes.unread", "members", d.Detail(d.List(w.Unread))))
	}
	return s
}

func (d drafter) oldest() string {
	if len(d.res.Writes.Lost) == 0 {
		return d.Say("lost.note")
	}
	return d.Say("lost.oldest", "age", d.Duration(d.res.Writes.OldestLost))
}

// maxEvidence bounds the single writes that are named as evidence.
const maxEvidence = 10

// lost names the writes that were lost.
func (d drafter) lost() Section {
	lost := d.res.Writes.Lost
	if len(lost) == 0 {
		return Section{}
	}
	s := Section{ID: "lost", Title: d.Say("lost-writes"), Table: d.tokenTable()}
	for _, t := range lost[:s.Table.room(len(lost), maxEvidence)] {
		s.Table.add(d.tokenRow(t)...)
	}
	return s
}

func (d drafter) tokenTable() *Table {
	return d.table(d.Say("token"), d.Say("path"), d.Say("acked-by"), d.Say("acked-at"), d.Say("epoch")).figures(3, 4)
}

// tokenRow is a write as it can be looked up in the database.
func (d drafter) tokenRow(t measure.Token) []string {
	epoch := "–"
	if t.Epoch > 0 {
		epoch = strconv.FormatUint(uint64(t.Epoch), 10)
	}
	path := "–"
	if t.Stream < len(d.rec.Head.Streams) {
		path = d.way(d.rec.Head.Streams[t.Stream])
	}
	return []string{d.Token(t), path, text.Name(t.Member), words.Moment(t.At), epoch}
}
