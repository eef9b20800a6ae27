package model

import (
	"strconv"
	"strings"

	"drillbook/harness/measure"
	"drillbook/harness/record"
	"drillbook/reports/text"
	"drillbook/reports/words"
)

// events are those of a kind.
func (d drafter) events(kind record.Kind) []record.Event {
	var of []record.Event
	for _, e := range d.rec.Events {
		if e.Kind == kind {
			of = append(of, e)
		}
	}
	return of
}

// checks are those that the runbook asks for.
func (d drafter) checks() Section {
	found := d.events(record.Finding)
	if len(found) == 0 {
		return Section{}
	}
	s := Section{ID: "findings", Title: d.Say("findings")}
	s.Table = d.table(d.Say("in-step"), d.Say("member"), d.Say("looked-at"), d.Say("found"), d.Say("outcome")).
		figures(0).marks(4)
	for _, e := range found[:s.Table.room(len(found), maxRows)] {
		mark, outcome, answer := measure.Met, "✔ "+d.Say("finding.right"), d.tell(e.Answer)
		switch {
		case e.Unseen:
			mark, outcome = measure.Unmeasurable, "? "+d.Detail(d.told(e.Err))
		case e.Err != "":
			mark, outcome = measure.Missed, "✘ "+d.Detail(d.told(e.Err))
		}
		s.Table.rate(mark, rowOf(e), text.Name(e.Member), d.tell(e.What), answer, outcome)
	}
	return s
}

// What the commands of one drill may take up in all, and one of their answers.
const (
	maxAnswers = 400_000 // bytes
	maxAnswer  = 4_000   // characters
	maxLines   = 24
)

// lines is an answer, bounded.
func (d drafter) lines(s string) string {
	s = text.Short(s, maxAnswer)
	all := strings.Split(strings.TrimRight(s, "\n"), "\n")
	if len(all) <= maxLines {
		return s
	}
	return strings.Join(all[:maxLines], "\n") + "\n" + d.Say("lines-left-out", "count", count(len(all)-maxLines))
}

// commands are what was run in the members, and what they answered.
func (d drafter) commands() Section {
	run := d.events(record.Command)
	if len(run) == 0 {
		return Section{}
	}
	s := Section{ID: "commands", Title: d.Say("commands")}
	room := maxAnswers
	for i, e := range run {
		if i == maxRows || room < 0 {
			s.Notes = append(s.Notes, d.leftOut(len(run)-i))
			break
		}
		s.Answers = append(s.Answers, Answer{
			Where: d.Say("command.where", "at", words.Moment(e.At), "step", strconv.Itoa(e.Step),
				"member", text.Name(e.Member), "took", d.Duration(e.Took)),
			Command: text.Short(e.What, maxAnswer), Text: d.lines(e.Answer), Err: d.lines(e.Err),
		})
		last := s.Answers[i]
		room -= len(last.Command) + len(last.Text) + len(last.Err)
	}
	return s
}
