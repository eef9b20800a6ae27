package model

import (
	"drillbook/harness/measure"
	"drillbook/reports/text"
	"drillbook/reports/words"
)

// reads say who answered what clients read, in each part of the drill.
func (d drafter) reads() Section {
	if len(d.res.Reads) == 0 {
		return Section{}
	}
	s := Section{ID: "reads", Title: d.Say("reads"), Lead: d.Say("reads.lead")}
	columns, figures := []string{d.Say("reads.part"), d.Say("reads.from"), d.Say("reads.to")}, []int{1, 2, 3}
	unnamed := 0
	for _, r := range d.res.Reads {
		unnamed += r.Unnamed
	}
	for _, m := range d.rec.Head.Members {
		columns = append(columns, d.Say("reads.by", "member", text.Name(m)))
		figures = append(figures, len(columns)-1)
	}
	if unnamed > 0 {
		columns = append(columns, d.Say("reads.unnamed"))
		figures = append(figures, len(columns)-1)
	}
	columns, figures = append(columns, d.Say("reads.failed")), append(figures, len(columns))
	s.Table = d.table(columns...).figures(figures...)
	for _, r := range d.res.Reads[:s.Table.room(len(d.res.Reads), maxRows)] {
		row := []string{d.readPart(r), words.Moment(r.From), words.Moment(r.To)}
		for _, n := range r.By {
			row = append(row, count(n))
		}
		if unnamed > 0 {
			row = append(row, count(r.Unnamed))
		}
		s.Table.add(append(row, count(r.Failed))...)
	}
	return s
}

// readPart is what a part of the drill is called.
func (d drafter) readPart(r measure.Reads) string {
	switch {
	case r.Out:
		return d.Say("reads.outage")
	case r.Step == 0:
		return d.Say("reads.no-step")
	}
	return d.Say("reads.step", "step", count(r.Step))
}
