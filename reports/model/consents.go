package model

import (
	"strconv"

	"drillbook/harness/measure"
	"drillbook/reports/text"
	"drillbook/reports/words"
)

// consents are who was asked before which step, and for how long the drill, and perhaps the
// clients, waited for the answer.
func (d drafter) consents() Section {
	if len(d.res.Consents) == 0 {
		return Section{}
	}
	s := Section{ID: "consents", Title: d.Say("consents"), Lead: d.Say("consents.lead")}
	s.Table = d.table("#", d.Say("consent.asked"), d.Say("consent.answered"), d.Say("consent.waited"),
		d.Say("consent.answer"), d.Say("consent.who")).figures(1, 2, 3)
	for _, c := range d.res.Consents[:s.Table.room(len(d.res.Consents), maxRows)] {
		answer := d.tell(c.Answer)
		if c.Err != "" {
			answer += d.Say("note", "note", d.Detail(d.told(c.Err)))
		}
		s.Table.add(strconv.Itoa(c.Step), words.Moment(c.Asked), words.Moment(c.Answered),
			d.Duration(c.Answered-c.Asked), answer, d.person(c))
	}
	return s
}

// person names who was asked.
func (d drafter) person(c measure.Consent) string {
	if c.By == "" {
		return d.Say("unknown")
	}
	return text.Name(c.By)
}

// waits are the spans in which the drill waited for a person, for pictures.
func (d drafter) waits() []Span {
	all := make([]Span, 0, len(d.res.Consents))
	for _, c := range d.res.Consents[:min(len(d.res.Consents), maxRows)] {
		label := d.Say("phase.waiting", "step", strconv.Itoa(c.Step), "who", d.person(c))
		all = append(all, Span{c.Asked, c.Answered, label, label + " — " + d.Duration(c.Answered-c.Asked)})
	}
	return all
}

// addWaits adds, to the table of phases, the waits for a person that fell between the moment
// of zero and the return of service.
func (d drafter) addWaits(t *Table) {
	p := d.res.Phases
	for i, w := range d.waits() {
		c := d.res.Consents[i]
		if c.Answered < p.Zero || p.Served != nil && c.Asked > p.Zero+*p.Served {
			continue
		}
		t.add(w.Label, d.Duration(c.Asked-p.Zero), d.Duration(c.Answered-c.Asked))
	}
}
