package measure_test

import (
	"slices"
	"testing"

	"drillbook/harness/measure"
	"drillbook/harness/record"
)

// A row is right only if a check answered it and nothing that was found is wrong or
// could not be looked at. What is not seen breaks no promise; what nobody answered
// leaves the form open. That a step failed because of a wrong row is said by the step's own
// event, which is not told here.
func TestRows(t *testing.T) {
	right := record.Event{Answer: "the same"}
	wrong := record.Event{Answer: "they differ", Err: "work_mem differs"}
	unseen := record.Event{Err: "not seen from here: crontabs", Unseen: true}
	for _, tt := range []struct {
		name    string
		found   []record.Event
		outcome measure.RowOutcome
		row     measure.Verdict
		drill   measure.Verdict
	}{
		{"right", []record.Event{right, right}, measure.RowRight, measure.Met, measure.Met},
		{"wrong and right", []record.Event{wrong, right}, measure.RowWrong, measure.Missed, measure.Met},
		{"right and wrong", []record.Event{right, wrong}, measure.RowWrong, measure.Missed, measure.Met},
		{"unseen", []record.Event{unseen}, measure.RowUnseen, measure.Unmeasurable, measure.Met},
		{"right and unseen", []record.Event{right, unseen}, measure.RowUnseen, measure.Unmeasurable, measure.Met},
		{"unseen and right", []record.Event{unseen, right}, measure.RowUnseen, measure.Unmeasurable, measure.Met},
		{"unseen and wrong", []record.Event{unseen, wrong}, measure.RowWrong, measure.Missed, measure.Met},
		{"wrong and unseen", []record.Event{wrong, unseen}, measure.RowWrong, measure.Missed, measure.Met},
		{"unanswered", nil, measure.RowUnanswered, measure.Unmeasurable, measure.Unmeasurable},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := sound()
			s.rec.Head.Steps[0].Rows = []record.Row{{Title: record.Text{"en": "Settings"}}}
			for _, e := range tt.found {
				e.Kind, e.Step, e.Row = record.Finding, 1, 1
				s.at(2950, e)
			}
			s.at(2950, record.Event{Kind: record.Finding, Step: 1, Answer: "answers no row", Err: "wrong"})
			s.at(2950, record.Event{Kind: record.Finding, Step: 1, Row: 2, Answer: "answers no row that there is"})
			got := s.measure()
			rows := got.Steps[0].Answers
			if len(rows) != 1 || rows[0].Outcome != tt.outcome || rows[0].Verdict() != tt.row ||
				len(rows[0].Findings) != len(tt.found) || rows[0].Title.In("en") != "Settings" {
				t.Errorf("rows = %+v, want one that is %s", rows, tt.outcome)
			}
			if got.Verdict != tt.drill {
				t.Errorf("verdict %s, want %s: %+v", got.Verdict, tt.drill, got.Reasons)
			}
		})
	}
}

// A step that was not carried out to its end is said to be so, and its rows besides
// are no reason of their own.
func TestRowsOfAStepThatWasNotReached(t *testing.T) {
	s := sound()
	s.rec.Head.Steps = append(s.rec.Head.Steps, record.Step{Number: 2, Rows: make([]record.Row, 3)})
	got := s.measure()
	if rows := got.Steps[1].Answers; len(rows) != 3 || rows[2].Outcome != measure.RowUnanswered {
		t.Errorf("rows = %+v, want three that nobody answered", rows)
	}
	codes := make([]measure.Code, 0, len(got.Reasons))
	for _, r := range got.Reasons {
		codes = append(codes, r.Code)
	}
	if want := []measure.Code{measure.StepUndone}; !slices.Equal(codes, want) {
		t.Errorf("reasons = %v, want %v", codes, want)
	}
}
