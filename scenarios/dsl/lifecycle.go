package dsl

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/onsi/ginkgo/v2"
	"github.com/onsi/ginkgo/v2/types"

	"drillbook/harness/drill"
	"drillbook/harness/measure"
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
	d.head.Run = newRun(time.Now())
	view := d.suite.opts.View
	view.DrillBegins(d.head, d.health)
	if err := d.start(ctx); err != nil {
		d.broken = fmt.Errorf("%s: %w", d.Book.Name, err)
		d.stopped = ctx.Err() != nil
		d.broken = errors.Join(d.broken, d.load())
		ginkgo.Fail(d.broken.Error())
	}
}

func (d *Drill) start(ctx context.Context) error {
	drv, err := d.scenario.Driver(d.Params)
	if err != nil {
		return err
	}
	h, links, err := d.suite.opts.Place.Open(ctx, d.head.Run, drv, d.suite.opts.View.Say)
	if err != nil {
		return fmt.Errorf("%w: %w", drill.ErrEnvironment, err)
	}
	d.Links = links
	d.place = func() error {
		ctx := context.WithoutCancel(ctx)
		return errors.Join(links.Close(ctx), h.Close(ctx))
	}
	d.Drill, err = drill.Begin(ctx, drill.Config{
		Head: d.head, Driver: drv, Host: h, Members: d.scenario.Members,
		Probe: d.suite.opts.Probe, Dir: d.dir, Watch: d.suite.opts.View.Event,
	})
	return err
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
	if ask := d.suite.opts.Consent; ask != nil && s.Consent == runbooks.ConsentAsk {
		if err := ask(ctx, s); err != nil {
			ginkgo.Fail(err.Error())
		}
	}
	d.StepBegan(s.Number)
}

func (d *Drill) stepEnds(ginkgo.SpecContext) {
	report := ginkgo.CurrentSpecReport()
	d.stopped = d.stopped || report.State.Is(types.SpecStateInterrupted)
	if _, ok := d.step(); !ok || d.Drill == nil {
		return
	}
	var err error
	if report.Failed() {
		err = errors.New(report.Failure.Message)
	}
	d.StepEnded(err)
}

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
	var errs []error
	if d.Drill != nil {
		errs = append(errs, d.end(ctx))
	}
	if d.place != nil {
		errs = append(errs, d.place())
	}
	if err := errors.Join(errs...); err != nil {
		ginkgo.Fail(err.Error())
	}
}

// end closes the record and measures what was saved, once.
func (d *Drill) end(ctx context.Context) error {
	if d.ended {
		return nil
	}
	d.ended = true
	err := d.End(context.WithoutCancel(ctx), d.stopped)
	return errors.Join(err, d.load())
}

// load measures the record as it stands on disk.
func (d *Drill) load() error {
	rec, err := record.ReadFile(filepath.Join(d.dir, drill.RecordName))
	if rec == nil {
		return err
	}
	d.outcome = &reports.Drill{Record: rec, Result: measure.Of(rec), Name: filepath.Base(d.dir)}
	d.suite.opts.View.DrillEnds(*d.outcome)
	return err
}
