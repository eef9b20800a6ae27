package dsl

import (
	"errors"
	"fmt"
	"slices"

	"github.com/onsi/ginkgo/v2"
	"github.com/onsi/gomega"

	"drillbook/harness/driver"
	"drillbook/harness/phrase"
)

// Row is a row of the form that checks of a step answer.
type Row struct{ step, number int }

// Row finds a row by the English titles of its step and of itself. It is called before
// the It of the step: a title that is not there stops the suite before anything is
// started.
func (d *Drill) Row(step, title string) Row {
	s, err := d.Book.Step(step)
	if err != nil {
		d.unknown = append(d.unknown, err)
		return Row{}
	}
	number, err := s.Row(title)
	if err != nil {
		d.unknown = append(d.unknown, err)
	}
	row := Row{s.Number, number}
	d.rows = append(d.rows, row)
	return row
}

// checkRows reports rows that the body does not name.
func (d *Drill) checkRows() []error {
	var wrong []error
	for _, s := range d.Book.Steps {
		for i, r := range s.Rows {
			if !slices.Contains(d.rows, Row{s.Number, i + 1}) {
				wrong = append(wrong, phrase.Errorf("%s: the row %q of step %q is answered by no check of the scenario",
					r.Where.In("en"), r.Title.In("en"), s.Text("en")))
			}
		}
	}
	return wrong
}

// Answer is what a check found for a row. An error that wraps [driver.ErrUnseen] says
// that nobody could look.
type Answer struct {
	Row   Row
	What  phrase.Phrase // was looked at
	Found phrase.Phrase
	Err   error
}

// Unseen is the answer that what belongs to a row cannot be looked at from here.
func Unseen(row Row, what, where phrase.Phrase) Answer {
	return Answer{Row: row, What: what, Err: phrase.Errorf("%w: %s", driver.ErrUnseen, where)}
}

// ConfirmRow is [Drill.Confirm] for a row of the form. A row may be answered by several
// checks. What one could not look at does not fail the step: the row says it, and does
// not count as right.
func (d *Drill) ConfirmRow(row Row, format string, args ...any) func(found phrase.Phrase, err error) {
	what := phrase.Say(format, args...)
	return func(found phrase.Phrase, err error) {
		ginkgo.GinkgoHelper()
		d.ConfirmRows(Answer{row, what, found, err})
	}
}

// ConfirmRows answers several rows, and fails the step only after the last of them.
func (d *Drill) ConfirmRows(answers ...Answer) {
	ginkgo.GinkgoHelper()
	var errs []error
	for _, a := range answers {
		if s, _ := d.step(); s.Number != a.Row.step {
			ginkgo.Fail(fmt.Sprintf("%s is found for a row of step %d, in step %d", a.What, a.Row.step, s.Number))
		}
		d.RecordRow(a.Row.number, a.What, a.Found, a.Err)
		if !errors.Is(a.Err, driver.ErrUnseen) {
			errs = append(errs, a.Err)
		}
	}
	gomega.Expect(errors.Join(errs...)).To(d.Succeed())
}
