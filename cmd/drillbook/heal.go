package main

import (
	"cmp"
	"context"
	"errors"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"drillbook/harness/fault"
	"drillbook/harness/host"
	"drillbook/harness/host/container"
	"drillbook/reports/words"
	"drillbook/scenarios/dsl"
)

func healCommand(w words.Words) *cobra.Command {
	var all, yes bool
	var forget []string
	cmd := &cobra.Command{
		Use:   "heal",
		Short: w.Say("short.heal"),
		Long:  w.Say("long.heal"),
		Args:  noArguments(w),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if yes && !all {
				return usage(failure(w, nil, "error.yes-alone"))
			}
			h := cleanup{forget: forget, say: say(cmd), words: w, places: dsl.Places()}
			if all {
				h.also = confirmRemoval(cmd.Context(), cmd.InOrStdin(), question(cmd.OutOrStdout()), yes, w)
			}
			left, noEngine, err := h.run(cmd.Context())
			if noEngine != nil {
				h.say(w.Say("heal.not-looked", "error", told(w, noEngine)))
			}
			if left > 0 {
				return worst(err, environment(failure(w, nil, "error.left", "count", strconv.Itoa(left))))
			}
			return err
		},
	}
	cmd.Flags().BoolVar(&all, "all", false, w.Say("flag.heal.all"))
	cmd.Flags().BoolVar(&yes, "yes", false, w.Say("flag.heal.yes"))
	cmd.Flags().StringArrayVar(&forget, "forget", nil, w.Say("flag.heal.forget"))
	return cmd
}

// confirmRemoval asks a person before a run is removed that may be alive.
func confirmRemoval(
	ctx context.Context, in io.Reader, out io.Writer, yes bool, w words.Words,
) func(host.Leftover) bool {
	answers := answersFrom(in)
	return func(l host.Leftover) bool {
		if yes {
			return true
		}
		if _, err := io.WriteString(out, w.Say("heal.question", "run", l.Run, "what", leftover(l, w))); err != nil {
			return false
		}
		text, err := answers(ctx)
		return err == nil && isYes(text)
	}
}

// leftover says what there is of a run, who made it and when.
func leftover(l host.Leftover, w words.Words) string {
	when, owner := w.Say("heal.when.unknown"), cmp.Or(l.Owner, w.Say("heal.somebody"))
	if !l.Began.IsZero() {
		when = w.Say("heal.when", "time", w.Duration(time.Since(l.Began).Round(time.Second)))
	}
	return w.Say("heal.leftover", "count", strconv.Itoa(l.Objects), "when", when, "owner", owner,
		"why", foreign(w, l.Why))
}

// cleanup removes what dead runs have left behind.
type cleanup struct {
	also   func(host.Leftover) bool // as [container.Heal] has it
	forget []string                 // runs that a person knows to be gone
	say    func(line string)
	words  words.Words
	places []dsl.Place
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
	for _, place := range h.places {
		if place.Heal == nil {
			continue // its nodes stay
		}
		at, err := place.Heal(ctx, h.also, inOriginal(h.say, h.words))
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
	err = h.closeLedgers(ctx, dir, runs, healed...)
	return len(runs), noEngine, err
}

// closeLedgers removes the ledgers of faults that are gone with what they were
// done to, or were undone, and adds to runs those whose faults may still be active.
func (h cleanup) closeLedgers(
	ctx context.Context, dir string, runs map[string]bool, healed ...host.CleanedUp,
) error {
	ledgers, err := fault.Abandoned(dir)
	errs := []error{environment(err)}
	known := map[string]bool{}
	for _, l := range ledgers {
		p := l.Contents()
		known[p.Run] = true
		gone := h.tellFaults(ctx, p, healed)
		if len(p.Faults) > 0 {
			h.say(h.words.Say("heal.record", "run", p.Run, "record", p.Record))
		}
		h.tellRoles(p)
		if gone {
			delete(runs, p.Run)
			errs = append(errs, environment(l.Remove()))
			continue
		}
		runs[p.Run] = true
		errs = append(errs, environment(l.Close()))
		if p.Stays {
			h.say(h.words.Say("heal.stays-again", "run", p.Run))
			continue
		}
		where := h.words.Say("heal.nowhere")
		if p.Reach != "" {
			where = "`" + p.Reach + " drillbook heal`"
		}
		h.say(h.words.Say("heal.stays", "run", p.Run, "where", where))
	}
	for _, run := range h.forget {
		if !known[run] {
			errs = append(errs, usage(failure(h.words, nil, "error.forget", "run", run)))
		}
	}
	return worst(errs...)
}

// tellFaults says what became of each fault of a run, and whether all are gone. Those of
// nodes that stay are undone first.
func (h cleanup) tellFaults(ctx context.Context, p fault.RunFaults, healed []host.CleanedUp) (gone bool) {
	became, gone := h.faultsOf(p, healed)
	undoing := p.Stays && !slices.Contains(h.forget, p.Run)
	gone = gone || undoing
	for _, f := range slices.Backward(p.Faults) { // the last one first, as a drill heals
		if undoing {
			var undone bool
			became, undone = h.undo(ctx, f)
			gone = gone && undone
		}
		h.say(h.words.Say("heal.fault", "run", p.Run, "fault", f.What, "mechanism", f.Mechanism, "became", became))
	}
	return gone
}

// tellRoles says of members that stay that nobody has changed their roles back, and which page
// goes on from there.
func (h cleanup) tellRoles(p fault.RunFaults) {
	switch {
	case !p.Stays || slices.Contains(h.forget, p.Run):
	case p.Page == "":
		h.say(h.words.Say("heal.roles-no-page", "run", p.Run))
	default:
		h.say(h.words.Say("heal.roles", "run", p.Run, "page", p.Page))
	}
}

// undoWithin bounds what a fault's undo may take: a server that starts may have much to
// recover.
const undoWithin = 2 * time.Minute

// undo carries out all that undoes a fault of nodes that stay, and says what came of it.
func (h cleanup) undo(ctx context.Context, f fault.Entry) (became string, gone bool) {
	ctx, done := context.WithTimeout(ctx, undoWithin)
	defer done()
	i := slices.IndexFunc(h.places, func(p dsl.Place) bool { return p.Name == f.Place && p.Undoes != nil })
	switch {
	case i < 0:
		return h.words.Say("heal.no-place", "place", f.Place), false
	case len(f.Undo) == 0:
		return h.words.Say("heal.by-hand"), false
	}
	var nodes, machines, said []string
	gone = true
	for _, u := range f.Undo {
		err := h.places[i].Undoes(ctx, u)
		switch {
		case err != nil:
			gone = false
			said = append(said, h.words.Say("heal.not-undone", "node", u.Node, "error", told(h.words, err)))
		case u.Local:
			machines = append(machines, u.Node)
		case !slices.Contains(nodes, u.Node):
			nodes = append(nodes, u.Node)
		}
	}
	if len(nodes) > 0 {
		said = append(said, h.words.Say("heal.confirmed", "nodes", h.words.List(nodes)))
	}
	if len(machines) > 0 {
		said = append(said, h.words.Say("heal.powered", "nodes", h.words.List(machines)))
	}
	return strings.Join(said, "; "), gone
}

// faultsOf says what became of the faults of a run, and whether they are gone.
func (h cleanup) faultsOf(p fault.RunFaults, healed []host.CleanedUp) (became string, gone bool) {
	if slices.Contains(h.forget, p.Run) {
		return h.words.Say("heal.forgotten"), true
	}
	for _, at := range healed {
		switch {
		case slices.Contains(at.Removed, p.Run):
			return h.words.Say("heal.undone", "undo", p.Undo), true
		case at.HasLeft(p.Run):
			return h.words.Say("heal.left"), false
		case at.Site.ID != "" && at.Site.ID == p.Site:
			return h.words.Say("heal.gone"), true
		}
	}
	return h.words.Say("heal.unknown"), false
}

// printHints says how to remove what is left.
func (h cleanup) printHints(left []host.Leftover) {
	for _, l := range left {
		next := "heal.next.all"
		switch {
		case l.Failed && h.also != nil:
			next = "heal.next.all-again"
		case l.Failed:
			next = "heal.next.again"
		}
		h.say(h.words.Say("heal.next", "run", l.Run, "next", h.words.Say(next)))
	}
}
