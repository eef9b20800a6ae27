package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"drillbook/harness/measure"
	"drillbook/harness/night"
	"drillbook/reports"
	"drillbook/reports/words"
)

func mergeCommand(w words.Words) *cobra.Command {
	var out, like string
	cmd := &cobra.Command{
		Use:   "merge " + w.Say("help.folder") + "|TAR…",
		Short: w.Say("short.merge"),
		Long:  w.Say("long.merge"),
		Args:  folders(w),
		RunE: func(cmd *cobra.Command, args []string) error {
			return merge(cmd, args, out, like, w.Lang)
		},
	}
	cmd.Flags().StringVar(&out, "out", "", w.Say("flag.merge.out"))
	cmd.Flags().StringVar(&like, "like", "", w.Say("flag.merge.like"))
	_ = cmd.MarkFlagRequired("out") // the flag is there
	return cmd
}

func merge(cmd *cobra.Command, args []string, out, like, lang string) error {
	if err := mustBeEmpty(out); err != nil {
		return err
	}
	var earlier night.Before
	if like != "" {
		var err error
		if earlier, err = readEarlier(like); err != nil {
			return err
		}
	}
	found, remove, err := findShards(args)
	defer remove()
	if err != nil {
		return err
	}
	if err := night.Agree(found.parts); err != nil {
		return usage(worst(errors.Join(found.unread...), err))
	}
	pages := nightPages{out: out, lang: lang, cells: found.parts[0].Shard.All}
	run, turns, err := pages.write(found.turns)
	if err != nil {
		return environment(err)
	}
	merged, err := night.Merge(found.parts, turns)
	if err != nil {
		return usage(err)
	}
	run.Night = &reports.Night{Merged: merged}
	if like != "" {
		run.Night.Like, run.Night.Changes = filepath.Base(filepath.Clean(like)), merged.Changes(earlier)
	}
	if err := publishNight(cmd, run, out, lang); err != nil {
		return environment(err)
	}
	return worst(judgeNight(run.Night), environment(errors.Join(append(found.unread, pages.unread...)...)))
}

// mustBeEmpty refuses a folder with anything in it: pages of another night would be
// taken for this one's.
func mustBeEmpty(out string) error {
	there, err := os.ReadDir(out)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return usage(fmt.Errorf("--out: %w", err))
	case len(there) > 0:
		return usage(fmt.Errorf("--out %s: it is not empty: choose a new folder", out))
	}
	return nil
}

// publishNight writes the reports of a night and prints what everybody asks for first.
func publishNight(cmd *cobra.Command, run reports.Run, out, lang string) error {
	if err := reports.Write(out, run, lang); err != nil {
		return err
	}
	if err := reports.Table(cmd.OutOrStdout(), run, lang, columnsOf(cmd.OutOrStdout())); err != nil {
		return err
	}
	page, err := filepath.Abs(filepath.Join(out, reports.PageFile))
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(cmd.OutOrStdout(), "\n%s\n", page)
	return err
}

// judgeNight is how a night ends. What did not run is never met.
func judgeNight(n *reports.Night) error {
	var all []error
	switch n.Verdict() {
	case measure.Met:
	case measure.Missed:
		all = append(all, &exitError{code: exitMissed})
	case measure.Unmeasurable, measure.Unjudged:
		all = append(all, &exitError{code: exitUnmeasurable})
	}
	for _, p := range n.Problems {
		switch p.Code {
		case night.StrangeCell:
			all = append(all, environment(fmt.Errorf("%s: the night has no such cell", p.Cell)))
		case night.NoShard, night.ShardTwice, night.ShardOpen, night.OtherShares, night.OtherVersions,
			night.CellLacking:
			// What that means for cells the verdict says.
		}
	}
	return worst(all...)
}
