package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/spf13/cobra"

	"drillbook/harness/fault"
	"drillbook/harness/host"
	"drillbook/harness/host/container"
	"drillbook/scenarios/dsl"
)

func healCommand() *cobra.Command {
	var all, yes bool
	var forget []string
	cmd := &cobra.Command{
		Use:   "heal",
		Short: "Undo and remove what runs that were killed have left behind",
		Long: `Undo and remove what runs that were killed have left behind.

What belongs to others, and what nobody can tell to be dead from here, such as that of a machine that is gone, is named
and left alone; --all removes it, and asks before each. The exit code is 4 if anything is left.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if yes && !all {
				return usage(errors.New("--yes: it answers what --all asks, so say that too"))
			}
			h := cleanup{forget: forget, say: say(cmd)}
			if all {
				h.also = confirmRemoval(cmd.Context(), cmd.InOrStdin(), question(cmd.OutOrStdout()), yes)
			}
			left, noEngine, err := h.run(cmd.Context())
			if noEngine != nil {
				h.say(fmt.Sprintf("containers were not looked for: %v", noEngine))
			}
			if left > 0 {
				said := fmt.Errorf("of %d runs something is left; what to do is said above", left)
				return worst(err, environment(said))
			}
			return err
		},
	}
	cmd.Flags().BoolVar(&all, "all", false, "also remove what cannot be told to be dead: asks before each run")
	cmd.Flags().BoolVar(&yes, "yes", false, "with --all: do not ask")
	cmd.Flags().StringArrayVar(&forget, "forget", nil,
		"forget the faults of a run that is known to be gone (may be repeated)")
	return cmd
}

// confirmRemoval asks a person before a run is removed that may be alive.
func confirmRemoval(ctx context.Context, in io.Reader, out io.Writer, yes bool) func(host.Leftover) bool {
	answers := answersFrom(in)
	return func(l host.Leftover) bool {
		if yes {
			return true
		}
		if _, err := fmt.Fprintf(out, "run %s: %s\nremove it? [y/N] ", l.Run, l); err != nil {
			return false
		}
		text, err := answers(ctx)
		return err == nil && isYes(text)
	}
}

// cleanup removes what dead runs have left behind.
type cleanup struct {
	also   func(host.Leftover) bool // as [container.Heal] has it
	forget []string                 // runs that a person knows to be gone
	say    func(line string)
}

// run removes what dead runs have left, in containers too if an engine answers,
// and counts the runs of which something is left.
func (h cleanup) run(ctx context.Context) (left int, noEngine, err error) {
	dir, err := dsl.Ledgers()
	if err != nil {
		return 0, nil, environment(err)
	}
	runs := map[string]bool{} // of which something is left
	var healed []host.CleanedUp
	for _, place := range dsl.Places() {
		at, err := place.Heal(ctx, h.also, h.say)
		if errors.Is(err, container.ErrNoEngine) {
			noEngine = err
			continue
		}
		if err != nil {
			return 0, nil, environment(err)
		}
		h.printHints(at.Left)
		healed = append(healed, at)
		for _, l := range at.Left {
			runs[l.Run] = true
		}
	}
	err = h.closeLedgers(dir, runs, healed...)
	return len(runs), noEngine, err
}

// closeLedgers removes the ledgers of faults that are gone with what they were
// done to, and adds to runs those whose faults may still be active.
func (h cleanup) closeLedgers(dir string, runs map[string]bool, healed ...host.CleanedUp) error {
	ledgers, err := fault.Abandoned(dir)
	errs := []error{environment(err)}
	known := map[string]bool{}
	for _, l := range ledgers {
		p := l.Contents()
		known[p.Run] = true
		became, gone := h.faultsOf(p, healed)
		for _, f := range p.Faults {
			h.say(fmt.Sprintf("run %s: %q had been in force (%s); %s", p.Run, f.What, f.Mechanism, became))
		}
		if len(p.Faults) > 0 {
			h.say(fmt.Sprintf("run %s: its record is %s", p.Run, p.Record))
		}
		if gone {
			delete(runs, p.Run)
			errs = append(errs, environment(l.Remove()))
			continue
		}
		runs[p.Run] = true
		errs = append(errs, environment(l.Close()))
		where := "nobody wrote down where that is"
		if p.Reach != "" {
			where = "`" + p.Reach + " drillbook heal`"
		}
		h.say(fmt.Sprintf("run %s: left as it is: heal it where it is (%s), or, if it is gone, "+
			"`drillbook heal --forget %s`", p.Run, where, p.Run))
	}
	for _, run := range h.forget {
		if !known[run] {
			errs = append(errs, usage(fmt.Errorf("--forget %s: no dead run of that name is known here", run)))
		}
	}
	return worst(errs...)
}

// faultsOf says what became of the faults of a run, and whether they are gone.
func (h cleanup) faultsOf(p fault.RunFaults, healed []host.CleanedUp) (became string, gone bool) {
	if slices.Contains(h.forget, p.Run) {
		return "forgotten, as you said", true
	}
	for _, at := range healed {
		switch {
		case slices.Contains(at.Removed, p.Run):
			return "undone: " + p.Undo, true
		case at.HasLeft(p.Run):
			return "it is left", false
		case at.Site.ID != "" && at.Site.ID == p.Site:
			return "gone with what it was done to: nothing of the run is left", true
		}
	}
	return "for all that is known it still is: no place that was asked has the run", false
}

// printHints says how to remove what is left.
func (h cleanup) printHints(left []host.Leftover) {
	for _, l := range left {
		next := "`drillbook heal --all` removes it, once you know that it is not alive"
		switch {
		case l.Failed && h.also != nil:
			next = "once that is mended, `drillbook heal --all` tries again"
		case l.Failed:
			next = "once that is mended, `drillbook heal` tries again"
		}
		h.say(fmt.Sprintf("run %s: %s", l.Run, next))
	}
}
