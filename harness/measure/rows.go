package measure

import "drillbook/harness/record"

// RowOutcome is how a row of the form was answered.
type RowOutcome string

// The outcomes of a row. The last two are no answers: neither counts as right.
const (
	RowRight      RowOutcome = "right"
	RowWrong      RowOutcome = "wrong"
	RowUnseen     RowOutcome = "unseen"     // a check says that this, or a part of it, could not be looked at
	RowUnanswered RowOutcome = "unanswered" // no check of the drill answered it
)

// Row is a row of the form, as it was answered.
type Row struct {
	record.Row
	Outcome  RowOutcome
	Findings []record.Event // that answer it, in their order
}

// Verdict is what may be said of the row.
func (r Row) Verdict() Verdict {
	switch r.Outcome {
	case RowRight:
		return Met
	case RowWrong:
		return Missed
	case RowUnseen, RowUnanswered:
	}
	return Unmeasurable
}

// CountRows counts the rows of a step that came to its end which ended so.
func (s Step) CountRows(o RowOutcome) int {
	n := 0
	for _, r := range s.Answers {
		if s.Outcome.Completed() && r.Outcome == o {
			n++
		}
	}
	return n
}

// answers are the rows of a step with what was found for each: one finding that is
// wrong makes the row wrong, and one that could not be made leaves it unseen.
func (v *view) answers(s record.Step) []Row {
	rows := make([]Row, len(s.Rows))
	for i, r := range s.Rows {
		rows[i] = Row{Row: r, Outcome: RowUnanswered}
	}
	for _, e := range v.rec.Events {
		if e.Kind != record.Finding || e.Step != s.Number || e.Row < 1 || e.Row > len(rows) {
			continue
		}
		r := &rows[e.Row-1]
		r.Findings = append(r.Findings, e)
		switch {
		case e.Err != "" && !e.Unseen:
			r.Outcome = RowWrong
		case r.Outcome == RowWrong:
		case e.Unseen:
			r.Outcome = RowUnseen
		case r.Outcome == RowUnanswered:
			r.Outcome = RowRight
		}
	}
	return rows
}
