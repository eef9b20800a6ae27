package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"drillbook/harness/drill"
	"drillbook/harness/record"
	"drillbook/reports"
	"drillbook/reports/words"
)

func reportCommand(w words.Words) *cobra.Command {
	var flags sheetFlags
	cmd := &cobra.Command{
		Use:   "report " + w.Say("help.folder") + "…",
		Short: w.Say("short.report"),
		Long:  w.Say("long.report"),
		Args:  folders(w),
		RunE: func(cmd *cobra.Command, args []string) error {
			sheets, err := flags.read(w)
			if err != nil {
				return err
			}
			ends := make([]error, 0, len(args))
			for _, dir := range args {
				ends = append(ends, rewrite(cmd, dir, sheets))
			}
			return worst(ends...)
		},
	}
	flags.add(cmd, w)
	return cmd
}

// folders wants folders of runs.
func folders(w words.Words) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		if len(args) == 0 {
			return usage(failure(w, nil, "error.which-folder"))
		}
		return nil
	}
}

// rewrite renders the records below a folder. One that cannot be read is told of in
// the reports, and is an error; those beside it are reported all the same.
func rewrite(cmd *cobra.Command, dir string, s sheets) error {
	run, w := reports.Run{Generator: version()}, s.words
	files, err := recordsIn(dir, w)
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
		return usage(failure(w, nil, "error.no-records", "folder", dir))
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
			flaw := failure(w, rec.Flaw, "error.record", "file", f)
			_, _ = fmt.Fprintln(cmd.ErrOrStderr(), w.Say("error", "error", told(w, flaw))) // there is nowhere else
		}
		run.Drills = append(run.Drills, reports.Of(rec, name))
	}
	if run, err = s.fitted(run); err != nil {
		return err
	}
	if err := reports.Write(dir, run, w.Lang); err != nil {
		return environment(err)
	}
	unwritten := s.write(cmd.Context(), dir, run)
	if err := reports.Table(cmd.OutOrStdout(), run, w.Lang, columnsOf(cmd.OutOrStdout())); err != nil {
		return environment(err)
	}
	return worst(judge(run, "", w), environment(errors.Join(unreadable...)), unwritten)
}

// recordsIn are the records of the run in a folder, whatever its name.
func recordsIn(dir string, w words.Words) ([]string, error) {
	drills, err := os.ReadDir(dir)
	if err != nil {
		return nil, usage(failure(w, err, "error.read-run"))
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
