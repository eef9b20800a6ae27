package main

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"drillbook/reports/table"
	"drillbook/reports/words"
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

func listCommand(w words.Words) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "list",
		Short: w.Say("short.list"),
		Args:  noArguments(w),
		RunE: func(cmd *cobra.Command, _ []string) error {
			lib, err := library(cmd, w)
			if err != nil {
				return err
			}
			if asJSON {
				return printJSON(cmd.OutOrStdout(), list(lib, forMachines(cmd, w)))
			}
			return printList(cmd.OutOrStdout(), list(lib, w), w, columnsOf(cmd.OutOrStdout()))
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, w.Say("flag.json"))
	return cmd
}

func list(lib runbooks.Library, w words.Words) []listed {
	rows := make([]listed, 0, len(lib))
	for _, b := range lib {
		row := listed{
			Runbook: b.Name,
			Title:   b.Title.In(w.Lang),
			RTO:     w.Duration(b.RTO),
			RPO:     b.RPO,
			Steps:   len(b.Steps),
		}
		for _, s := range b.Steps {
			if s.Group != nil {
				row.Groups = append(row.Groups, s.Group.Title.In(w.Lang))
			}
		}
		if s, ok := scenarioOf(lib, b.Name); ok {
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

func scenarioOf(lib runbooks.Library, runbook string) (dsl.Scenario, bool) {
	all := scenarios.For(lib)
	i := slices.IndexFunc(all, func(s dsl.Scenario) bool { return s.Runbook == runbook })
	if i < 0 {
		return dsl.Scenario{}, false
	}
	return all[i], true
}

// printList prints a line for every runbook, or two where one would be wider than the
// terminal: the second has the title and the parameters. Zero columns are as many as
// it takes.
func printList(out io.Writer, rows []listed, w words.Words, columns int) error {
	lines := make([][]string, 0, 1+len(rows))
	lines = append(lines, []string{
		w.Say("list.runbook"), w.Say("list.tier"), w.Say("list.steps"), w.Say("list.groups"), w.Say("list.rto"),
		w.Say("list.rpo"), w.Say("list.params"), w.Say("list.title"),
	})
	for _, r := range rows {
		tier := r.Tier
		if tier != "" {
			tier = w.Say("tier." + tier)
		}
		lines = append(lines, []string{
			r.Runbook, orDash(tier), strconv.Itoa(r.Steps), orDash(countOf(r.Groups)), r.RTO, strconv.Itoa(r.RPO),
			orDash(strings.Join(r.Params, " ")), r.Title,
		})
	}
	if widest := inColumns(lines); columns == 0 || table.Columns(slices.MaxFunc(widest, byColumns)) <= columns {
		return printColumns(out, lines)
	}
	first := make([][]string, len(lines))
	for i, l := range lines {
		first[i] = l[:len(l)-2]
	}
	for i, line := range inColumns(first) {
		params, title := lines[i][len(first[i])], lines[i][len(first[i])+1]
		below := title
		if params != "-" {
			below += " · " + params
		}
		below = strings.Join(table.Fold(below, columns-len(listMargin)), "\n"+listMargin)
		if _, err := fmt.Fprintf(out, "%s\n%s%s\n", line, listMargin, below); err != nil {
			return err
		}
	}
	return nil
}

// listMargin stands before the second line of a runbook.
const listMargin = "    "

func byColumns(a, b string) int { return table.Columns(a) - table.Columns(b) }

// printColumns prints lines of cells below each other.
func printColumns(out io.Writer, lines [][]string) error {
	for _, line := range inColumns(lines) {
		if _, err := fmt.Fprintln(out, line); err != nil {
			return err
		}
	}
	return nil
}

// inColumns puts the cells of lines below each other.
func inColumns(lines [][]string) []string {
	var widths []int
	for _, line := range lines {
		for i, cell := range line {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], table.Columns(cell))
		}
	}
	all := make([]string, len(lines))
	for n, line := range lines {
		var s strings.Builder
		for i, cell := range line {
			s.WriteString(table.Pad(cell, widths[i]) + "  ")
		}
		all[n] = strings.TrimRight(s.String(), " ")
	}
	return all
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
