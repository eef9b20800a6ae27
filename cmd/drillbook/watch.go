package main

import (
	"cmp"
	"context"
	"errors"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"drillbook/harness/drill"
	"drillbook/harness/driver"
	"drillbook/harness/probe"
	"drillbook/harness/record"
	"drillbook/reports/words"
	"drillbook/runbooks"
	"drillbook/scenarios/dsl"
)

// watchFlags are what a watch can be told.
type watchFlags struct {
	product, runbook, out, stopIf, operator string
	lasts, rto                              time.Duration
	rpo                                     int
	probe                                   drill.Probe
	yes                                     bool
	console                                 consoleFlags
}

func watchCommand(w words.Words) *cobra.Command {
	var f watchFlags
	cmd := &cobra.Command{
		Use:   "watch [" + w.Say("watch.connection") + "]",
		Short: w.Say("watch.short"),
		Long:  w.Say("watch.long"),
		RunE:  func(cmd *cobra.Command, args []string) error { return watchCluster(cmd, f, args, w) },
	}
	flags := cmd.Flags()
	flags.StringVar(&f.product, "product", "postgres", w.Say("watch.flag.product"))
	flags.StringVar(&f.runbook, "runbook", "", w.Say("watch.flag.runbook"))
	flags.DurationVar(&f.lasts, "for", 0, w.Say("watch.flag.for"))
	flags.StringVar(&f.out, "out", filepath.Join("reports", "out"), w.Say("watch.flag.out"))
	flags.Float64Var(&f.probe.Writes, "rate", 0, w.Say("watch.flag.rate"))
	flags.DurationVar(&f.probe.Connect, "connect", 0, w.Say("watch.flag.connect"))
	flags.DurationVar(&f.probe.Reply, "reply", 0, w.Say("watch.flag.reply"))
	flags.BoolVar(&f.probe.ReadOnly, "observe-only", false, w.Say("watch.flag.observe-only"))
	flags.BoolVar(&f.yes, "yes", false, w.Say("watch.flag.yes"))
	flags.StringVar(&f.stopIf, "stop-if", "", w.Say("watch.flag.stop-if"))
	flags.DurationVar(&f.rto, "rto", 0, w.Say("watch.flag.rto"))
	flags.IntVar(&f.rpo, "rpo", 0, w.Say("watch.flag.rpo"))
	flags.StringVar(&f.operator, "operator", "", w.Say("watch.flag.operator"))
	f.console.add(flags, w)
	return cmd
}

// watchedRate is how often a second a person's own cluster is tried, unless they ask for
// more.
const watchedRate = 20

// watchedProbe is the probe for a cluster that serves others: it tries rarely, and has the
// patience that a real network and encryption need. Where sessions are consoles, an instance
// that does not answer costs a program for each attempt, so it is asked less often.
func watchedProbe(product string) drill.Probe {
	p := drill.Probe{
		Writes: watchedRate, Reads: 10, Connects: 2, Direct: 5, Roles: 10,
		Connect: 500 * time.Millisecond, Reply: 500 * time.Millisecond,
	}
	if product == dm8Name {
		p.Direct, p.Roles = 2, 5
	}
	return p
}

// watchPlan is a watch that may begin.
type watchPlan struct {
	site   driver.Site
	head   record.Head
	probe  drill.Probe
	lasts  time.Duration
	stopIf drill.StopIf
	out    string
	yes    bool
}

// prepare checks all flags before anything is reached.
func (f watchFlags) prepare(cmd *cobra.Command, args []string, w words.Words) (p watchPlan, err error) {
	if err := f.check(cmd, w); err != nil {
		return p, usage(err)
	}
	if len(args) > 1 {
		return p, usage(errors.New(w.Say("watch.error.one")))
	}
	if f.lasts == 0 && canAnswer(cmd.InOrStdin(), w) != nil {
		return p, usage(errors.New(w.Say("watch.nobody-ends")))
	}
	p = watchPlan{probe: f.probe.Or(watchedProbe(f.product)), lasts: f.lasts, yes: f.yes, out: f.out}
	if p.stopIf, err = stopIf(cmd, f.stopIf, w); err != nil {
		return p, usage(err)
	}
	if p.head, err = f.head(cmd, w); err != nil {
		return p, err
	}
	if p.site, err = f.site(cmd.Context(), strings.Join(args, ""), p.head.Run, w); err != nil {
		return p, err
	}
	if err := p.probe.Check(p.site.Addresses(), p.site.Product()); err != nil {
		return p, usage(err)
	}
	if err := p.stopIf.Check(p.site, p.probe, len(p.site.Addresses())); err != nil {
		return p, usage(failure(w, err, "error.stop-if"))
	}
	p.head.Watched = &record.Watched{By: f.who(), Login: p.site.Login(), ReadOnly: f.probe.ReadOnly}
	return p, nil
}

func (f watchFlags) check(cmd *cobra.Command, w words.Words) error {
	if err := f.checkProduct(cmd, w); err != nil {
		return err
	}
	given := cmd.Flags().Changed
	deadline := func(flag string, d time.Duration) error {
		return errors.New(w.Say("watch.error.deadline", "flag", flag, "time", d.String()))
	}
	switch {
	case given("for") && f.lasts <= 0:
		return errors.New(w.Say("watch.error.for", "for", f.lasts.String()))
	case f.probe.ReadOnly && (given("rto") || given("rpo")):
		return errors.New(w.Say("watch.error.no-writes"))
	case f.rto < 0:
		return errors.New(w.Say("watch.error.rto", "rto", f.rto.String()))
	case f.rpo < 0:
		return errors.New(w.Say("watch.error.rpo", "rpo", strconv.Itoa(f.rpo)))
	case given("rate") && !(f.probe.Writes >= 1 && f.probe.Writes <= probe.MaxRate): // nor NaN
		return errors.New(w.Say("watch.error.rate", "rate", strconv.FormatFloat(f.probe.Writes, 'g', -1, 64)))
	case given("connect") && !fitsDeadline(f.probe.Connect):
		return deadline("connect", f.probe.Connect)
	case given("reply") && !fitsDeadline(f.probe.Reply):
		return deadline("reply", f.probe.Reply)
	}
	return nil
}

// head is what is known of the watch before it begins.
func (f watchFlags) head(cmd *cobra.Command, w words.Words) (record.Head, error) {
	var book *runbooks.Runbook
	if f.runbook != "" {
		lib, err := library(cmd, w)
		if err != nil {
			return record.Head{}, err
		}
		b, err := lib.Get(f.runbook)
		if err != nil {
			return record.Head{}, usage(err)
		}
		book = &b
		if of, _, _ := strings.Cut(b.Name, "/"); of != f.product {
			return record.Head{}, usage(errors.New(w.Say("watch.error.book", "runbook", b.Name, "product", f.product)))
		}
	}
	head := dsl.WatchedHead(book, f.described(), version())
	if cmd.Flags().Changed("rto") {
		head.Promise.RTO, head.Promise.NoRTO = f.rto, false
	}
	if cmd.Flags().Changed("rpo") {
		head.Promise.RPO, head.Promise.NoRPO = f.rpo, false
	}
	return head, nil
}

// who watches.
func (f watchFlags) who() string {
	if f.operator != "" {
		return f.operator
	}
	if u, err := user.Current(); err == nil {
		return cmp.Or(u.Name, u.Username)
	}
	return cmp.Or(os.Getenv("USER"), "–")
}

func watchCluster(cmd *cobra.Command, f watchFlags, args []string, w words.Words) error {
	plan, err := f.prepare(cmd, args, w)
	if err != nil {
		return err
	}
	watched, done := context.WithCancel(cmd.Context())
	defer done()
	ctx, stop := context.WithCancel(watched)
	defer stop()
	in := catchInterrupts()
	defer in.forget()
	p := &watchPerson{out: cmd.OutOrStdout(), ask: question(cmd.OutOrStdout()), words: w, plan: plan}
	p.lines = linesOf(cmd.InOrStdin(), p.hide)
	go p.handleSignals(watched, in.signals, stop)
	err = p.watch(ctx)
	if ctx.Err() != nil && !p.begun.Load() {
		return interrupted(err)
	}
	return err
}
