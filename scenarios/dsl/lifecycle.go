package dsl

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"
	"time"

	"github.com/onsi/ginkgo/v2"
	"github.com/onsi/ginkgo/v2/types"

	"drillbook/harness/calibrate"
	"drillbook/harness/drill"
	"drillbook/harness/fault"
	"drillbook/harness/host"
	"drillbook/harness/link"
	"drillbook/harness/measure"
	"drillbook/harness/phrase"
	"drillbook/harness/probe"
	"drillbook/harness/record"
	"drillbook/reports"
	"drillbook/runbooks"
)

// beginWithin bounds the start of a cluster, images that must be built first
// included.
const beginWithin = 20 * time.Minute

// finishWithin bounds the end of a drill, which waits for an outage until it
// has certainly lasted too long.
func (d *Drill) finishWithin() time.Duration { return d.Book.RTO + 5*time.Minute }

// begin starts the cluster and the clients.
func (d *Drill) begin(ctx ginkgo.SpecContext) {
	d.suite.skipIfStopping()
	d.head.Run = newRun(time.Now())
	view := d.suite.opts.View
	view.DrillBegins(d.head, d.health)
	if err := d.start(ctx); err != nil {
		d.broken = phrase.Errorf("%s: %w", d.Book.Name, err)
		d.stopped = ctx.Err() != nil
		if err := d.load(); !errors.Is(err, fs.ErrNotExist) { // it may have ended before there was a record
			d.broken = errors.Join(d.broken, err)
		}
		ginkgo.Fail(d.broken.Error())
	}
}

func (d *Drill) start(ctx context.Context) error {
	drv, err := d.scenario.Driver(d.Params)
	if err != nil {
		return err
	}
	place := d.suite.opts.Place
	h, links, err := place.Open(ctx, d.head.Run, drv, d.suite.opts.View.Say)
	if err != nil {
		return phrase.Errorf("%w: %w", drill.ErrEnvironment, err)
	}
	d.Links = links
	if p, ok := h.(host.Publisher); ok && p.Published() != "" {
		d.suite.opts.View.Say("the members are only reached at ports that the engine publishes at " + p.Published())
	}
	remove := func() error {
		ctx := context.WithoutCancel(ctx)
		return errors.Join(links.Close(ctx), h.Close(ctx))
	}
	ledger, err := d.openLedger(place, h)
	if err != nil {
		return phrase.Errorf("%w: %w", drill.ErrEnvironment, errors.Join(err, remove()))
	}
	d.closePlace = func() error {
		if err := remove(); err != nil { // who knows what is still in force
			return errors.Join(err, ledger.Close())
		}
		return closeLedger(ledger)
	}
	if d.relay, err = d.openRelay(ctx, h); err != nil {
		return phrase.Errorf("%w: %w", drill.ErrEnvironment, err)
	}
	cfg := drill.Config{
		Head: d.head, Driver: drv, Host: h, Members: d.scenario.Members,
		Kinds: d.scenario.Kinds, Alone: d.scenario.Alone,
		Links: d.relay, Probe: d.suite.opts.Probe.Or(d.scenario.Probe), UsualRate: d.scenario.Probe.Writes,
		Dir: d.dir, OnEvent: d.suite.opts.View.Event,
		Calibrate: calibrate.Quick, Ledger: ledger, Allow: d.allow,
	}
	if place.Stays {
		cfg.Adopt = &drill.Adoption{Needs: d.Book.Needs, Listens: place.Listens}
	}
	if d.scenario.DirectOverPrivate {
		cfg.DirectNetwork = host.Private
	}
	if d.Drill, err = drill.Begin(ctx, cfg); err != nil {
		return err
	}
	d.unwatch = d.watchStop(ctx)
	return d.foresee(ctx, d.Cluster)
}

// openRelay makes the relay of a scenario that wants one.
func (d *Drill) openRelay(ctx context.Context, h host.Host) (link.Network, error) {
	place := d.suite.opts.Place
	switch {
	case !d.scenario.Relay:
		return nil, nil //nolint:nilnil // there is none, and that is right
	case place.Relay == nil:
		return nil, phrase.Errorf("a %s host has no relay, which %s needs: %w", place.Name, d.Book.Name,
			link.ErrUnsupported)
	}
	relay, err := place.Relay(ctx, h, d.scenario.Members, d.suite.opts.View.Say)
	if err != nil {
		return nil, phrase.Errorf("start the relay: %w", err)
	}
	remove := d.closePlace
	d.closePlace = func() error { return errors.Join(relay.Close(context.WithoutCancel(ctx)), remove()) }
	return relay, nil
}

// closeLedger removes the ledger of a drill whose place is closed, unless faults are left on
// members that stay.
func closeLedger(l *fault.Ledger) error {
	left := l.Contents()
	if !left.Stays || len(left.Faults) == 0 {
		return l.Remove()
	}
	all := make([]string, 0, len(left.Faults))
	for _, e := range left.Faults {
		all = append(all, e.What)
	}
	return errors.Join(phrase.Errorf("still in force: %s: run drillbook heal", strings.Join(all, "; ")), l.Close())
}

// openLedger begins the list of faults that `drillbook heal` reads if this
// process is killed.
func (d *Drill) openLedger(p Place, h host.Host) (*fault.Ledger, error) {
	dir, err := Ledgers()
	if err != nil {
		return nil, err
	}
	path, err := filepath.Abs(filepath.Join(d.dir, drill.RecordName))
	if err != nil {
		return nil, phrase.Errorf("find the record: %w", err)
	}
	page := fault.RunFaults{Run: d.head.Run, Undo: p.Undo, Record: path, Page: d.Book.Name}
	if s, ok := h.(host.SiteReporter); ok {
		page.Site, page.Reach = s.Site().ID, s.Site().Reach
	}
	_, page.Stays = h.(host.Leaser)
	return fault.OpenLedger(dir, page)
}

// health is how the clients' writes fare, once there are any.
func (d *Drill) health() (h probe.Health, now time.Duration, ok bool) {
	if d.Drill == nil {
		return h, 0, false
	}
	h, now = d.Health()
	return h, now, true
}

// step finds the step that the current spec carries out.
func (d *Drill) step() (runbooks.Step, bool) {
	text := ginkgo.CurrentSpecReport().LeafNodeText
	for _, s := range d.Book.Steps {
		if s.Text("en") == text {
			return s, true
		}
	}
	return runbooks.Step{}, false
}

func (d *Drill) stepBegins(ctx ginkgo.SpecContext) {
	s, ok := d.step()
	if !ok {
		return
	}
	d.suite.skipIfStopping()
	d.at = s.Number
	if ask := d.asks(s); ask != nil {
		asked := time.Now()
		err := ask(ctx)
		if err != nil {
			d.suite.skipIfStopping()
		}
		d.RecordConsent(s.Number, d.suite.opts.Operator, time.Since(asked), err)
		if err != nil {
			d.StepSkipped(s.Number, drill.Blame(record.BlamePerson, err))
			ginkgo.Fail(err.Error())
		}
	}
	d.cause, d.inStep = nil, true
	d.StepBegan(s.Number)
}

// asks is what asks a person before a step; nil if nobody is to be asked.
func (d *Drill) asks(s runbooks.Step) func(context.Context) error {
	opts := d.suite.opts
	var faults []fault.Fault
	if opts.Place.Stays {
		faults = d.foreseen[s.Number]
	}
	switch {
	case opts.Consent != nil && (s.Consent == runbooks.ConsentAsk || len(faults) > 0):
		return func(ctx context.Context) error { return opts.Consent(ctx, s, faults) }
	case opts.Next != nil && s.Number > 1:
		return func(ctx context.Context) error { return opts.Next(ctx, s) }
	}
	return nil
}

func (d *Drill) stepEnds(ginkgo.SpecContext) {
	report := ginkgo.CurrentSpecReport()
	d.stopped = d.stopped || report.State.Is(types.SpecStateInterrupted) || d.suite.stopping()
	d.failed = d.failed || report.Failed()
	if !d.inStep {
		return
	}
	d.inStep = false
	var err error
	switch {
	case !report.Failed():
	case d.stopped && d.wasInterrupted(report):
		err = drill.Blame(record.BlamePerson, errStopped)
	default:
		who := drill.BlameOf(d.cause)
		if report.State.Is(types.SpecStateTimedout) {
			who = cmp.Or(who, record.BlameHarness) // which has a limit that no promise knows of
		}
		err = drill.Blame(who, d.failure(report.Failure.Message))
	}
	d.StepEnded(err)
	if err != nil {
		d.noteBroken(d.cause)
	}
}

// wasInterrupted: the step did not fail, it was cut short.
func (d *Drill) wasInterrupted(report types.SpecReport) bool {
	return report.State.Is(types.SpecStateInterrupted) || errors.Is(d.cause, errStopped) ||
		errors.Is(d.cause, context.Canceled)
}

// failure is the error of a step that failed with a message. That of a check ends with
// the error that the check returned, of which the record knows more than its words.
func (d *Drill) failure(message string) error {
	if d.cause == nil {
		return errors.New(message)
	}
	switch looked, whole := strings.CutSuffix(message, d.cause.Error()); {
	case !whole:
		return errors.New(message)
	case looked == "":
		return d.cause
	case looked == d.looked.Text+"\n":
		return phrase.Errorf("%s\n%w", d.looked, d.cause)
	default:
		return phrase.Errorf("%s%w", looked, d.cause)
	}
}

// noteBroken records that the place where the members run has failed, if that is
// to blame for an error and the run was not merely cancelled.
func (d *Drill) noteBroken(err error) {
	if drill.BlameOf(err) == record.BlamePlace && !errors.Is(err, context.Canceled) && !errors.Is(err, errStopped) {
		d.broken = errors.Join(d.broken, phrase.Errorf("%s: %w: %w", d.Book.Name, errPlace, err))
	}
}

// errPlace says which part of a drill an error is of.
var errPlace = phrase.Errorf("the place where the members run has broken")

// keepsPromise ends the drill and judges it.
func (d *Drill) keepsPromise(ctx ginkgo.SpecContext) {
	if err := d.end(ctx); err != nil {
		ginkgo.Fail(err.Error())
	}
	if d.outcome.Result.Verdict == measure.Met {
		return
	}
	said := []string{fmt.Sprintf("the promise is %s:", d.outcome.Result.Verdict)}
	for _, r := range d.outcome.Result.Reasons {
		said = append(said, reports.Sentence(r, "en"))
	}
	ginkgo.Fail(strings.Join(said, "\n"))
}

// finish ends the drill, if that has not been done, and takes down what it ran
// on.
func (d *Drill) finish(ctx ginkgo.SpecContext) {
	if err := d.takeDown(ctx); err != nil {
		ginkgo.Fail(err.Error())
	}
}

// takeDown is what finish does. Doing it again does nothing; doing it at the same
// time waits for the other, which Ginkgo may have given up.
func (d *Drill) takeDown(ctx context.Context) error {
	d.takeDownMu.Lock()
	defer d.takeDownMu.Unlock()
	var errs []error
	if d.Drill != nil {
		// Ginkgo says of a step that it was interrupted; when that comes between
		// two, it leaves out the others.
		d.stopped = d.stopped || !d.ended && !d.failed && d.broken == nil
		errs = append(errs, d.end(ctx))
	}
	if d.closePlace != nil {
		if err := d.closePlace(); err != nil {
			d.leftBehind = phrase.Errorf("%s: run %s is left behind: %w", d.Book.Name, d.head.Run, err)
			d.suite.opts.View.Say(d.leftBehind.Error()) // the record is closed, and only Ginkgo would hear of it
			errs = append(errs, d.leftBehind)
		}
		d.closePlace = nil
	}
	return errors.Join(errs...)
}

// end closes the record and measures what was saved, once.
func (d *Drill) end(ctx context.Context) error {
	if d.ended {
		return nil
	}
	d.ended = true
	d.unwatch()
	err := d.End(ctx, d.stopped)
	if err != nil {
		err = phrase.Errorf("end the drill: %w", err)
		d.noteBroken(err)
		d.suite.opts.View.Say(d.Book.Name + ": " + err.Error()) // the record may not hold it
	}
	if d.failed || d.stopped {
		d.sayStanding()
	}
	unread := d.load()
	if d.outcome == nil { // somebody has removed or overwritten it
		d.recordLost = phrase.Errorf("%s: nothing that was recorded can be read: %w", d.Book.Name, unread)
		d.suite.opts.View.Say(d.recordLost.Error())
	}
	return errors.Join(err, unread)
}

// load measures the record as it stands on disk.
func (d *Drill) load() error {
	rec, err := record.ReadFile(filepath.Join(d.dir, drill.RecordName))
	if rec == nil {
		return err
	}
	outcome := reports.Of(rec, filepath.Base(d.dir))
	d.outcome = &outcome
	d.suite.opts.View.DrillEnds(*d.outcome)
	return err
}
