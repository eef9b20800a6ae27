package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"sync/atomic"
	"time"

	"drillbook/harness/calibrate"
	"drillbook/harness/drill"
	"drillbook/harness/driver"
	"drillbook/harness/phrase"
	"drillbook/harness/record"
	"drillbook/harness/secret"
	"drillbook/harness/watch"
	"drillbook/reports"
	"drillbook/reports/words"
)

// watchPerson is a watch and the person who acts meanwhile.
type watchPerson struct {
	out, ask io.Writer
	words    words.Words
	plan     watchPlan
	lines    <-chan string
	begun    atomic.Bool // clients are watched: a signal is no reason to throw that away
	made     atomic.Bool // there is a schema or a table to drop
}

func (p *watchPerson) say(key string, pairs ...string) {
	_, _ = fmt.Fprintln(p.out, p.hide(p.words.Say(key, pairs...))) // there is nowhere to report it
}

// hide masks the passwords in what may come from anywhere.
func (p *watchPerson) hide(text string) string { return secret.Hide(text, p.plan.site.Secrets()...) }

// hidden is an error in the words of the reader, without passwords.
func (p *watchPerson) hidden(err error) error {
	return &saidError{text: p.hide(told(p.words, err)), cause: err}
}

// sayMade is a text about what is made in the site.
func (p *watchPerson) sayMade(key string, pairs ...string) string {
	made := p.plan.site.Made()
	return p.hide(p.words.Say(key, append(pairs, "made", p.words.Tell(made.What), "undo", made.Undo)...))
}

// watch looks at the site, asks, watches and reports. Whatever happens, what was made is
// dropped.
func (p *watchPerson) watch(ctx context.Context) error {
	survey, err := p.plan.site.Survey(ctx)
	for _, s := range survey.Servers {
		p.say("watch.seen", "server", p.words.Tell(s))
	}
	for _, note := range survey.Notes {
		p.say("watch.note", "note", p.words.Tell(note))
	}
	if err != nil {
		return environment(p.hidden(err))
	}
	if err := p.consent(ctx); err != nil {
		return err
	}
	out, err := makeFolder(filepath.Join(p.plan.out, time.Now().Format("2006-01-02T15-04-05")), p.words)
	if err != nil {
		return err
	}
	if err := p.prepare(ctx); err != nil {
		left := p.withdraw(context.WithoutCancel(ctx))
		return worst(environment(p.hidden(err)), left, environment(os.Remove(out)))
	}
	ended := watch.Run(ctx, p.config(survey, out))
	left := p.withdraw(context.WithoutCancel(ctx))
	if errors.Is(ended, watch.ErrStopped) {
		return worst(withCode(exitMissed, ended), left, p.report(out))
	}
	return worst(environment(ended), left, p.report(out))
}

// makeWithin bounds the making and the dropping of what is made.
const makeWithin = 15 * time.Second

func (p *watchPerson) prepare(ctx context.Context) error {
	ctx, done := context.WithTimeout(ctx, makeWithin)
	defer done()
	makes := !p.plan.probe.ReadOnly
	p.made.Store(makes) // even if it fails: a commit that nobody has heard of may have happened
	if err := p.plan.site.Prepare(ctx, driver.Member{}); err != nil {
		return err
	}
	if makes {
		_, _ = fmt.Fprintln(p.out, p.sayMade("watch.made")) // there is nowhere to report it
	}
	return nil
}

// withdraw drops what was made, or says how a person does.
func (p *watchPerson) withdraw(ctx context.Context) error {
	if !p.made.Load() {
		return nil
	}
	ctx, done := context.WithTimeout(ctx, makeWithin)
	defer done()
	unreached, err := p.plan.site.Withdraw(ctx)
	if err != nil {
		said := p.sayMade("watch.not-dropped", "error", told(p.words, err))
		return environment(&saidError{text: said, cause: err})
	}
	p.made.Store(false)
	_, _ = fmt.Fprintln(p.out, p.sayMade("watch.dropped")) // there is nowhere to report it
	for _, at := range unreached {
		_, _ = fmt.Fprintln(p.out, p.sayMade("watch.may-be-left", "server", at)) // the same
	}
	return nil
}

// config is the watch as the harness has it.
func (p *watchPerson) config(survey driver.Survey, out string) watch.Config {
	head := p.plan.head
	if survey.System != "" {
		head.System = survey.System
	}
	head.StandIn = p.plan.site.Product().StandIn.Text // now that servers were asked
	p.say("watch.calibrating")
	return watch.Config{
		Drill: drill.Config{
			Head: head, Driver: p.plan.site, Members: p.plan.site.Addresses(), Probe: p.plan.probe,
			UsualRate: max(watchedRate, p.plan.probe.Writes), Dir: filepath.Join(out, dirOf(head)),
			Calibrate: calibrate.Quick, OnEvent: p.event,
		},
		Lines: p.lines, For: p.plan.lasts, StopIf: p.plan.stopIf, Tell: p.tell,
		Began: func(d *drill.Drill) {
			p.begun.Store(true)
			for _, s := range survey.Servers {
				d.RecordFinding(phrase.Say("server before the watch"), s, nil)
			}
			for _, fact := range survey.Facts {
				d.RecordFinding(fact.What, fact.Value, nil)
			}
			for _, note := range survey.Notes {
				d.Note(note)
			}
			p.say("watch.began")
			if len(head.Steps) > 0 {
				p.say("watch.first", "step", p.step(1))
			}
		},
	}
}

// dirOf is the folder of the record within that of the run.
func dirOf(h record.Head) string { return filepath.Base(h.Runbook) + "-" + h.Run }

// report measures the record and writes the reports.
func (p *watchPerson) report(out string) error {
	name := dirOf(p.plan.head)
	rec, err := record.ReadFile(filepath.Join(out, name, drill.RecordName))
	if rec == nil {
		return environment(err)
	}
	run := reports.Run{Generator: version(), Drills: []reports.Drill{reports.Of(rec, name)}}
	if err := publish(p.out, run, out, p.words); err != nil {
		return environment(err)
	}
	for _, why := range run.Drills[0].Result.Reasons {
		p.say("watch.note", "note", p.words.Sentence(why))
	}
	return judge(run, "", p.words)
}

// step is the title of a step of the runbook; "" if there is none.
func (p *watchPerson) step(number int) string {
	if number < 1 || number > len(p.plan.head.Steps) {
		return ""
	}
	s := p.plan.head.Steps[number-1]
	return strconv.Itoa(s.Number) + ". " + s.Title.In(p.words.Lang)
}
