package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"runtime/debug"
	"slices"

	"github.com/spf13/cobra"

	"drillbook/harness/drill"
	"drillbook/harness/fault"
	"drillbook/harness/host/container"
	"drillbook/harness/host/local"
	"drillbook/harness/record"
	"drillbook/reports"
	"drillbook/scenarios/dsl"
)

func reportCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "report DIR…",
		Short: "Measure the records of a run again and write its reports anew",
		Args:  cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			lang, err := language(cmd)
			if err != nil {
				return err
			}
			var errs []error
			for _, dir := range args {
				if err := rewrite(cmd, dir, lang); err != nil {
					errs = append(errs, err)
				}
			}
			if len(errs) == 1 {
				return errs[0]
			}
			return environment(errors.Join(errs...))
		},
	}
}

// rewrite renders the records below a folder. One that cannot be read is told of in
// the reports, and is an error; those beside it are reported all the same.
func rewrite(cmd *cobra.Command, dir, lang string) error {
	files, err := filepath.Glob(filepath.Join(dir, "*", drill.RecordName))
	if err != nil {
		return usage(err)
	}
	if len(files) == 0 {
		return usage(fmt.Errorf("%s holds no records: name the folder of a run, such as reports/out/latest", dir))
	}
	run := reports.Run{Generator: version()}
	if run.Skipped, err = reports.ReadSkipped(dir); err != nil {
		return environment(err)
	}
	var unreadable []error
	for _, f := range files {
		name := filepath.Base(filepath.Dir(f))
		rec, err := record.ReadFile(f)
		if rec == nil {
			unreadable = append(unreadable, err)
			run.Drills = append(run.Drills, reports.Unreadable(name, err))
			continue
		}
		if rec.Flaw != nil { // what stands before it is still worth a report
			_, err := fmt.Fprintf(cmd.ErrOrStderr(), "drillbook: record %s: %v\n", f, rec.Flaw)
			if err != nil {
				return err
			}
		}
		run.Drills = append(run.Drills, reports.Of(rec, name))
	}
	if err := reports.Write(dir, run, lang); err != nil {
		return environment(err)
	}
	if err := reports.Table(cmd.OutOrStdout(), run, lang); err != nil {
		return err
	}
	return environment(errors.Join(unreadable...))
}

func healCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "heal",
		Short: "Undo and remove what runs that were killed have left behind",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			line := say(cmd)
			noEngine, err := heal(cmd.Context(), line)
			if noEngine != nil {
				line(fmt.Sprintf("containers were not looked for: %v", noEngine))
			}
			return err
		},
	}
}

// heal removes what dead runs have left, in containers if an engine answers.
// Their faults went with what they were done to; it says which ones had been in
// force.
func heal(ctx context.Context, say func(line string)) (noEngine, err error) {
	if err := container.Heal(ctx, say); errors.Is(err, container.ErrNoEngine) {
		noEngine = err
	} else if err != nil {
		return nil, err
	}
	if err := local.Heal(ctx, say); err != nil {
		return noEngine, err
	}
	dir, err := dsl.Ledgers()
	if err != nil {
		return noEngine, err
	}
	left, err := fault.Left(dir)
	errs := []error{err}
	for _, l := range left {
		page := l.Page()
		if noEngine != nil && page.Undo == dsl.Containers().Undo {
			errs = append(errs, l.Close()) // nothing was undone
			continue
		}
		for _, f := range page.Faults {
			say(fmt.Sprintf("run %s: %q had been in force (%s); undone: %s", page.Run, f.What, f.Mechanism, page.Undo))
		}
		if len(page.Faults) > 0 {
			say(fmt.Sprintf("run %s: its record is %s", page.Run, page.Record))
		}
		errs = append(errs, l.Forget())
	}
	return noEngine, errors.Join(errs...)
}

// say prints lines to the command's output.
func say(cmd *cobra.Command) func(string) {
	return func(line string) { _, _ = fmt.Fprintln(cmd.OutOrStdout(), line) }
}

func imagesCommand() *cobra.Command {
	var remove bool
	cmd := &cobra.Command{
		Use:   "images",
		Short: "Build all images that drills need, or remove them",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			line := say(cmd)
			if remove {
				return removeImages(cmd.Context(), line)
			}
			for _, img := range dsl.Images() {
				ref, err := container.EnsureImage(cmd.Context(), img, line)
				if err != nil {
					return environment(err)
				}
				line(ref)
			}
			return nil
		},
	}
	cmd.Flags().BoolVar(&remove, "remove", false, "remove them instead")
	return cmd
}

// removeImages removes all images, and what stands in for them on this machine.
func removeImages(ctx context.Context, line func(string)) error {
	prepared, err := local.RemovePrepared()
	images, noImages := container.RemoveImages(ctx)
	for _, removed := range slices.Concat(prepared, images) {
		line("removed " + removed)
	}
	if errors.Is(noImages, container.ErrNoEngine) {
		line(fmt.Sprintf("images were not looked for: %v", noImages))
		noImages = nil
	}
	return errors.Join(err, noImages)
}

func versionCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			_, err := fmt.Fprintln(cmd.OutOrStdout(), version())
			return err
		},
	}
}

// version names the program and, if it was built from a checkout, its commit.
func version() string {
	const released = "drillbook 0.1.0"
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return released
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" && len(s.Value) >= 12 {
			return released + " (" + s.Value[:12] + ")"
		}
	}
	return released
}
