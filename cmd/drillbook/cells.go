package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"drillbook/harness/night"
	"drillbook/reports"
	"drillbook/reports/words"
	"drillbook/runbooks"
	"drillbook/scenarios"
	"drillbook/scenarios/dsl"
)

// listedNight is a night as cells prints it.
type listedNight struct {
	Night  string       `json:"night"`
	Digest string       `json:"digest"`
	Cells  []listedCell `json:"cells"`
}

// listedCell is a cell, and how long it is expected to take.
type listedCell struct {
	night.Cell

	ExpectedMS int64 `json:"expected_ms"`
	Shard      int   `json:"shard,omitempty"` // of those that were asked for
}

func cellsCommand(w words.Words) *cobra.Command {
	var asJSON bool
	var like string
	var shards int
	cmd := &cobra.Command{
		Use:   "cells NIGHT.yaml",
		Short: w.Say("short.cells"),
		Long:  w.Say("long.cells"),
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			lib, err := library(cmd, w)
			if err != nil {
				return err
			}
			n, err := readNight(lib, args[0], like)
			if err != nil {
				return err
			}
			if shards < 0 {
				return usage(fmt.Errorf("--shards %d: at least 1", shards))
			}
			if asJSON {
				return printJSON(cmd.OutOrStdout(), n.list(shards))
			}
			return n.print(cmd.OutOrStdout(), shards, w)
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, w.Say("flag.json"))
	cmd.Flags().StringVar(&like, "like", "", w.Say("flag.like"))
	cmd.Flags().IntVar(&shards, "shards", 0, w.Say("flag.cells.shards"))
	return cmd
}

// plannedNight is a night whose cells are known.
type plannedNight struct {
	name   string
	digest string
	cells  []night.Cell
	times  night.Times
}

// readNight reads a night's file and finds its cells. like, unless it is "", is the
// folder of an earlier night.
func readNight(lib runbooks.Library, file, like string) (plannedNight, error) {
	text, err := os.ReadFile(file) //nolint:gosec // the user's own file
	if err != nil {
		return plannedNight{}, usage(err)
	}
	plan, err := night.Parse(file, text)
	if err != nil {
		return plannedNight{}, usage(err)
	}
	known, err := drillable(lib)
	if err != nil {
		return plannedNight{}, usage(err)
	}
	n := plannedNight{name: plan.Night}
	if n.cells, err = plan.Cells(known); err != nil {
		return plannedNight{}, usage(fmt.Errorf("%s: %w", file, err))
	}
	for _, c := range n.cells {
		if c.Image != "" && imageVariable(c.Product) == "" {
			return plannedNight{}, usage(fmt.Errorf("%s: version %s: %s takes no image", file, c.Version, c.Product))
		}
	}
	n.digest = night.Digest(n.cells)
	if like == "" {
		return n, nil
	}
	earlier, err := readEarlier(like)
	if err != nil {
		return plannedNight{}, err
	}
	took := map[string]time.Duration{}
	for name, c := range earlier {
		took[name] = c.Took
	}
	n.times = night.TimesLike(took, n.cells)
	return n, nil
}

// drillable are the runbooks that scenarios carry out.
func drillable(lib runbooks.Library) ([]night.Runbook, error) {
	all := scenarios.For(lib)
	known := make([]night.Runbook, 0, len(all))
	for _, s := range all {
		book, err := lib.Get(s.Runbook)
		if err != nil {
			if errors.Is(err, runbooks.ErrUnknown) { // --runbooks has fewer
				continue
			}
			return nil, err
		}
		b := night.Runbook{
			Name: s.Runbook, Product: s.Product(), Tiers: []string{dsl.Nightly}, Planned: book.Planned(),
		}
		if s.Tier == dsl.Smoke {
			b.Tiers = append(b.Tiers, dsl.Smoke)
		}
		for _, p := range slices.Concat(book.Params, s.Common) {
			param := night.Param{Name: p.Name, Allowed: p.Allowed}
			if _, set := s.Params[p.Name]; !set { // what the scenario sets outweighs a tier
				param.Tiers = p.Tiers
			}
			b.Params = append(b.Params, param)
		}
		known = append(known, b)
	}
	return known, nil
}

// imageVariable is the variable of the environment that names what a product's members
// run from; "" if there is none.
func imageVariable(product string) string {
	all := scenarios.Products()
	i := slices.IndexFunc(all, func(p dsl.Product) bool { return p.Name == product })
	if i < 0 {
		return ""
	}
	return all[i].ImageVariable
}

// readEarlier reads what an earlier night says of its cells.
func readEarlier(dir string) (night.Before, error) {
	file := filepath.Join(dir, reports.ResultsFile)
	text, err := os.ReadFile(file) //nolint:gosec // the user's own folder
	if err != nil {
		return nil, usage(fmt.Errorf("--like: %w", err))
	}
	var results struct {
		Night *struct {
			Cells []struct {
				Cell   string      `json:"cell"`
				State  night.State `json:"state"`
				TookMS int64       `json:"took_ms"`
			} `json:"cells"`
		} `json:"night"`
	}
	if err := json.Unmarshal(text, &results); err != nil {
		return nil, usage(fmt.Errorf("--like: %s: %w", file, err))
	}
	if results.Night == nil {
		return nil, usage(fmt.Errorf("--like: %s is not of a night: name a folder that `drillbook merge` has made",
			file))
	}
	before := night.Before{}
	for _, c := range results.Night.Cells {
		before[c.Cell] = night.Earlier{State: c.State, Took: time.Duration(c.TookMS) * time.Millisecond}
	}
	return before, nil
}

// list says of every cell how long it is expected to take, and which of n shards it
// belongs to, if n is not 0.
func (n plannedNight) list(shards int) listedNight {
	out := listedNight{Night: n.name, Digest: n.digest, Cells: make([]listedCell, 0, len(n.cells))}
	of := map[string]int{}
	for i, shard := range night.Deal(n.cells, n.times, shards) {
		for _, c := range shard {
			of[c.Name] = i + 1
		}
	}
	for _, c := range n.cells {
		out.Cells = append(out.Cells, listedCell{c, n.times.Of(c).Milliseconds(), of[c.Name]})
	}
	return out
}

// print prints the list as a table.
func (n plannedNight) print(to io.Writer, shards int, w words.Words) error {
	t := tabwriter.NewWriter(to, 0, 8, 2, ' ', 0)
	// A tabwriter keeps the first error for Flush.
	head := w.Say("cells.head")
	if shards > 0 {
		head = w.Say("cells.shard") + "\t" + head
	}
	_, _ = fmt.Fprintln(t, head)
	var total time.Duration
	took := make([]time.Duration, shards+1)
	for _, c := range n.list(shards).Cells {
		expected := time.Duration(c.ExpectedMS) * time.Millisecond
		total += expected
		took[c.Shard] += expected
		row := strings.Join([]string{c.Name, w.Duration(expected), orDash(c.Image)}, "\t")
		if shards > 0 {
			row = fmt.Sprintf("%d\t%s", c.Shard, row)
		}
		_, _ = fmt.Fprintln(t, row)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	sum := w.Say("cells.sum", "night", n.name, "digest", n.digest, "count", strconv.Itoa(len(n.cells)),
		"time", w.Duration(total))
	if shards > 0 {
		longest := slices.Max(took)
		ratio := float64(longest) * float64(shards) / float64(max(total, 1))
		sum += "\n" + w.Say("cells.longest", "count", strconv.Itoa(shards), "time", w.Duration(longest),
			"ratio", strconv.FormatFloat(ratio, 'f', 2, 64))
	}
	_, err := fmt.Fprintln(to, "\n"+sum)
	return err
}
