package drill

import (
	"time"

	"drillbook/harness/phrase"
	"drillbook/harness/record"
)

// A drill without a host is a watch: people act on a cluster of their own, and say what
// they do.

// watched reports whether the members are there already and only watched.
func (d *Drill) watched() bool { return d.cfg.Host == nil }

// baseline is how long service must be clean before the drill begins.
func (d *Drill) baseline() time.Duration {
	if d.watched() {
		return watchedBaseline
	}
	return baseline
}

// Mark records what the person who acts says to be doing, in the current step.
func (d *Drill) Mark(what string) { d.event(record.Event{Kind: record.Marked, What: what}) }

// MarkStep ends the current step, if there is one, and begins another: one of the head,
// or a further one of which what is the title.
func (d *Drill) MarkStep(number int, what string) {
	d.EndMarked()
	d.event(record.Event{Kind: record.Marked, Step: number, What: what})
	d.StepBegan(number)
}

// EndMarked ends the current step, if there is one.
func (d *Drill) EndMarked() {
	d.stepMu.Lock()
	current := d.step
	d.stepMu.Unlock()
	if current > 0 {
		d.StepEnded(nil)
	}
}

// Note records something that is worth knowing.
func (d *Drill) Note(what phrase.Phrase) {
	d.event(record.Event{Kind: record.Note, What: what.Text}, what)
}
