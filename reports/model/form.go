package model

import (
	"strconv"
	"strings"

	"drillbook/harness/measure"
	"drillbook/harness/record"
	"drillbook/reports/text"
)

// form are the lines of the table that people know: the headings over groups of steps,
// the steps, and below a step the rows that it answers.
func (d drafter) form() []Row {
	var lines []Row
	for _, s := range d.res.Steps {
		if g := s.Group; g != nil {
			cells := []string{"", quote(g.Title.In(d.Lang)), quote(g.Comment.In(d.Lang)), "", "", "", "", ""}
			lines = append(lines, Row{Cells: cells, Level: Group})
		}
		lines = append(lines, Row{Cells: d.stepRow(s), Mark: string(stepVerdict(s))})
		for _, r := range d.rows(s) {
			cells := []string{r.Number, r.Title, r.Comment, "", "", "", "", r.Symbol + "\u00a0" + r.Word}
			lines = append(lines, Row{Cells: cells, Mark: r.Verdict, Level: Part})
		}
	}
	return lines
}

// rows are the rows of the form that a step answers.
func (d drafter) rows(s measure.Step) []FormRow {
	out := make([]FormRow, 0, len(s.Answers))
	for i, r := range s.Answers {
		one := FormRow{
			Number: rowNumber(s.Number, i+1), Title: text.Name(r.Title.In(d.Lang)), Comment: d.rowComment(r),
			Verdict: string(r.Verdict()), Symbol: symbol(r.Verdict()), Word: d.Say("row." + string(r.Outcome)),
		}
		for _, e := range r.Findings {
			if e.Err != "" {
				one.Why = append(one.Why, d.Detail(d.told(e.Err)))
			}
		}
		if s.Outcome == measure.Skipped {
			one.Symbol, one.Word = "–", d.Say("outcome.skipped")
		}
		out = append(out, one)
	}
	return out
}

// unseenRows says what the verdict does not: that somebody has to look.
func (d drafter) unseenRows() []string {
	n := 0
	for _, s := range d.res.Steps {
		n += s.CountRows(measure.RowUnseen)
	}
	if n == 0 {
		return nil
	}
	return []string{d.Say("row.unseen.note", "count", count(n))}
}

func rowNumber(step, row int) string { return strconv.Itoa(step) + "." + strconv.Itoa(row) }

// rowComment is what is said of a row, and below it the first line of what each check
// found; the table of checks has it all.
func (d drafter) rowComment(r measure.Row) string {
	lines := []string{quote(r.Comment.In(d.Lang))}
	for _, e := range r.Findings {
		if first, _, _ := strings.Cut(d.tell(e.Answer), "\n"); first != "" {
			lines = append(lines, d.Say("row.found", "what", text.Name(d.told(e.What)), "found", first))
		}
		switch {
		case e.Unseen:
			lines = append(lines, d.Say("row.not-seen", "what", text.Name(d.told(e.What)),
				"why", d.Detail(d.told(e.Err))))
		case e.Err != "":
			lines = append(lines, d.Say("error", "error", d.Detail(d.told(e.Err))))
		}
	}
	return strings.TrimSpace(strings.Join(lines, "\n"))
}

// rowOf is the number of what a finding is about: a step, or a row of one.
func rowOf(e record.Event) string {
	switch {
	case e.Step == 0:
		return "–" // before the first
	case e.Row == 0:
		return strconv.Itoa(e.Step)
	}
	return rowNumber(e.Step, e.Row)
}
