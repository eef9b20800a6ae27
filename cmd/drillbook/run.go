package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"github.com/onsi/ginkgo/v2"
	"github.com/onsi/ginkgo/v2/formatter"
	"github.com/onsi/gomega"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"drillbook/harness/drill"
	"drillbook/harness/probe"
	"drillbook/harness/record"
	"drillbook/reports"
	"drillbook/reports/words"
	"drillbook/scenarios/dsl"
)

// runFlags are what a run can be told.
type runFlags struct {
	product, host, tier, out, consent, operator string
	trials                                      int
	set                                         []string
	conf, hba                                   string
	probe                                       drill.Probe
	plain, yes, beside, step                    bool
	sheet                                       sheetFlags
	night                                       nightFlags
	own                                         ownFlags
	answers                                     answers // of whoever is asked
}

func runCommand(w words.Words) *cobra.Command {
	var f runFlags
	cmd := &cobra.Command{
		Use:   "run [" + w.Say("help.runbook") + "…]",
		Short: w.Say("short.run"),
		Long:  w.Say("long.run"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := f.night.check(cmd, args); err != nil {
				return err
			}
			if err := f.own.check(cmd, w); err != nil {
				return usage(err)
			}
			switch {
			case f.beside:
				return runBeside(cmd, f, args, w)
			case f.night.file != "":
				return runNight(cmd, f, w)
			}
			return runDrills(cmd, f, args, w)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&f.product, "product", "postgres", w.Say("flag.product"))
	flags.StringVar(&f.tier, "tier", dsl.Smoke, w.Say("flag.tier"))
	flags.StringVar(&f.host, "host", hostAuto, w.Say("flag.host"))
	flags.IntVar(&f.trials, "trials", 1, w.Say("flag.trials"))
	flags.StringVar(&f.out, "out", filepath.Join("reports", "out"), w.Say("flag.out"))
	flags.StringArrayVar(&f.set, "set", nil, w.Say("flag.set"))
	flags.StringVar(&f.conf, "postgres-conf", "", w.Say("flag.postgres-conf"))
	flags.StringVar(&f.hba, "hba", "", w.Say("flag.hba"))
	flags.StringVar(&f.consent, "consent", "none", w.Say("flag.consent"))
	flags.StringVar(&f.operator, "operator", osUser(), w.Say("flag.operator"))
	addProbe(flags, &f.probe, w)
	flags.BoolVar(&f.yes, "yes", false, w.Say("flag.yes"))
	flags.BoolVar(&f.beside, "beside", false, w.Say("flag.beside"))
	flags.BoolVar(&f.step, "step", false, w.Say("flag.step"))
	f.night.register(flags, w)
	flags.BoolVar(&f.plain, "plain", false, w.Say("flag.plain"))
	f.sheet.add(cmd, w)
	f.own.add(flags, w)
	return cmd
}

func runDrills(cmd *cobra.Command, f runFlags, args []string, w words.Words) error {
	f.answers = answersFrom(cmd.InOrStdin())
	options, chosen, err := f.prepare(cmd, args, w)
	if err != nil {
		return err
	}
	var own *ownCluster
	if f.own.site != "" {
		if own, err = f.prepareOwn(cmd, args, &options, w); err != nil {
			return err
		}
		chosen = []dsl.Scenario{own.Scenario}
	}
	sheets, err := f.sheet.read(w)
	if err != nil {
		return err
	}
	if err := sheets.foreseen(options.Library, chosen); err != nil {
		return err
	}
	watched, done := context.WithCancel(cmd.Context())
	defer done()
	ctx, stop := context.WithCancel(watched)
	defer stop()
	in := catchInterrupts()
	defer in.forget()
	r := running{cmd: cmd, out: cmd.OutOrStdout(), words: w, chosen: chosen, sheets: sheets, own: own}
	r.view = newView(r.out, w, f.plain || f.step || f.consent == "ask" || own != nil)
	defer r.view.Close()
	go handleSignals(watched, in.signals, stop, r.endAtOnce)
	defer context.AfterFunc(ctx, func() {
		r.view.Say(w.Say("view.interrupted"))
	})()
	options.View, options.Stop, options.StopNow, options.OnBegin = r.view, ctx.Done(), stop, in.alone
	err = r.carryOut(ctx, options, f)
	if exit, ok := errors.AsType[*exitError](err); ctx.Err() != nil && (!ok || exit.code != exitMissed) {
		return interrupted(err)
	}
	return err
}

// interrupted is how a run ends that a signal stopped: what went wrong is said,
// unless it is just that.
func interrupted(err error) error {
	if exit, ok := errors.AsType[*exitError](err); ok {
		err = exit.err
	}
	if errors.Is(err, context.Canceled) {
		err = nil
	}
	return &exitError{code: exitInterrupted, err: err}
}

// running is a run under way.
type running struct {
	cmd    *cobra.Command
	out    io.Writer
	view   view
	words  words.Words
	chosen []dsl.Scenario
	sheets sheets
	own    *ownCluster // nil: the clusters are made
}

// restoredWithin is how long a terminal that takes nothing more may keep a program
// from ending at once.
const restoredWithin = 500 * time.Millisecond

// endAtOnce ends the program as it stands, but for the terminal, which gets its
// cursor back.
func (r running) endAtOnce() {
	restored := make(chan struct{})
	go func() {
		defer close(restored)
		r.view.Close()
	}()
	select {
	case <-restored:
	case <-time.After(restoredWithin):
	}
	fmt.Fprintln(os.Stderr, r.words.Say("view.at-once"))
	os.Exit(exitInterrupted)
}

// carryOut carries out the scenarios and reports them.
func (r running) carryOut(ctx context.Context, options dsl.Options, f runFlags) error {
	place, note, err := r.place(ctx, f, &options)
	if err != nil {
		return err
	}
	options.Place = place
	if options.Out, err = makeFolder(options.Out, r.words); err != nil {
		return err
	}
	if note != "" {
		r.view.Say(note)
	}
	suite := dsl.NewSuite(options)
	declared := suite.Declare(r.chosen...) //nolint:contextcheck // the contexts of its specs are Ginkgo's
	if err := errors.Join(declared, suite.Check()); err != nil {
		return errors.Join(usage(err), os.Remove(options.Out))
	}
	for _, s := range suite.Skipped() {
		r.view.Say(skipped(s, r.words))
	}
	for _, p := range suite.Imposed() {
		r.view.Say(r.words.Tell(p))
	}
	// What dead runs have left is said and no reason not to begin.
	if _, _, err := (cleanup{say: r.view.Say, words: r.words}).run(ctx); err != nil {
		return errors.Join(err, os.Remove(options.Out))
	}
	gomega.RegisterFailHandler(ginkgo.Fail)
	formatter.ColorableStdOut = io.Discard // the view speaks, not Ginkgo
	suite.Run(&outcome{})                  //nolint:contextcheck // its contexts are Ginkgo's; Stop ends them
	r.view.Close()
	return r.conclude(context.WithoutCancel(ctx), suite, options)
}

// outcome is what Ginkgo wants to fail; the records say more.
type outcome struct{}

func (*outcome) Fail() {}

// prepare checks all flags before anything is started.
func (f runFlags) prepare(cmd *cobra.Command, args []string, w words.Words) (
	o dsl.Options, chosen []dsl.Scenario, err error,
) {
	if o.Library, err = library(cmd, w); err != nil {
		return o, nil, err
	}
	if o.Params, err = pairs(f.set, w); err != nil {
		return o, nil, usage(err)
	}
	for name, file := range map[string]string{"postgres-conf": f.conf, "hba": f.hba} {
		if file != "" {
			o.Params[name] = file
		}
	}
	if err := f.check(cmd, w); err != nil {
		return o, nil, usage(err)
	}
	if f.consent == "ask" {
		if err := canAnswer(cmd.InOrStdin(), w); err != nil {
			return o, nil, usage(err)
		}
		o.Consent = asker(f.answers, question(cmd.OutOrStdout()), 0, w)
	}
	if f.step {
		if canAnswer(cmd.InOrStdin(), w) != nil {
			return o, nil, usage(failure(w, nil, "error.step.nobody"))
		}
		o.Next = stepper(f.answers, question(cmd.OutOrStdout()), w)
	}
	if o.StopIf, err = stopIf(cmd, f.own.stopIf, w); err != nil {
		return o, nil, usage(err)
	}
	o.Operator, o.Trials, o.Harness = f.operator, f.trials, version()
	o.Probe = f.probe
	if len(args) == 0 {
		o.Tier = f.tier
	}
	o.Out = filepath.Join(f.out, time.Now().Format("2006-01-02T15-04-05"))
	if f.own.site != "" {
		return o, nil, nil
	}
	if chosen, err = f.choose(o.Library, args, w); err != nil {
		return o, nil, usage(err)
	}
	if err := dsl.NewSuite(o).CheckOptions(chosen...); err != nil {
		return o, nil, usage(err)
	}
	return o, chosen, nil
}

// check checks the flags that stand for themselves.
func (f runFlags) check(cmd *cobra.Command, w words.Words) error {
	switch {
	case f.trials < 1:
		return failure(w, nil, "error.trials", "trials", strconv.Itoa(f.trials))
	case f.host != hostAuto && f.host != hostContainer && f.host != hostLocal:
		return failure(w, nil, "error.host", "host", f.host)
	case f.consent != "none" && f.consent != "ask":
		return failure(w, nil, "error.consent", "consent", f.consent)
	}
	return checkProbe(cmd, f.probe, w)
}

// addProbe adds the flags by which people set the probe.
func addProbe(flags *pflag.FlagSet, p *drill.Probe, w words.Words) {
	flags.Float64Var(&p.Writes, "rate", 0, w.Say("flag.rate"))
	flags.DurationVar(&p.Connect, "connect", 0, w.Say("flag.connect"))
	flags.DurationVar(&p.Reply, "reply", 0, w.Say("flag.reply"))
}

// checkProbe checks them.
func checkProbe(cmd *cobra.Command, p drill.Probe, w words.Words) error {
	deadline := func(flag string, d time.Duration) error {
		if !cmd.Flags().Changed(flag) || fitsDeadline(d) {
			return nil
		}
		return failure(w, nil, "error.deadline", "flag", flag, "value", d.String(), "least", probe.MinDeadline.String(),
			"most", probe.MaxDeadline.String())
	}
	if cmd.Flags().Changed("rate") && !(p.Writes >= 1 && p.Writes <= probe.MaxRate) { // nor NaN
		rate := strconv.FormatFloat(p.Writes, 'g', -1, 64)
		return failure(w, nil, "error.rate", "rate", rate, "most", strconv.Itoa(probe.MaxRate))
	}
	return cmp.Or(deadline("connect", p.Connect), deadline("reply", p.Reply))
}

// fitsDeadline reports whether a probe can have it: 0 is none, and not the usual one.
func fitsDeadline(d time.Duration) bool { return d >= probe.MinDeadline && d <= probe.MaxDeadline }

// conclude writes the reports and says how the run went.
func (r running) conclude(ctx context.Context, suite *dsl.Suite, o dsl.Options) error {
	run, unfit := r.sheets.fitted(suite.Report())
	unpublished := publish(r.out, run, o.Out, r.words)
	if unpublished == nil {
		unpublished = r.sheets.write(ctx, o.Out, run)
	}
	if unpublished != nil && len(run.Drills) > 0 {
		unpublished = failure(r.words, unpublished, "error.unpublished", "folder", o.Out)
	}
	if why := suite.Overrun(); why.Text != "" {
		said := failure(r.words, nil, "error.overrun", "why", r.words.Tell(why))
		return worst(environment(unpublished), unfit, withCode(exitMissed, said))
	}
	if suite.Interrupted() {
		return &exitError{code: exitInterrupted, err: errors.Join(unfit, unpublished)}
	}
	return worst(environment(unpublished), unfit, judge(run, o.Place.Instead, r.words))
}

// publish writes the reports, prints the table, and points latest to them.
func publish(to io.Writer, run reports.Run, out string, w words.Words) error {
	if err := reports.Write(out, run, w.Lang); err != nil {
		return err
	}
	begun := run
	begun.Drills = slices.DeleteFunc(slices.Clone(run.Drills), func(d reports.Drill) bool {
		return !slices.ContainsFunc(d.Record.Events, func(e record.Event) bool { return e.Kind == record.Began })
	})
	if err := reports.Table(to, begun, w.Lang, columnsOf(to)); err != nil {
		return err
	}
	page, err := filepath.Abs(filepath.Join(out, reports.PageFile))
	if err != nil {
		return err
	}
	if _, err = fmt.Fprintf(to, "\n%s\n", page); err != nil {
		return err
	}
	if unlinked := pointLatest(out, w); unlinked != nil { // the reports are there all the same
		_, err = fmt.Fprintln(to, unlinked)
	}
	return err
}

// osUser is the login name of the person who runs the command; "" if the system tells none.
func osUser() string {
	u, err := user.Current()
	if err != nil {
		return ""
	}
	return u.Username
}
