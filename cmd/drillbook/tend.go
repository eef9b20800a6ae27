package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"

	"github.com/spf13/cobra"

	"drillbook/harness/drill"
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
		Long: `Measure the records of a run again and write its reports anew.

The exit code is that of the verdict, as "drillbook run" has it; 4 if a record cannot be read, which is named while the
others are reported.`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			lang, err := language(cmd)
			if err != nil {
				return err
			}
			ends := make([]error, 0, len(args))
			for _, dir := range args {
				ends = append(ends, rewrite(cmd, dir, lang))
			}
			return gravest(ends...)
		},
	}
}

// rewrite renders the records below a folder. One that cannot be read is told of in
// the reports, and is an error; those beside it are reported all the same.
func rewrite(cmd *cobra.Command, dir, lang string) error {
	run := reports.Run{Generator: version()}
	files, err := recordsIn(dir)
	if err != nil {
		return err
	}
	if run.Skipped, err = reports.ReadSkipped(dir); err != nil {
		return environment(err)
	}
	if run.Broken, err = reports.ReadBroken(dir); err != nil {
		return environment(err)
	}
	if len(files)+len(run.Skipped)+len(run.Broken) == 0 {
		return usage(fmt.Errorf("%s holds no records: name the folder of a run, such as reports/out/latest", dir))
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
			_, _ = fmt.Fprintf(cmd.ErrOrStderr(), "drillbook: record %s: %v\n", f, rec.Flaw) // there is nowhere else
		}
		run.Drills = append(run.Drills, reports.Of(rec, name))
	}
	if err := reports.Write(dir, run, lang); err != nil {
		return environment(err)
	}
	if err := reports.Table(lasting(cmd.OutOrStdout()), run, lang); err != nil {
		return environment(err)
	}
	return gravest(judge(run, ""), environment(errors.Join(unreadable...)))
}

// recordsIn are the records of the run in a folder, whatever its name.
func recordsIn(dir string) ([]string, error) {
	drills, err := os.ReadDir(dir)
	if err != nil {
		return nil, usage(fmt.Errorf("read the folder of a run: %w", err))
	}
	var files []string
	for _, d := range drills {
		f := filepath.Join(dir, d.Name(), drill.RecordName)
		if _, err := os.Stat(f); err == nil {
			files = append(files, f)
		}
	}
	return files, nil
}

// say prints lines to the command's output.
func say(cmd *cobra.Command) func(string) {
	out := lasting(cmd.OutOrStdout())
	return func(line string) { _, _ = fmt.Fprintln(out, line) } // it never fails
}

// allowsInstall is what --yes means to commands that build images.
const allowsInstall = "install on this machine, as root, what an image's base is made with where no registry gives one"

func imagesCommand() *cobra.Command {
	var remove, yes bool
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
				ref, err := container.EnsureImage(cmd.Context(), img, container.Making{Progress: line, Install: yes})
				if err != nil {
					return environment(err)
				}
				line(ref)
			}
			return nil
		},
	}
	cmd.Flags().BoolVar(&remove, "remove", false, "remove them instead")
	cmd.Flags().BoolVar(&yes, "yes", false, allowsInstall)
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
