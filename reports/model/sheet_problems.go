package model

import (
	"drillbook/harness/measure"
	"drillbook/harness/record"
	"drillbook/reports/text"
)

// maxProblems bounds the problems on the sheet that the drill found, and those that people
// add.
const maxProblems = 8

// leave says that so many problems are left out.
func (p Problems) leave(w writer, n int) Problems {
	p.left += n
	if p.left > 0 {
		p.More = w.Say("sheet.more", "count", count(p.left))
	}
	return p
}

// problems are what the drill shows to be wrong, what people add, and room for more.
func (d sheetDrafter) problems(of Drill) Problems {
	p := Problems{Title: d.Say("sheet.problems"), Head: [6]string{
		"#", d.Say("sheet.finding"), d.Say("sheet.grade"), d.Say("sheet.action"), d.Say("sheet.owner"),
		d.Say("sheet.due"),
	}}
	found := append(d.fromReasons(of), d.fromRest()...)
	if len(found) == 0 {
		p.None = d.Say("sheet.no-problem")
	}
	own := d.cover.Problems
	kept, keptOwn := min(len(found), maxProblems), min(len(own), maxProblems)
	p = p.leave(d.writer, len(found)-kept+len(own)-keptOwn)
	found = found[:kept:kept]
	for _, one := range own[:keptOwn] {
		found = append(found, Problem{
			Text: d.called(quote(one.Text)), Grade: text.Name(one.Grade), Action: quote(one.Action),
			Owner: text.Name(one.Owner), Due: text.Name(one.Due),
		})
	}
	found = append(found, Problem{})
	for i := range found {
		found[i].Number = number(i + 1)
	}
	p.Rows = found
	return p
}

// fromReasons are why the verdict is not better.
func (d sheetDrafter) fromReasons(of Drill) []Problem {
	found := make([]Problem, 0, len(of.Reasons))
	for i, r := range of.Reasons {
		grade := "medium"
		if i < len(d.res.Reasons) && d.res.Reasons[i].Verdict == measure.Missed {
			grade = "high"
		}
		found = append(found, Problem{Text: d.called(r.Text), Grade: d.Say("sheet.grade." + grade)})
	}
	for _, o := range d.ownObjectives() {
		if o.verdict != measure.Met {
			found = append(found, Problem{Text: o.said, Grade: d.Say("sheet.grade.high")})
		}
	}
	return found
}

// fromRest are what is worth mending though no promise is broken by it.
func (d sheetDrafter) fromRest() []Problem {
	var found []Problem
	add := func(key string, pairs ...string) {
		found = append(found, Problem{Text: d.Say(key, pairs...), Grade: d.Say("sheet.grade.low")})
	}
	for _, o := range d.res.Outages {
		if o.Relapses > 0 && o.Stream < len(d.rec.Head.Streams) && d.rec.Head.Streams[o.Stream].Kind == record.Write {
			add("sheet.relapsed", "stream", d.streamName(o.Stream), "count", count(o.Relapses))
		}
	}
	said := func(c measure.Code, step int, detail string) bool {
		for _, r := range d.res.Reasons {
			if r.Code == c && r.Step == step && (detail == "" || r.Detail == detail) {
				return true
			}
		}
		return false
	}
	for _, f := range d.res.Faults {
		what := text.Name(d.told(f.What))
		if f.Confirmed == nil && !said(measure.FaultNotHeld, 0, f.What) {
			add("sheet.unconfirmed", "fault", what)
		}
		if f.HealedBy == "" && f.Healed != nil && !said(measure.NotHealed, 0, f.What) {
			add("sheet.unhealed", "fault", what)
		}
	}
	for _, s := range d.res.Steps {
		switch {
		case s.Outcome == measure.Skipped && !said(measure.StepUndone, s.Number, ""):
			add("sheet.skipped", "step", number(s.Number), "title", d.called(text.Name(s.Title.In(d.Lang))))
		case s.Planned != nil && *s.Planned > 0 && s.Took > *s.Planned:
			add("sheet.over-plan", "step", number(s.Number), "took", d.Duration(s.Took),
				"planned", d.Duration(*s.Planned))
		}
		if n := s.CountRows(measure.RowUnseen); n > 0 {
			add("sheet.unseen", "step", number(s.Number), "count", count(n))
		}
	}
	return found
}

// opinion is where people sign: who carried it out, who watched, and who approves. It says
// the verdict again, since it may stand on a page of its own.
func (d sheetDrafter) opinion(c Conclusion) Opinion {
	o := Opinion{Title: d.Say("sheet.opinion", "verdict", c.Symbol+" "+c.Word), Head: [4]string{
		d.Say("sheet.role"), d.Say("sheet.view"), d.Say("sheet.name"), d.Say("sheet.date"),
	}}
	o.Rows = append(o.Rows, Signer{Role: d.Say("sheet.role.operator")}, Signer{Role: d.Say("sheet.role.observer")})
	for _, a := range d.cover.Approvers[:min(len(d.cover.Approvers), maxSigners)] {
		o.Rows = append(o.Rows, Signer{text.Name(a.Role), d.Say("sheet.choices"), text.Name(a.Name)})
	}
	if len(d.cover.Approvers) == 0 {
		o.Rows = append(o.Rows, Signer{Role: d.Say("sheet.role.head"), Choices: d.Say("sheet.choices")})
	}
	return o
}

// maxSigners bounds those who sign, so that they fit on two pages.
const maxSigners = 6
