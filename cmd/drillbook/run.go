package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/onsi/ginkgo/v2"
	"github.com/onsi/ginkgo/v2/formatter"
	"github.com/onsi/gomega"
	"github.com/spf13/cobra"

	"drillbook/harness/drill"
	"drillbook/harness/measure"
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
	plain                             bool
}

func runCommand() *cobra.Command {
	var f runFlags
	cmd := &cobra.Command{
		Use:   "run [RUNBOOK…]",
		Short: "Carry out runbooks as drills and report them",
		Long: `Carry out runbooks as drills and report them.

Without a RUNBOOK, all of the product's runbooks of the tier are carried out. Exit code 0 says that every promise was
met, 1 that one was missed, 2 that one could not be measured. Ctrl-C heals, saves and reports what there is; a second
one ends at once, and "drillbook heal" does the rest.`,
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
	flags.BoolVar(&f.plain, "plain", false, "print plain lines, also on a terminal")
	return cmd
}

func runDrills(cmd *cobra.Command, f runFlags, args []string) error {
	ctx := cmd.Context()
	options, chosen, lang, err := f.prepare(cmd, args)
	if err != nil {
		return err
	}
	place, note, err := choosePlace(ctx, f.host, options.Library, chosen)
	if err != nil {
		return err
	}
	options.Place = place
	if err := makeFolder(options.Out); err != nil {
		return err
	}
	view := newView(cmd.OutOrStdout(), lang, f.plain || f.consent == "ask")
	defer view.Close()
	options.View = view
	if note != "" {
		view.Say(note)
	}
	if _, err := heal(ctx, view.Say); err != nil {
		return environment(err)
	}
	interrupted := watchInterrupts(view.Say)
	suite := dsl.NewSuite(options)
	if err := errors.Join(suite.Declare(chosen...), suite.Check()); err != nil {
		return errors.Join(usage(err), os.Remove(options.Out))
	}
	if err := sayLeftOut(suite, place, len(args) > 0, len(chosen), view.Say); err != nil {
		return errors.Join(environment(err), os.Remove(options.Out))
	}
	gomega.RegisterFailHandler(ginkgo.Fail)
	formatter.ColorableStdOut = io.Discard // the view speaks, not Ginkgo
	suite.Run(&outcome{})
	view.Close()
	return conclude(cmd, suite, options.Out, lang, interrupted)
}

// sayLeftOut says what the place cannot carry out. That is an error if a person
// has asked for it by name, or if nothing else is left to do.
func sayLeftOut(suite *dsl.Suite, place dsl.Place, named bool, chosen int, say func(string)) error {
	var errs []error
	for _, s := range suite.Skipped() {
		if named || len(suite.Skipped()) == chosen {
			errs = append(errs, fmt.Errorf("%s: %s", s, place.Instead))
			continue
		}
		say(s.String())
	}
	return errors.Join(errs...)
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
	case cmd.Flags().Changed("rate") && (f.probe.Writes < 1 || f.probe.Writes > probe.MaxRate):
		err = fmt.Errorf("--rate %g: 1 to %d writes a second", f.probe.Writes, probe.MaxRate)
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
		o.Consent = asker(cmd.InOrStdin(), cmd.OutOrStdout(), lang)
	}
	o.Trials, o.Harness = f.trials, version()
	o.Probe = f.probe
	o.Out = filepath.Join(f.out, time.Now().Format("2006-01-02T15-04-05"))
	if err := dsl.NewSuite(o).Fit(chosen...); err != nil {
		return o, nil, "", usage(err)
	}
	return o, chosen, lang, nil
}

// choose finds the scenarios that are named, or those of product and tier.
func (f runFlags) choose(args []string) ([]dsl.Scenario, error) {
	all := scenarios.All()
	if len(args) == 0 {
		return f.chooseAll(all)
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
func (f runFlags) chooseAll(all []dsl.Scenario) ([]dsl.Scenario, error) {
	if f.tier != dsl.Smoke && f.tier != dsl.Nightly {
		return nil, fmt.Errorf("--tier %s: smoke or nightly", f.tier)
	}
	if !slices.Contains(products(all), f.product) {
		known := strings.Join(products(all), ", ")
		return nil, fmt.Errorf("--product %s: no such product; there are %s", f.product, known)
	}
	var chosen []dsl.Scenario
	for _, s := range all {
		if s.Product() == f.product && (f.tier == dsl.Nightly || s.Tier == dsl.Smoke) {
			chosen = append(chosen, s)
		}
	}
	return chosen, nil
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

// makeFolder makes the folder of a run and finds out whether it can be written.
func makeFolder(dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil { //nolint:gosec // reports are for everyone
		return environment(fmt.Errorf("make the folder of the run: %w: choose another with --out", err))
	}
	probe, err := os.CreateTemp(dir, ".writable-*")
	if err != nil {
		return environment(fmt.Errorf("write to the folder of the run: %w: choose another with --out", err))
	}
	return environment(errors.Join(probe.Close(), os.Remove(probe.Name())))
}

// watchInterrupts says what an interrupt does, and ends the program at the
// second one. Ginkgo itself stops the drill at the first.
func watchInterrupts(say func(string)) (interrupted func() bool) {
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	ctx, note := context.WithCancel(context.Background()) //nolint:forbidigo // it lives as long as the program
	go func() {
		<-signals
		note()
		say("interrupted: healing, saving and reporting what there is; interrupt again to end at once")
		<-signals
		fmt.Fprintln(os.Stderr, "drillbook: ended at once; `drillbook heal` removes what is left")
		os.Exit(exitInterrupted)
	}()
	return func() bool { return ctx.Err() != nil }
}

// conclude writes the reports and says how the run went.
func conclude(cmd *cobra.Command, suite *dsl.Suite, out, lang string, interrupted func() bool) error {
	run := suite.Report()
	for _, s := range suite.Skipped() { // once more, where it is not overlooked
		if _, err := fmt.Fprintf(cmd.OutOrStdout(), "\n%s\n", s); err != nil {
			return environment(err)
		}
	}
	if len(run.Drills) == 0 {
		_ = os.Remove(out) // it is empty, unless something was skipped
	} else {
		if err := publish(cmd.OutOrStdout(), run, out, lang); err != nil {
			return environment(err)
		}
	}
	switch verdict := worst(run); {
	case interrupted() || suite.Interrupted():
		return &exitError{code: exitInterrupted}
	case suite.Broken() != nil:
		return environment(suite.Broken())
	case verdict == measure.Missed:
		return &exitError{code: exitMissed}
	case verdict == measure.Unmeasurable:
		return &exitError{code: exitUnmeasurable}
	}
	return nil
}

// publish writes the reports, points latest to them, and prints the table.
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
	if err := pointLatest(out); err != nil {
		return err
	}
	page, err := filepath.Abs(filepath.Join(out, reports.PageFile))
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(w, "\n%s\n", page)
	return err
}

// pointLatest makes the link latest beside the folder of the run lead to it.
func pointLatest(out string) error {
	latest := filepath.Join(filepath.Dir(out), "latest")
	next := latest + ".next"
	if err := os.Remove(next); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("point %s to the run: %w", latest, err)
	}
	if err := os.Symlink(filepath.Base(out), next); err != nil {
		return fmt.Errorf("point %s to the run: %w", latest, err)
	}
	return os.Rename(next, latest)
}

// worst is the verdict of a run: missed, if anything certainly was; else
// unmeasurable, if anything could not be told.
func worst(run reports.Run) measure.Verdict {
	verdict := measure.Met
	for _, d := range run.Drills {
		switch {
		case d.Result.Verdict == measure.Missed:
			return measure.Missed
		case d.Result.Verdict != measure.Met:
			verdict = measure.Unmeasurable
		}
	}
	if len(run.Drills) == 0 {
		return measure.Unmeasurable
	}
	return verdict
}
