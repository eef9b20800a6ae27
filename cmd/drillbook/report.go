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
			return worst(ends...)
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
	if err := reports.Table(cmd.OutOrStdout(), run, lang); err != nil {
		return environment(err)
	}
	return worst(judge(run, ""), environment(errors.Join(unreadable...)))
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
