package main

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"drillbook/reports"
	"drillbook/runbooks"
	"drillbook/scenarios"
	"drillbook/scenarios/dsl"
)

// listed is a runbook as list prints it.
type listed struct {
	Runbook string   `json:"runbook"`
	Title   string   `json:"title"`
	RTO     string   `json:"rto"`
	RPO     int      `json:"rpo"`
	Steps   int      `json:"steps"`
	Groups  []string `json:"groups,omitempty"` // of steps, by their headings
	Tier    string   `json:"tier"`             // "": no scenario carries it out
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
		for _, s := range b.Steps {
			if s.Group != nil {
				row.Groups = append(row.Groups, s.Group.Title.In(lang))
			}
		}
		if s, ok := scenarioOf(b.Name); ok {
			row.Tier = s.Tier
		}
		for _, p := range b.Params {
			row.Params = append(row.Params, p.Name+"="+p.Default)
			for _, tier := range slices.Sorted(maps.Keys(p.Tiers)) {
				row.Params = append(row.Params, fmt.Sprintf("(%s: %s=%s)", tier, p.Name, p.Tiers[tier]))
			}
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
	_, _ = fmt.Fprintln(t, "RUNBOOK\tTIER\tSTEPS\tGROUPS\tRTO\tRPO\tPARAMETERS\tTITLE")
	for _, r := range rows {
		_, _ = fmt.Fprintf(t, "%s\t%s\t%d\t%s\t%s\t%d\t%s\t%s\n",
			r.Runbook, orDash(r.Tier), r.Steps, orDash(countOf(r.Groups)), r.RTO, r.RPO,
			orDash(strings.Join(r.Params, " ")), r.Title)
	}
	return t.Flush()
}

// countOf is how many there are, "" if there are none.
func countOf(all []string) string {
	if len(all) == 0 {
		return ""
	}
	return strconv.Itoa(len(all))
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
