package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"drillbook/reports"
	"drillbook/runbooks"
	"drillbook/scenarios"
	"drillbook/scenarios/dsl"
)

// library reads the runbooks, those built in or those of --runbooks.
func library(cmd *cobra.Command) (runbooks.Library, error) {
	dir, err := cmd.Flags().GetString("runbooks")
	if err != nil {
		return nil, err
	}
	files := runbooks.Embedded()
	if dir != "" {
		if _, err := os.ReadDir(dir); err != nil {
			return nil, usage(fmt.Errorf("--runbooks: %w", err))
		}
		files = os.DirFS(dir)
	}
	lib, err := runbooks.Load(files)
	return lib, usage(err)
}

func language(cmd *cobra.Command) (string, error) {
	lang, err := cmd.Flags().GetString("lang")
	if err != nil {
		return "", err
	}
	if !slices.Contains(reports.Languages(), lang) {
		return "", usage(fmt.Errorf("--lang %s: the languages are %s", lang, strings.Join(reports.Languages(), ", ")))
	}
	return lang, nil
}

// listed is a runbook as list prints it.
type listed struct {
	Runbook string   `json:"runbook"`
	Title   string   `json:"title"`
	RTO     string   `json:"rto"`
	RPO     int      `json:"rpo"`
	Steps   int      `json:"steps"`
	Tier    string   `json:"tier"` // "": no scenario carries it out
	Params  []string `json:"params,omitempty"`
}

func listCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List the runbooks and what they promise",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			lib, err := library(cmd)
			if err != nil {
				return err
			}
			lang, err := language(cmd)
			if err != nil {
				return err
			}
			rows := list(lib, lang)
			if asJSON {
				return printJSON(cmd.OutOrStdout(), rows)
			}
			return printList(cmd.OutOrStdout(), rows)
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

func list(lib runbooks.Library, lang string) []listed {
	rows := make([]listed, 0, len(lib))
	for _, b := range lib {
		row := listed{
			Runbook: b.Name,
			Title:   b.Title.In(lang),
			RTO:     reports.Duration(b.RTO, lang),
			RPO:     b.RPO,
			Steps:   len(b.Steps),
		}
		if s, ok := scenarioOf(b.Name); ok {
			row.Tier = s.Tier
		}
		for _, p := range b.Params {
			row.Params = append(row.Params, p.Name+"="+p.Default)
		}
		rows = append(rows, row)
	}
	return rows
}

func scenarioOf(runbook string) (dsl.Scenario, bool) {
	all := scenarios.All()
	i := slices.IndexFunc(all, func(s dsl.Scenario) bool { return s.Runbook == runbook })
	if i < 0 {
		return dsl.Scenario{}, false
	}
	return all[i], true
}

func printList(w io.Writer, rows []listed) error {
	t := tabwriter.NewWriter(w, 0, 8, 2, ' ', 0)
	// A tabwriter keeps the first error for Flush.
	_, _ = fmt.Fprintln(t, "RUNBOOK\tTIER\tSTEPS\tRTO\tRPO\tPARAMETERS\tTITLE")
	for _, r := range rows {
		_, _ = fmt.Fprintf(t, "%s\t%s\t%d\t%s\t%d\t%s\t%s\n",
			r.Runbook, orDash(r.Tier), r.Steps, r.RTO, r.RPO, orDash(strings.Join(r.Params, " ")), r.Title)
	}
	return t.Flush()
}

func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

func printJSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(v)
}

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
		s.WriteString("\n")
	}
	var planned time.Duration
	for _, step := range b.Steps {
		fmt.Fprintf(&s, "\n## %s\n\n%s\n", step.Text(lang), step.Body.In(lang))
		planned += step.Planned
	}
	if planned > 0 {
		fmt.Fprintf(&s, "\nΣ planned=%s\n", planned)
	}
	_, err := io.WriteString(w, s.String())
	return err
}
