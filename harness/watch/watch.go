// Package watch measures while people act on a cluster of their own. It does nothing to
// the cluster: the probe, the observer and the record are those of a drill, and the people
// say what they do.
package watch

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"time"

	"drillbook/harness/drill"
	"drillbook/harness/phrase"
)

// Config says what to watch. Drill, without a Host, and Lines must be set.
type Config struct {
	Drill drill.Config
	// Lines are what the person types. An empty line begins the next step of the runbook
	// or, without one, a step without a name; a q ends the watch; any other line says what
	// is being done: in the current step of the runbook or, without one, as a step of its
	// own. Closing it ends the watch, if nothing else would.
	Lines  <-chan string
	For    time.Duration // how long to watch; 0: until the person ends it
	StopIf drill.StopIf  // ends the watch, too
	// Began, if set, is called once clients are seen to be served: whoever acts may begin.
	Began func(*drill.Drill)
	// Tell, if set, is called with what a person should see at once.
	Tell func(News)
}

// Topic is what a piece of news is about.
type Topic string

// The topics.
const (
	Failing  Topic = "failing" // clients are not served; Detail says why
	Served   Topic = "served"  // they are again, after Took
	StepIs   Topic = "step"    // step Number has begun
	NoStep   Topic = "no-step" // the last step has ended
	Noted    Topic = "noted"   // Detail was noted in a step
	Stopped  Topic = "stopped" // a condition of StopIf holds, as Said says
	TimeIsUp Topic = "time-is-up"
	Ending   Topic = "ending" // service may settle, and what was written is read back
)

// News is something that a person should see at once.
type News struct {
	Topic  Topic
	Number int
	Detail string
	Took   time.Duration
	Said   phrase.Phrase
}

// ErrStopped is wrapped when a condition has ended the watch.
var ErrStopped = phrase.Errorf("the watch has ended by its own condition, and nothing was healed")

// lookEvery is how often it is looked whether clients are served.
const lookEvery = 100 * time.Millisecond

// Run watches until the person, the time, the condition or ctx ends it, and closes the
// record. Its error wraps [drill.ErrEnvironment] if it could not begin, and ErrStopped if
// the condition has ended it.
func Run(ctx context.Context, cfg Config) error {
	d, err := drill.Begin(ctx, cfg.Drill)
	if err != nil {
		return err
	}
	w := &watch{cfg: cfg, drill: d, steps: len(cfg.Drill.Head.Steps)}
	if cfg.Began != nil {
		cfg.Began(d)
	}
	conditions := d.WatchStop(ctx, cfg.StopIf)
	stopped := w.loop(ctx, conditions.Reached())
	conditions.End()
	w.tell(News{Topic: Ending})
	d.EndMarked()
	return errors.Join(stopped, d.End(context.WithoutCancel(ctx), false))
}

// watch is a watch that runs.
type watch struct {
	cfg      Config
	drill    *drill.Drill
	steps    int // of the runbook; 0: there is none
	step     int // the last that has begun
	failing  bool
	lastGood time.Duration // when clients were last served before they were not
}

// loop follows the person until the watch is to end.
func (w *watch) loop(ctx context.Context, reached <-chan phrase.Phrase) error {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	var up <-chan time.Time
	if w.cfg.For > 0 {
		timer := time.NewTimer(w.cfg.For)
		defer timer.Stop()
		up = timer.C
	}
	lines := w.cfg.Lines
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-up:
			w.tell(News{Topic: TimeIsUp})
			return nil
		case line, ok := <-lines:
			switch {
			case ok && isQuit(line), !ok && w.cfg.For == 0:
				return nil
			case ok:
				w.mark(strings.TrimSpace(line))
			default:
				lines = nil // the time will end it
			}
		case why := <-reached:
			w.tell(News{Topic: Stopped, Said: why})
			return phrase.Errorf("%w: %s", ErrStopped, why)
		case <-tick.C:
			w.look()
		}
	}
}

func isQuit(line string) bool {
	switch strings.ToLower(strings.TrimSpace(line)) {
	case "q", "quit":
		return true
	}
	return false
}

// mark records what the person has typed.
func (w *watch) mark(text string) {
	switch {
	case w.steps > 0 && text != "":
		w.drill.Mark(text)
		w.tell(News{Topic: Noted, Detail: text})
	case w.steps > 0 && w.step >= w.steps:
		w.drill.EndMarked()
		w.tell(News{Topic: NoStep})
	default:
		w.step++
		title := text
		if title == "" && w.steps == 0 {
			title = strconv.Itoa(w.step)
		}
		w.drill.MarkStep(w.step, title)
		w.tell(News{Topic: StepIs, Number: w.step, Detail: title})
	}
}

// look tells whether clients are served.
func (w *watch) look() {
	h, _ := w.drill.Health()
	switch {
	case h.FirstFail > 0 && !w.failing:
		w.failing = true
		w.tell(News{Topic: Failing, Detail: h.LastCause})
	case h.FirstFail == 0 && w.failing:
		w.failing = false
		w.tell(News{Topic: Served, Took: h.BackAt - w.lastGood})
	}
	if h.FirstFail == 0 {
		w.lastGood = h.LastAck
	}
}

func (w *watch) tell(n News) {
	if w.cfg.Tell != nil {
		w.cfg.Tell(n)
	}
}
