package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/onsi/ginkgo/v2"
	"github.com/onsi/ginkgo/v2/formatter"
	"github.com/onsi/gomega"
	"github.com/spf13/cobra"

	"drillbook/harness/drill"
	"drillbook/harness/probe"
	"drillbook/harness/record"
	"drillbook/reports"
	"drillbook/scenarios"
	"drillbook/scenarios/dsl"
)

// runFlags are what a run can be told.
type runFlags struct {
	product, host, tier, out, consent string
	trials                            int
	set                               []string
	probe                             drill.Probe
	plain, yes                        bool
}

func runCommand() *cobra.Command {
	var f runFlags
	cmd := &cobra.Command{
		Use:   "run [RUNBOOK…]",
		Short: "Carry out runbooks as drills and report them",
		Long: `Carry out runbooks as drills and report them.

Without a RUNBOOK, all of the product's runbooks of the tier are carried out. Exit code 0 says that every promise was
met, 1 that one was missed, 2 that one could not be measured, 4 that the place could not carry out or remove something.
Ctrl-C, SIGTERM and SIGHUP heal, save and report what there is; another one, a second or more later, ends at once, and
"drillbook heal" does the rest.`,
		RunE: func(cmd *cobra.Command, args []string) error { return runDrills(cmd, f, args) },
	}
	flags := cmd.Flags()
	flags.StringVar(&f.product, "product", "postgres", "product whose runbooks are carried out, if none is named")
	flags.StringVar(&f.tier, "tier", dsl.Smoke, "tier of runbooks, if none is named: smoke, nightly")
	flags.StringVar(&f.host, "host", hostAuto,
		"where members run: container, local (processes of this machine), auto (local if no engine answers)")
	flags.IntVar(&f.trials, "trials", 1, "how often each runbook is carried out")
	flags.StringVar(&f.out, "out", filepath.Join("reports", "out"), "folder in which the run makes its own")
	flags.StringArrayVar(&f.set, "set", nil, "set a parameter of the runbook: name=value (may be repeated)")
	flags.StringVar(&f.consent, "consent", "none", "ask: ask before steps whose runbook wants that; none: go ahead")
	flags.Float64Var(&f.probe.Writes, "rate", 0, "writes a second that the probe makes, 1 to 1000 (default 200)")
	flags.DurationVar(&f.probe.Connect, "connect", 0,
		"deadline of the probe for connecting to one member (default 100ms)")
	flags.DurationVar(&f.probe.Reply, "reply", 0, "deadline of the probe for an answer (default 250ms)")
	flags.BoolVar(&f.yes, "yes", false, allowsInstall)
	flags.BoolVar(&f.plain, "plain", false, "print plain lines, also on a terminal")
	return cmd
}

func runDrills(cmd *cobra.Command, f runFlags, args []string) error {
	options, chosen, lang, err := f.prepare(cmd, args)
	if err != nil {
		return err
	}
	watched, done := context.WithCancel(cmd.Context())
	defer done()
	ctx, stop := context.WithCancel(watched)
	defer stop()
	in := catchInterrupts()
	defer in.forget()
	r := running{cmd: cmd, out: cmd.OutOrStdout(), lang: lang, chosen: chosen}
	r.view = newView(r.out, lang, f.plain || f.consent == "ask")
	defer r.view.Close()
	go handleSignals(watched, in.signals, stop, r.endAtOnce)
	defer context.AfterFunc(ctx, func() {
		r.view.Say("interrupted: healing, saving and reporting what there is; interrupt again to end at once")
	})()
	options.View, options.Stop, options.OnBegin = r.view, ctx.Done(), in.alone
	err = r.carryOut(ctx, options, f)
	if ctx.Err() != nil {
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
	lang   string
	chosen []dsl.Scenario
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
	fmt.Fprintln(os.Stderr, "drillbook: ended at once; `drillbook heal` removes what is left")
	os.Exit(exitInterrupted)
}

// carryOut carries out the scenarios and reports them.
func (r running) carryOut(ctx context.Context, options dsl.Options, f runFlags) error {
	place, note, err := choosePlace(ctx, f, options.Library, r.chosen)
	if err != nil {
		return err
	}
	options.Place = place
	if options.Out, err = makeFolder(options.Out); err != nil {
		return err
	}
	if note != "" {
		r.view.Say(note)
	}
	suite := dsl.NewSuite(options)
	if err := errors.Join(suite.Declare(r.chosen...), suite.Check()); err != nil {
		return errors.Join(usage(err), os.Remove(options.Out))
	}
	for _, skipped := range suite.Skipped() {
		r.view.Say(skipped.String())
	}
	// What dead runs have left is said and no reason not to begin.
	if _, _, err := (cleanup{say: r.view.Say}).run(ctx); err != nil {
		return errors.Join(err, os.Remove(options.Out))
	}
	gomega.RegisterFailHandler(ginkgo.Fail)
	formatter.ColorableStdOut = io.Discard // the view speaks, not Ginkgo
	suite.Run(&outcome{})                  //nolint:contextcheck // its contexts are Ginkgo's; Stop ends them
	r.view.Close()
	return r.conclude(suite, options)
}

// outcome is what Ginkgo wants to fail; the records say more.
type outcome struct{}

func (*outcome) Fail() {}

// prepare checks all flags before anything is started.
func (f runFlags) prepare(cmd *cobra.Command, args []string) (
	o dsl.Options, chosen []dsl.Scenario, lang string, err error,
) {
	if o.Library, err = library(cmd); err != nil {
		return o, nil, "", err
	}
	if lang, err = language(cmd); err != nil {
		return o, nil, "", err
	}
	if chosen, err = f.choose(args); err != nil {
		return o, nil, "", usage(err)
	}
	if o.Params, err = pairs(f.set); err != nil {
		return o, nil, "", usage(err)
	}
	switch {
	case cmd.Flags().Changed("rate") && !(f.probe.Writes >= 1 && f.probe.Writes <= probe.MaxRate): // nor NaN
		err = fmt.Errorf("--rate %g: 1 to %d writes a second", f.probe.Writes, probe.MaxRate)
	case cmd.Flags().Changed("connect") && !fitsDeadline(f.probe.Connect):
		err = fmt.Errorf("--connect %s: at least %s and at most %s", f.probe.Connect, probe.MinDeadline,
			probe.MaxDeadline)
	case cmd.Flags().Changed("reply") && !fitsDeadline(f.probe.Reply):
		err = fmt.Errorf("--reply %s: at least %s and at most %s", f.probe.Reply, probe.MinDeadline, probe.MaxDeadline)
	case f.trials < 1:
		err = fmt.Errorf("--trials %d: at least 1", f.trials)
	case f.host != hostAuto && f.host != hostContainer && f.host != hostLocal:
		err = fmt.Errorf("--host %s: auto, container or local", f.host)
	case f.consent != "none" && f.consent != "ask":
		err = fmt.Errorf("--consent %s: ask or none", f.consent)
	}
	if err != nil {
		return o, nil, "", usage(err)
	}
	if f.consent == "ask" {
		if err := canAnswer(cmd.InOrStdin()); err != nil {
			return o, nil, "", usage(err)
		}
		o.Consent = asker(cmd.InOrStdin(), question(cmd.OutOrStdout()), lang)
	}
	o.Trials, o.Harness = f.trials, version()
	o.Probe = f.probe
	if len(args) == 0 {
		o.Tier = f.tier
	}
	o.Out = filepath.Join(f.out, time.Now().Format("2006-01-02T15-04-05"))
	if err := dsl.NewSuite(o).CheckOptions(chosen...); err != nil {
		return o, nil, "", usage(err)
	}
	return o, chosen, lang, nil
}

// fitsDeadline reports whether a probe can have it: 0 is none, and not the usual one.
func fitsDeadline(d time.Duration) bool { return d >= probe.MinDeadline && d <= probe.MaxDeadline }

// choose finds the scenarios that are named, or those of product and tier.
func (f runFlags) choose(args []string) ([]dsl.Scenario, error) {
	all := scenarios.All()
	if f.tier != dsl.Smoke && f.tier != dsl.Nightly {
		return nil, fmt.Errorf("--tier %s: smoke or nightly", f.tier)
	}
	if !slices.Contains(products(all), f.product) {
		known := strings.Join(products(all), ", ")
		return nil, fmt.Errorf("--product %s: no such product; there are %s", f.product, known)
	}
	if len(args) == 0 {
		return f.chooseAll(all), nil
	}
	var chosen []dsl.Scenario
	for _, name := range args {
		name = strings.TrimSuffix(strings.TrimPrefix(name, "runbooks/"), ".md")
		s, ok := scenarioOf(name)
		if !ok {
			return nil, fmt.Errorf("no scenario carries out a runbook %q; `drillbook list` names them", name)
		}
		chosen = append(chosen, s)
	}
	return chosen, nil
}

// chooseAll are the scenarios of the product and the tier; nightly runs smoke
// too.
func (f runFlags) chooseAll(all []dsl.Scenario) []dsl.Scenario {
	var chosen []dsl.Scenario
	for _, s := range all {
		if s.Product() == f.product && (f.tier == dsl.Nightly || s.Tier == dsl.Smoke) {
			chosen = append(chosen, s)
		}
	}
	return chosen
}

func products(all []dsl.Scenario) []string {
	var names []string
	for _, s := range all {
		if !slices.Contains(names, s.Product()) {
			names = append(names, s.Product())
		}
	}
	return names
}

func pairs(set []string) (map[string]string, error) {
	values := map[string]string{}
	for _, s := range set {
		name, value, ok := strings.Cut(s, "=")
		if !ok || name == "" {
			return nil, fmt.Errorf("--set %s: write it as name=value", s)
		}
		values[name] = value
	}
	return values, nil
}

// conclude writes the reports and says how the run went.
func (r running) conclude(suite *dsl.Suite, o dsl.Options) error {
	run := suite.Report()
	unpublished := publish(r.out, run, o.Out, r.lang)
	if unpublished != nil && len(run.Drills) > 0 {
		unpublished = fmt.Errorf("%w: once that is mended, `drillbook report %s` makes the reports of what is recorded",
			unpublished, o.Out)
	}
	if suite.Interrupted() {
		return &exitError{code: exitInterrupted, err: unpublished}
	}
	return worst(environment(unpublished), judge(run, o.Place.Instead))
}

// publish writes the reports, prints the table, and points latest to them.
func publish(w io.Writer, run reports.Run, out, lang string) error {
	if err := reports.Write(out, run, lang); err != nil {
		return err
	}
	begun := run
	begun.Drills = slices.DeleteFunc(slices.Clone(run.Drills), func(d reports.Drill) bool {
		return !slices.ContainsFunc(d.Record.Events, func(e record.Event) bool { return e.Kind == record.Began })
	})
	if err := reports.Table(w, begun, lang); err != nil {
		return err
	}
	page, err := filepath.Abs(filepath.Join(out, reports.PageFile))
	if err != nil {
		return err
	}
	if _, err = fmt.Fprintf(w, "\n%s\n", page); err != nil {
		return err
	}
	if unlinked := pointLatest(out); unlinked != nil { // the reports are there all the same
		_, err = fmt.Fprintln(w, unlinked)
	}
	return err
}
