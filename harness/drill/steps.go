package drill

import (
	"errors"
	"time"

	"drillbook/harness/driver"
	"drillbook/harness/phrase"
	"drillbook/harness/record"
)

// StepBegan records that a step of the runbook begins.
func (d *Drill) StepBegan(number int) {
	d.stepMu.Lock()
	d.step = number
	d.stepMu.Unlock()
	d.event(record.Event{Kind: record.Began})
}

// NothingToDo says why the current step has nothing to do. That is not known before the
// drill: what the step is for has come about by itself, or must not be.
func (d *Drill) NothingToDo(why phrase.Phrase) {
	d.stepMu.Lock()
	d.needless = why
	d.stepMu.Unlock()
}

// StepEnded records that the current step has ended. If it failed, or was interrupted,
// err says why and who is to blame ([BlameOf]).
func (d *Drill) StepEnded(err error) {
	said := phrase.Of(err)
	d.stepMu.Lock()
	why := d.needless
	d.stepMu.Unlock()
	e := record.Event{
		Kind: record.Ended, Answer: why.Text, Err: said.Text, Blame: BlameOf(err),
		Accepted: errors.Is(err, driver.ErrAccepted),
	}
	d.stuck = d.stuck || e.Blame == record.BlamePlace || e.Blame == record.BlamePerson
	d.failed = d.failed || err != nil
	d.event(e, said, why)
	d.stepMu.Lock()
	d.step, d.needless = 0, phrase.Phrase{}
	d.stepMu.Unlock()
}

// RecordConsent records that a person, asked so long ago whether to go on with a step, has
// answered; err says why that is no consent.
func (d *Drill) RecordConsent(number int, by string, waited time.Duration, err error) {
	why, answer := phrase.Of(err), phrase.Say("yes")
	if err != nil {
		answer = phrase.Say("no")
	}
	d.event(record.Event{
		Kind: record.Consent, Step: number, By: by, Took: waited, Answer: answer.Text, Err: why.Text,
	}, answer, why)
}

// StepSkipped records that a step is not carried out, nor those that follow. err
// says why and who is to blame ([BlameOf]).
func (d *Drill) StepSkipped(number int, err error) {
	d.stuck, d.failed = true, true
	said := phrase.Of(err)
	d.event(record.Event{Kind: record.Skipped, Step: number, Err: said.Text, Blame: BlameOf(err)}, said)
}

// RecordFinding records the result of a check of the runbook; err says what is
// wrong or, if it wraps [driver.ErrUnseen], why nobody could look.
func (d *Drill) RecordFinding(what, answer phrase.Phrase, err error) {
	d.RecordRow(0, what, answer, err)
}

// RecordRow records a finding that answers a row of the form, which counts from 1
// within the current step.
func (d *Drill) RecordRow(row int, what, answer phrase.Phrase, err error) {
	wrong := phrase.Of(err)
	d.event(record.Event{
		Kind: record.Finding, Row: row, What: what.Text, Answer: answer.Text, Err: wrong.Text,
		Unseen: errors.Is(err, driver.ErrUnseen),
	}, what, answer, wrong)
}

// RecordDecision records that m was chosen to become the primary.
func (d *Drill) RecordDecision(m driver.Member) {
	d.event(record.Event{Kind: record.Decided, Member: m.Name})
	d.markDisturbed()
}
