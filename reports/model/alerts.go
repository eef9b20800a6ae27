package model

import (
	"cmp"
	"slices"
	"strconv"

	"drillbook/harness/record"
	"drillbook/reports/text"
	"drillbook/reports/words"
)

// alerts are the lines of the product's logs that somebody should read.
func (d drafter) alerts() Section {
	found := slices.Clone(d.events(record.Alert)) // by node, in the record
	slices.SortStableFunc(found, func(a, b record.Event) int { return cmp.Compare(a.Least+a.Most, b.Least+b.Most) })
	if len(found) == 0 {
		return Section{}
	}
	s := Section{ID: "alerts", Title: d.Say("alerts"), Lead: d.Say("alerts.lead")}
	s.Table = d.table(d.Say("alerts.at"), d.Say("alerts.clock"), d.Say("member"), d.Say("alerts.level"),
		d.Say("alerts.code"), d.Say("alerts.instance"), d.Say("alerts.thread"), d.Say("alerts.text")).figures(0, 4)
	for _, e := range found[:s.Table.room(len(found), maxRows)] {
		l := loggedIn(e)
		s.Table.add(
			words.Moment((e.Least+e.Most)/2),
			text.Name(l.Clock),
			text.Name(e.Member),
			text.Name(l.Level),
			codeOf(l),
			text.Name(l.Instance),
			text.Name(l.Thread),
			d.lines(text.Clean(e.Answer)),
		)
	}
	return s
}

// alertMarks are the alerts of a member, as marks in the picture over time.
func (d drafter) alertMarks(member string) []Span {
	var all []Span
	for _, e := range d.events(record.Alert) {
		if e.Member != member || len(all) == maxRows {
			continue
		}
		l := loggedIn(e)
		label := text.Short(text.Line(l.Level+" "+codeOf(l)+" "+e.Answer), maxAlert)
		all = append(all, Span{From: e.Least, To: e.Most, Label: label})
	}
	return all
}

// maxAlert is how much of an alert stands behind the picture.
const maxAlert = 120

func loggedIn(e record.Event) record.Logged {
	if e.Logged == nil {
		return record.Logged{}
	}
	return *e.Logged
}

func codeOf(l record.Logged) string {
	if l.Code == 0 {
		return ""
	}
	return strconv.Itoa(l.Code)
}
