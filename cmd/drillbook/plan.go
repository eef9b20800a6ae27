package main

import (
	"context"
	"io"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"drillbook/harness/drill"
	"drillbook/harness/phrase"
	"drillbook/harness/plan"
	"drillbook/reports"
	"drillbook/reports/words"
	"drillbook/runbooks"
	"drillbook/scenarios/dsl"
)

func planCommand(w words.Words) *cobra.Command {
	var f ownFlags
	var probe drill.Probe
	var set []string
	var file string
	cmd := &cobra.Command{
		Use:   "plan " + w.Say("help.runbook"),
		Short: w.Say("short.plan"),
		Long:  w.Say("long.plan"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return makePlan(cmd, f, args, set, probe, file, w)
		},
	}
	cmd.Flags().StringVar(&f.site, "site", "", w.Say("flag.site"))
	cmd.Flags().StringArrayVar(&set, "set", nil, w.Say("flag.set"))
	addProbe(cmd.Flags(), &probe, w)
	cmd.Flags().StringVarP(&file, "output", "o", "", w.Say("flag.plan-file"))
	return cmd
}

func makePlan(
	cmd *cobra.Command, f ownFlags, args, set []string, probe drill.Probe, file string, w words.Words,
) error {
	lib, err := library(cmd, w)
	if err != nil {
		return err
	}
	params, err := pairs(set, w)
	if err == nil {
		err = checkProbe(cmd, probe, w)
	}
	if err != nil {
		return usage(err)
	}
	p, err := planOf(cmd.Context(), f, lib, args, params, probe, w)
	if err != nil {
		return err
	}
	if file != "" {
		if err := writePlan(file, p); err != nil {
			return environment(err)
		}
	}
	if err := printPlan(cmd.OutOrStdout(), p, w); err != nil {
		return err
	}
	if len(p.Wrong) > 0 {
		return environment(failure(w, nil, "error.site.wrong", "why", tellAll(w, p.Wrong)))
	}
	return nil
}

// planOf makes the plan for a cluster that is there already or, without a site, for one that
// is made for the drill.
func planOf(
	ctx context.Context, f ownFlags, lib runbooks.Library, args []string, params map[string]string, probe drill.Probe,
	w words.Words,
) (p plan.Plan, err error) {
	if f.site != "" {
		o, err := readOwn(ctx, f, lib, args, params, w)
		if err != nil {
			return p, usage(err)
		}
		o.Probe = probe.Or(o.Probe)
		p, err = o.Plan(ctx)
		return p, environment(err)
	}
	if len(args) != 1 {
		return p, usage(failure(w, nil, "error.which-runbook"))
	}
	sc, err := scenarioNamed(lib, args[0], w)
	if err != nil {
		return p, usage(err)
	}
	p, err = dsl.Planning{Library: lib, Scenario: sc, Params: params, Harness: version()}.PlanMade(ctx)
	return p, usage(err)
}

// writePlan writes the whole file or none.
func writePlan(file string, p plan.Plan) error {
	err := reports.WriteWhole(filepath.Dir(file), filepath.Base(file), func(out io.Writer) error {
		return printJSON(out, p)
	})
	if err != nil {
		return phrase.Errorf("write the plan: %w", err)
	}
	return nil
}

func tellAll(w words.Words, all []phrase.Phrase) string {
	lines := make([]string, 0, len(all))
	for _, p := range all {
		lines = append(lines, w.Tell(p))
	}
	return strings.Join(lines, "\n")
}

// printPlan says all of the plan to a person.
func printPlan(out io.Writer, p plan.Plan, w words.Words) error {
	digest, err := p.Digest()
	if err != nil {
		return environment(err)
	}
	var s strings.Builder
	say := func(key string, pairs ...string) { s.WriteString(w.Say(key, pairs...) + "\n") }
	s.WriteString("# " + p.Title.In(w.Lang) + "\n\n")
	for _, m := range p.Members {
		if m.Reach == "" {
			say("plan.member-made", "name", m.Name, "role", roleWord(m.Role, w))
			continue
		}
		s.WriteString(planMember(m, w) + "\n")
	}
	s.WriteString("\n")
	for _, f := range p.Facts {
		line := "plan.fact"
		if f.Member == "" {
			line += "-all"
		}
		if f.Moves {
			line += "-moves"
		}
		say(line, "member", f.Member, "what", w.Tell(f.What), "value", w.Tell(f.Value))
	}
	if p.Probe != "" {
		say("plan.probe", "probe", p.Probe)
	}
	if len(p.Before) > 0 {
		say("plan.before")
	}
	for _, c := range p.Before {
		say("plan.command", "member", c.Member, "command", c.Command)
	}
	for _, step := range p.Steps {
		s.WriteString("\n## " + strconv.Itoa(step.Number) + ". " + step.Title.In(w.Lang) + "\n")
		printStep(say, step, len(p.Leaves) > 0, w)
	}
	s.WriteString("\n")
	for _, l := range p.Leaves {
		say("plan.leaves", "what", w.Tell(l.What))
		for _, u := range l.Undo {
			say("plan.removed", "member", u.Member, "command", u.Command)
		}
	}
	s.WriteString("\n")
	if p.Untold {
		say("plan.untold")
	}
	if len(p.Leaves) == 0 {
		say("plan.made")
	}
	say("plan.digest", "digest", digest)
	_, err = io.WriteString(out, s.String())
	return err
}

// planMember says who a member is.
func planMember(m plan.Member, w words.Words) string {
	return w.Say("plan.member", "page", m.Page, "name", m.Name, "reach", m.Reach, "public", m.Public, "private",
		m.Private, "role", roleWord(m.Role, w))
}

// roleWord is a role in the language of the person.
func roleWord(role string, w words.Words) string {
	if role == "" {
		return w.Say("role.none")
	}
	return w.Say("role." + role)
}

// kindWords are kinds of faults in the language of the person, with the names that site files
// have for them.
func kindWords(kinds []string, w words.Words) string {
	said := make([]string, 0, len(kinds))
	for _, k := range kinds {
		if k != "" {
			said = append(said, w.Say("fault-kind."+k))
		}
	}
	return w.List(said)
}

// printStep says what a step does. Where the cluster stays, so may what it does.
func printStep(say func(string, ...string), step plan.Step, leaves bool, w words.Words) {
	if text := step.Consequence.In(w.Lang); text != "" {
		say("plan.consequence", "text", text)
	}
	if step.Asks && leaves {
		say("plan.asks")
	} else if step.Asks {
		say("plan.asks-made")
	}
	for _, c := range step.Commands {
		say("plan.command", "member", c.Member, "command", c.Command)
	}
	for _, f := range step.Faults {
		say("plan.fault", "fault", w.Tell(f.What), "kinds", kindWords(f.Kinds, w), "how", w.Tell(f.How))
		for _, u := range f.Undo {
			key := "plan.undo"
			switch {
			case u.ByItself:
				key = "plan.undo-itself"
			case u.Here:
				key = "plan.undo-here"
			}
			say(key, "member", u.Member, "command", u.Command, "lease", f.Lease)
		}
		if len(f.Undo) == 0 && leaves {
			say("plan.undo-none")
		}
	}
}
