package main

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"drillbook/reports"
	"drillbook/runbooks"
)

func showCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "show RUNBOOK",
		Short: "Print a runbook, as a person follows it",
		Args:  exactlyOne("which runbook? `drillbook list` names them"),
		RunE: func(cmd *cobra.Command, args []string) error {
			lib, err := library(cmd)
			if err != nil {
				return err
			}
			lang, err := language(cmd)
			if err != nil {
				return err
			}
			b, err := lib.Get(args[0])
			if err != nil {
				return usage(err)
			}
			return show(cmd.OutOrStdout(), b, lang)
		},
	}
}

func exactlyOne(otherwise string) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		if len(args) != 1 {
			return usage(errors.New(otherwise))
		}
		return nil
	}
}

// show prints a runbook with its promise and parameters.
func show(w io.Writer, b runbooks.Runbook, lang string) error {
	var s strings.Builder
	fmt.Fprintf(&s, "# %s\n\n%s\n\n", b.Title.In(lang), b.Intro.In(lang))
	fmt.Fprintf(&s, "rto %s · rpo %d · %s\n", reports.Duration(b.RTO, lang), b.RPO, b.Source)
	for _, p := range b.Params {
		fmt.Fprintf(&s, "--set %s=%s", p.Name, p.Default)
		if len(p.Allowed) > 0 {
			fmt.Fprintf(&s, " (%s)", strings.Join(p.Allowed, ", "))
		}
		for _, tier := range slices.Sorted(maps.Keys(p.Tiers)) {
			fmt.Fprintf(&s, "; --tier %s: %s", tier, p.Tiers[tier])
		}
		s.WriteString("\n")
	}
	var planned time.Duration
	for _, step := range b.Steps {
		if g := step.Group; g != nil {
			fmt.Fprintf(&s, "\n## %s\n", g.Title.In(lang))
			if comment := g.Comment.In(lang); comment != "" {
				fmt.Fprintf(&s, "\n%s\n", comment)
			}
		}
		fmt.Fprintf(&s, "\n## %s\n\n%s\n", step.Text(lang), step.Body.In(lang))
		if step.Planned != nil {
			planned += *step.Planned
		}
	}
	if planned > 0 {
		fmt.Fprintf(&s, "\nΣ planned=%s\n", planned)
	}
	_, err := io.WriteString(w, s.String())
	return err
}
