package main

import (
	"context"
	"errors"
	"os"
	"time"

	"github.com/spf13/cobra"

	"drillbook/harness/phrase"
	"drillbook/harness/record"
	"drillbook/reports"
	"drillbook/reports/words"
	"drillbook/runbooks"
	"drillbook/scenarios/dsl"
)

func coverCommand(w words.Words) *cobra.Command {
	var form string
	cmd := &cobra.Command{
		Use:   "cover",
		Short: w.Say("short.cover"),
		Long:  w.Say("long.cover"),
		Args:  noArguments(w),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if form != "" {
				return writeForm(form, w)
			}
			template, err := reports.CoverTemplate(w.Lang)
			if err != nil {
				return usage(err)
			}
			_, err = cmd.OutOrStdout().Write(template)
			return err
		},
	}
	cmd.Flags().StringVar(&form, "form", "", w.Say("flag.form"))
	return cmd
}

// writeForm writes the form that comes with drillbook into a file that is not there yet.
func writeForm(name string, w words.Words) error {
	form, err := reports.Form(w.Lang)
	if err != nil {
		return usage(err)
	}
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644) //nolint:gosec // it is for others to read
	if err != nil {
		return usage(failure(w, err, "error.form"))
	}
	_, err = f.Write(form)
	return environment(errors.Join(err, f.Close()))
}

// sheetFlags are what a command can be told about the sheet that is signed.
type sheetFlags struct{ cover, format, template, last string }

func (f *sheetFlags) add(cmd *cobra.Command, w words.Words) {
	flags := cmd.Flags()
	flags.StringVar(&f.cover, "cover", "", w.Say("flag.cover"))
	flags.StringVar(&f.format, "format", "", w.Say("flag.format"))
	flags.StringVar(&f.template, "template", "", w.Say("flag.template"))
	flags.StringVar(&f.last, "last", "", w.Say("flag.last"))
}

// sheets are these flags, checked and read.
type sheets struct {
	cover *reports.Cover
	last  []reports.Drill
	how   reports.Sheets
	words words.Words
}

func (f *sheetFlags) read(w words.Words) (s sheets, err error) {
	s.words, s.how = w, reports.Sheets{Lang: w.Lang, Template: f.template}
	if s.how.Formats, err = reports.ParseFormats(f.format); err != nil {
		return s, usage(failure(w, err, "error.sheet-flag", "flag", "--format"))
	}
	if f.cover != "" {
		if s.cover, err = reports.ReadCover(f.cover); err != nil {
			return s, usage(failure(w, err, "error.sheet-flag", "flag", "--cover"))
		}
	}
	if f.template != "" {
		if err := reports.CheckTemplate(f.template); err != nil {
			return s, usage(failure(w, err, "error.sheet-flag", "flag", "--template"))
		}
	}
	if f.last != "" {
		if s.last, err = readDrills(f.last, w); err != nil {
			return s, err
		}
	}
	return s, nil
}

// readDrills are the drills of an earlier run whose records can be read.
func readDrills(dir string, w words.Words) ([]reports.Drill, error) {
	files, err := recordsIn(dir, w)
	if err != nil {
		return nil, err
	}
	var drills []reports.Drill
	for _, f := range files {
		if rec, _ := record.ReadFile(f); rec != nil {
			drills = append(drills, reports.Of(rec, ""))
		}
	}
	if len(drills) == 0 {
		return nil, usage(failure(w, nil, "error.no-records", "folder", dir))
	}
	return drills, nil
}

// foreseen checks before a run what can be known of it: the cover must fit what the
// runbooks promise, the members of the scenarios, and today.
func (s sheets) foreseen(lib runbooks.Library, chosen []dsl.Scenario) error {
	if s.cover == nil {
		return nil
	}
	var expected []*record.Record
	for _, c := range chosen {
		book, err := lib.Get(c.Runbook)
		if err != nil {
			return usage(err)
		}
		expected = append(expected, &record.Record{Head: record.Head{
			Runbook: c.Runbook, Members: c.Members, Promise: record.Promise{RTO: book.RTO, RPO: book.RPO},
			Began: time.Now(),
		}})
	}
	return contradiction(s.words, "error.cover-run", s.cover.Fits(expected...))
}

// contradiction is an error of usage on one line; nil if nothing is wrong.
func contradiction(w words.Words, key string, wrong []error) error {
	if len(wrong) == 0 {
		return nil
	}
	said := make([]phrase.Phrase, 0, len(wrong))
	for _, one := range wrong {
		said = append(said, phrase.Of(one))
	}
	return usage(failure(w, phrase.Errorf("%s", phrase.Join(said, "; ")), key))
}

// fitted is the run with the cover and the earlier drills. A cover that contradicts the
// records is left out, and the error says in what.
func (s sheets) fitted(run reports.Run) (reports.Run, error) {
	run.Last = s.last
	records := make([]*record.Record, 0, len(run.Drills))
	for _, d := range run.Drills {
		records = append(records, d.Record)
	}
	if err := contradiction(s.words, "error.cover-record", s.cover.Fits(records...)); err != nil {
		return run, err
	}
	run.Cover = s.cover
	return run, nil
}

// write writes the sheets of a run.
func (s sheets) write(ctx context.Context, dir string, run reports.Run) error {
	return environment(reports.WriteSheets(ctx, dir, run, s.how))
}
