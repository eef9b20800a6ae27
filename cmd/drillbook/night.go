package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"drillbook/harness/night"
	"drillbook/reports/words"
	"drillbook/runbooks"
)

// nightFlags are what a run can be told of a night.
type nightFlags struct {
	file, shard, like string
	shards, parallel  int
}

func (f *nightFlags) register(flags *pflag.FlagSet, w words.Words) {
	flags.StringVar(&f.file, "night", "", w.Say("flag.night"))
	flags.StringVar(&f.shard, "shard", "", w.Say("flag.shard"))
	flags.IntVar(&f.shards, "shards", 0, w.Say("flag.shards"))
	flags.StringVar(&f.like, "like", "", w.Say("flag.like"))
	flags.IntVar(&f.parallel, "parallel", 1, w.Say("flag.parallel"))
}

// ofNight are the flags that are of use with --night only.
func ofNight() []string { return []string{"shard", "shards", "like", "parallel"} }

// besideNight are those that a night can have. Its file says the rest.
func besideNight() []string {
	return append(
		ofNight(),
		"night",
		"host",
		"out",
		"rate",
		"connect",
		"reply",
		"yes",
		"plain",
		"runbooks",
		"lang",
		"beside",
	)
}

// check refuses flags that contradict each other.
func (f *nightFlags) check(cmd *cobra.Command, args []string) error {
	var wrong []string
	cmd.Flags().Visit(func(flag *pflag.Flag) {
		with := f.file != ""
		if with && !slices.Contains(besideNight(), flag.Name) || !with && slices.Contains(ofNight(), flag.Name) {
			wrong = append(wrong, "--"+flag.Name)
		}
	})
	switch {
	case len(wrong) > 0 && f.file == "":
		return usage(fmt.Errorf("%s: only with --night", strings.Join(wrong, ", ")))
	case len(wrong) > 0:
		return usage(fmt.Errorf("%s: not with --night: its file says what is drilled", strings.Join(wrong, ", ")))
	case f.file != "" && len(args) > 0:
		return usage(fmt.Errorf("%s: not with --night: its file says what is drilled", strings.Join(args, " ")))
	case f.parallel < 1:
		return usage(fmt.Errorf("--parallel %d: at least 1", f.parallel))
	}
	return nil
}

// share is which shard this is.
func (f *nightFlags) share() (night.Share, error) {
	if f.shard == "" {
		s, err := night.ShareOf(f.shards, os.Getenv)
		return s, usage(err)
	}
	if f.shards != 0 {
		return night.Share{}, usage(errors.New("give either --shard or --shards"))
	}
	s, err := night.ParseShare(f.shard)
	if err != nil {
		err = fmt.Errorf("--shard: %w", err)
	}
	return s, usage(err)
}

// runNight carries out a shard of a night.
func runNight(cmd *cobra.Command, f runFlags, w words.Words) error {
	lib, err := library(cmd, w)
	if err != nil {
		return err
	}
	planned, err := readNight(lib, f.night.file, f.night.like)
	if err != nil {
		return err
	}
	share, err := f.night.share()
	if err != nil {
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return environment(fmt.Errorf("find drillbook itself: %w", err))
	}
	out, err := makeFolder(filepath.Join(f.out, fmt.Sprintf("%s-%d-of-%d", planned.name, share.Index, share.Of)), w)
	if err != nil {
		return err
	}
	cells := night.Deal(planned.cells, planned.times, share.Of)[share.Index-1]
	s := &shardRun{
		folder: out, cells: cells, shard: newShard(planned, share, cells), parallel: f.night.parallel,
		say:  func(line string) { _, _ = fmt.Fprintln(cmd.OutOrStdout(), line) }, // there is nowhere to report it
		room: enough(f.probe, lib, w), w: w,
	}
	p := processes{self: self, args: childArgs(cmd)}
	s.carry = p.carry

	ctx, stop := context.WithCancel(cmd.Context())
	defer stop()
	in := catchInterrupts()
	defer in.forget()
	watched, done := context.WithCancel(cmd.Context())
	defer done()
	go handleSignals(watched, in.signals, stop, func() {
		p.signal()
		fmt.Fprintln(os.Stderr, w.Say("view.at-once"))
		os.Exit(exitInterrupted)
	})
	err = s.run(ctx)
	if ctx.Err() != nil {
		return interrupted(err)
	}
	return err
}

func newShard(n plannedNight, share night.Share, cells []night.Cell) night.Shard {
	s := night.Shard{
		Schema: night.ShardSchema, Night: n.name, Digest: n.digest, Index: share.Index, Of: share.Of,
		Cells: make([]string, 0, len(cells)), Machine: machine(), Version: version(), Begun: time.Now().UTC(),
		All: n.cells,
	}
	for _, c := range cells {
		s.Cells = append(s.Cells, c.Name)
	}
	return s
}

// machine names this machine in what its shard leaves.
func machine() string {
	m := fmt.Sprintf("%s/%s, %d processors", runtime.GOOS, runtime.GOARCH, runtime.NumCPU())
	if name, err := os.Hostname(); err == nil {
		m = name + ", " + m
	}
	return m
}

// childArgs are the arguments that every drill of the night gets as they were given.
func childArgs(cmd *cobra.Command) []string {
	args := []string{"run", "--plain"}
	cmd.Flags().Visit(func(flag *pflag.Flag) {
		switch flag.Name {
		case "host", "rate", "connect", "reply", "yes", "runbooks", "lang":
			args = append(args, "--"+flag.Name+"="+flag.Value.String())
		}
	})
	return args
}

// promised is the shortest outage that one of the runbooks of cells allows.
func promised(lib runbooks.Library, cells []night.Cell) time.Duration {
	shortest := time.Duration(0)
	for _, c := range cells {
		if b, err := lib.Get(c.Runbook); err == nil && (shortest == 0 || b.RTO < shortest) {
			shortest = b.RTO
		}
	}
	return shortest
}
