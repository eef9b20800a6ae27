package main

import (
	"context"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"drillbook/fixtures/sites"
	"drillbook/harness/drill"
	"drillbook/harness/fault"
	"drillbook/harness/plan"
	"drillbook/harness/secret"
	"drillbook/harness/site"
	"drillbook/reports/words"
	"drillbook/runbooks"
	"drillbook/scenarios"
	"drillbook/scenarios/dsl"
)

// ownFlags say which cluster that is there already is drilled, and what a person has agreed
// to.
type ownFlags struct{ site, plan, accept, stopIf string }

func (f *ownFlags) add(flags *pflag.FlagSet, w words.Words) {
	flags.StringVar(&f.site, "site", "", w.Say("flag.site"))
	flags.StringVar(&f.plan, "plan", "", w.Say("flag.plan"))
	flags.StringVar(&f.accept, "accept", "", w.Say("flag.accept"))
	flags.StringVar(&f.stopIf, "stop-if", "", w.Say("flag.stop-if"))
}

// stopIf reads the conditions that end a drill or a watch.
func stopIf(cmd *cobra.Command, text string, w words.Words) (drill.StopIf, error) {
	if !cmd.Flags().Changed("stop-if") {
		return drill.StopIf{}, nil
	}
	s, err := drill.ParseStopIf(text)
	if err != nil {
		return s, failure(w, err, "error.stop-if")
	}
	return s, nil
}

// check reports flags that do not go together.
func (f *ownFlags) check(cmd *cobra.Command, w words.Words) error {
	switch {
	case f.site == "" && (f.plan != "" || f.accept != ""):
		return failure(w, nil, "error.site.needed")
	case f.site == "":
		return nil
	}
	for _, other := range []string{"product", "host", "tier", "beside", "night", "postgres-conf", "hba", "consent"} {
		if cmd.Flags().Changed(other) {
			return failure(w, nil, "error.site.other", "flag", other)
		}
	}
	return nil
}

// ownCluster is a cluster that is there already, and the page that is drilled on it.
type ownCluster struct {
	dsl.Planning

	words   words.Words
	flags   ownFlags
	answers answers
}

// ownProbe is the probe for a cluster that serves others, at the rate of its site's file.
func ownProbe(s site.Site) drill.Probe {
	rate := float64(s.Rate)
	return drill.Probe{
		Writes: rate, Reads: rate / 5, Connects: 2, Direct: rate / 5, Registers: min(rate/10, 5),
		Connect: 500 * time.Millisecond, Reply: 500 * time.Millisecond,
	}
}

// readOwn reads the site's file and finds the page, before anything is reached.
func readOwn(
	ctx context.Context, f ownFlags, lib runbooks.Library, args []string, params map[string]string, w words.Words,
) (o ownCluster, err error) {
	s, err := sites.Read(f.site)
	if err != nil {
		return o, err
	}
	i := slices.IndexFunc(scenarios.Products(), func(p dsl.Product) bool { return p.Name == s.Product })
	if i < 0 || scenarios.Products()[i].Own == nil {
		return o, failure(w, nil, "error.site.product", "product", s.Product, "file", f.site)
	}
	product := scenarios.Products()[i]
	sc, err := sitePage(lib, product, args, w)
	if err != nil {
		return o, err
	}
	if err := inWindow(s, lib, sc.Runbook, w); err != nil {
		return o, err
	}
	var password secret.Text
	if !s.Login.Password.IsZero() {
		if password, err = s.Login.Password.Resolve(ctx, "password"); err != nil {
			return o, err
		}
	}
	owned, err := product.Own(ctx, s, password)
	if err != nil {
		return o, err
	}
	names := make([]string, 0, len(s.Members))
	for _, m := range s.Members {
		if len(m.Name) == 1 { // as pages call members, of which it may be another one
			return o, failure(w, nil, "error.site.name", "name", m.Name, "file", f.site)
		}
		names = append(names, m.Name)
	}
	return ownCluster{
		Planning: dsl.Planning{
			Library: lib, Scenario: sc.Adopting(names, owned.Driver), Site: s, Place: dsl.Site(s, owned),
			Params: params, Commands: owned.Commands, Probe: ownProbe(s), Harness: version(),
		},
		words: w, flags: f,
	}, nil
}

// inWindow reports that drills may not run now, or not for as long as the page plans.
func inWindow(s site.Site, lib runbooks.Library, page string, w words.Words) error {
	book, err := lib.Get(page)
	if err != nil {
		return err
	}
	now := time.Now()
	until, open := s.Window.Until(now)
	switch {
	case !open:
		return failure(w, nil, "error.site.window", "file", s.File)
	case !until.IsZero() && now.Add(book.Planned()).After(until):
		return failure(w, nil, "error.site.window-ends", "until", until.Format("15:04"), "time",
			w.Duration(book.Planned()))
	}
	return nil
}

// sitePage is the one page that was named.
func sitePage(lib runbooks.Library, p dsl.Product, args []string, w words.Words) (dsl.Scenario, error) {
	if len(args) != 1 {
		return dsl.Scenario{}, failure(w, nil, "error.site.one")
	}
	sc, err := scenarioNamed(lib, args[0], w)
	if err == nil && sc.Product() != p.Name {
		err = failure(w, nil, "error.site.page", "name", sc.Runbook, "product", p.Title)
	}
	return sc, err
}

// prepareOwn reads what is drilled, and sets what is said otherwise of it.
func (f runFlags) prepareOwn(
	cmd *cobra.Command, args []string, options *dsl.Options, w words.Words,
) (*ownCluster, error) {
	o, err := readOwn(cmd.Context(), f.own, options.Library, args, options.Params, w)
	if err != nil {
		return nil, usage(err)
	}
	o.answers = f.answers
	o.Probe = options.Probe.Or(o.Probe)
	options.Probe = o.Probe
	if f.own.accept != "" && f.trials > 1 {
		return nil, usage(failure(w, nil, "error.site.trials"))
	}
	return &o, usage(dsl.NewSuite(*options).CheckOptions(o.Scenario))
}

// place is where the members are.
func (r running) place(ctx context.Context, f runFlags, options *dsl.Options) (dsl.Place, string, error) {
	if r.own == nil {
		return choosePlace(ctx, f, options.Library, r.chosen, r.words)
	}
	to, err := r.own.agreed(ctx, r.cmd)
	if err != nil {
		return dsl.Place{}, "", err
	}
	options.Consent, options.Plan = to.ask, to.digest
	lines := make([]string, 0, 1+len(to.members))
	for _, m := range to.members {
		lines = append(lines, planMember(m, r.words))
	}
	lines = append(lines, r.words.Say("view.plan", "digest", to.digest))
	return r.own.Place, strings.Join(lines, "\n"), nil
}

// agreement is what a person has agreed to, or will be asked for.
type agreement struct {
	members []plan.Member
	digest  string // of the plan
	ask     consent
}

// agreed looks at the cluster and makes sure that it is as the person has agreed to, before
// anything is touched.
func (o ownCluster) agreed(ctx context.Context, cmd *cobra.Command) (to agreement, err error) {
	if o.flags.accept == "" {
		if err := canAnswer(cmd.InOrStdin(), o.words); err != nil {
			return to, usage(failure(o.words, nil, "error.site.nobody"))
		}
	}
	now, err := o.Plan(ctx)
	if err != nil {
		return to, environment(err)
	}
	if len(now.Wrong) > 0 {
		return to, environment(failure(o.words, nil, "error.site.wrong", "why", tellAll(o.words, now.Wrong)))
	}
	if err := o.sameAsFile(now); err != nil {
		return to, err
	}
	to.members = now.Members
	if to.digest, err = now.Digest(); err != nil {
		return to, environment(err)
	}
	switch o.flags.accept {
	case "":
		to.ask = asker(o.answers, question(cmd.OutOrStdout()), o.Site.Lease, o.words)
	case to.digest:
		to.ask = func(context.Context, runbooks.Step, []fault.Fault) error { return nil } // to all in the plan
	default:
		return to, environment(failure(o.words, nil, "error.site.accept", "digest", to.digest))
	}
	return to, nil
}

// sameAsFile reports what has changed since the plan was written.
func (o ownCluster) sameAsFile(now plan.Plan) error {
	if o.flags.plan == "" {
		return nil
	}
	text, err := os.ReadFile(o.flags.plan)
	if err != nil {
		return usage(failure(o.words, err, "error.site.plan", "file", o.flags.plan))
	}
	before, err := plan.Read(text)
	if err != nil {
		return usage(failure(o.words, err, "error.site.plan", "file", o.flags.plan))
	}
	if changed := before.Changed(now); len(changed) > 0 {
		return environment(failure(o.words, nil, "error.site.changed", "what", tellAll(o.words, changed)))
	}
	return nil
}
