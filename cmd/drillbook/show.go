package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"drillbook/reports/words"
	"drillbook/runbooks"
)

func showCommand(w words.Words) *cobra.Command {
	return &cobra.Command{
		Use:   "show " + w.Say("help.runbook"),
		Short: w.Say("short.show"),
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usage(failure(w, nil, "error.which-runbook"))
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			lib, err := library(cmd, w)
			if err != nil {
				return err
			}
			b, err := lib.Get(args[0])
			if err != nil {
				return usage(failure(w, err, "error.no-runbook", "name", args[0], "all", names(lib)))
			}
			return show(cmd.OutOrStdout(), b, w)
		},
	}
}

func names(lib runbooks.Library) string {
	all := make([]string, 0, len(lib))
	for _, b := range lib {
		all = append(all, b.Name)
	}
	return strings.Join(all, ", ")
}

// show prints a runbook with its promise and parameters.
func show(out io.Writer, b runbooks.Runbook, w words.Words) error {
	var s strings.Builder
	fmt.Fprintf(&s, "# %s\n\n%s\n\n", b.Title.In(w.Lang), b.Intro.In(w.Lang))
	s.WriteString(w.Say("show.promise", "rto", w.Duration(b.RTO), "rpo", words.Count(b.RPO)) + "\n")
	s.WriteString(w.Say("show.source", "source", b.Source.In(w.Lang)) + "\n")
	for _, p := range b.Params {
		s.WriteString(w.Say("show.param", "name", p.Name, "value", p.Default))
		if len(p.Allowed) > 0 {
			s.WriteString(w.Say("show.param.allowed", "values", w.List(p.Allowed)))
		}
		for _, tier := range slices.Sorted(maps.Keys(p.Tiers)) {
			s.WriteString(w.Say("show.param.tier", "tier", tier, "value", p.Tiers[tier]))
		}
		s.WriteString("\n")
	}
	for _, step := range b.Steps {
		if g := step.Group; g != nil {
			fmt.Fprintf(&s, "\n## %s\n", g.Title.In(w.Lang))
			if comment := g.Comment.In(w.Lang); comment != "" {
				fmt.Fprintf(&s, "\n%s\n", comment)
			}
		}
		fmt.Fprintf(&s, "\n## %s\n\n", step.Text(w.Lang))
		if said := attributes(step, w); said != "" {
			fmt.Fprintf(&s, "*%s*\n\n", said)
		}
		s.WriteString(step.Body.In(w.Lang) + "\n")
	}
	if planned := b.Planned(); planned > 0 {
		s.WriteString("\n" + w.Say("show.total", "time", w.Duration(planned)) + "\n")
	}
	_, err := io.WriteString(out, s.String())
	return err
}

// attributes says what is set for a step, "" if nothing is.
func attributes(step runbooks.Step, w words.Words) string {
	var said []string
	if step.Planned != nil {
		said = append(said, w.Say("show.planned", "time", w.Duration(*step.Planned)))
	}
	switch allowed := step.Allowed; {
	case allowed == nil:
	case *allowed == 0:
		said = append(said, w.Say("show.allowed.none"))
	default:
		said = append(said, w.Say("show.allowed", "time", w.Duration(*allowed)))
	}
	if step.Consent == runbooks.ConsentAsk {
		said = append(said, w.Say("show.ask"))
	}
	if step.Blank {
		said = append(said, w.Say("show.blank"))
	}
	return strings.Join(said, " · ")
}
