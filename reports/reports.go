// Package reports turns the records of drills into what people and machines
// read: index.html and report.md for people, in English or Chinese, results.json
// and junit.xml for machines. README.md documents every field of results.json.
//
// Everything here is a pure function of records and of what was measured of
// them: rendering them again gives the same pages. What is unknown is rendered
// as unknown, never as zero; what is unmeasurable is never rendered as met.
package reports

import (
	"io"
	"os"
	"path/filepath"
	"time"

	"drillbook/harness/measure"
	"drillbook/harness/phrase"
	"drillbook/harness/record"
	"drillbook/reports/junit"
	"drillbook/reports/markdown"
	"drillbook/reports/model"
	"drillbook/reports/results"
	"drillbook/reports/run"
	"drillbook/reports/table"
	"drillbook/reports/text"
	"drillbook/reports/words"
)

// What a run is made of.
type (
	// Run is the drills that are reported together, in the order of the report.
	Run = run.Run
	// Drill is one drill, recorded and measured.
	Drill = run.Drill
	// Skipped is a runbook that a run did not carry out.
	Skipped = run.Skipped
	// Broken is a drill that its place has failed.
	Broken = run.Broken
	// Night is what many machines have carried out together.
	Night = run.Night
	// Breakage is what went wrong with a drill outside of its record.
	Breakage = run.Breakage
)

// The breakages.
const (
	NotBegun   = run.NotBegun
	PlaceBroke = run.PlaceBroke
	RecordLost = run.RecordLost
	LeftBehind = run.LeftBehind
)

// The files that [Write] makes.
const (
	PageFile    = "index.html"
	SummaryFile = "report.md"
	JUnitFile   = "junit.xml"
	ResultsFile = "results.json"
)

// Write renders all files of a run into a folder, which it makes if need be, and the page
// of each drill into the drill's own folder below it. Every file appears whole or not at
// all; on an error no file is replaced that was not rendered to its end.
func Write(dir string, r Run, lang string) error {
	models := map[string]model.Report{}
	if _, err := words.Find(lang); err != nil {
		return phrase.Errorf("write reports: %w", err)
	}
	r = r.Hashed(dir)
	for _, l := range words.Languages() {
		m, err := model.Of(r, l)
		if err != nil {
			return phrase.Errorf("write reports: %w", err)
		}
		models[l] = m
	}
	files := append([]file{
		{ResultsFile, func(w io.Writer) error { return results.Write(w, r) }},
		{JUnitFile, func(w io.Writer) error { return junit.Write(w, models["en"]) }},
		{SummaryFile, func(w io.Writer) error { return markdown.Write(w, models[lang]) }},
	}, pages(models, lang)...)
	if err := writeAll(dir, files); err != nil {
		return err
	}
	return removeOldPages(dir, files, lang)
}

// file is a report in the making.
type file struct {
	name   string // within the folder that it is written to
	render func(io.Writer) error
}

// writeAll renders all files before it puts the first of them in its place.
func writeAll(dir string, files []file) error {
	var parts []string
	defer func() {
		for _, p := range parts {
			_ = os.Remove(p) // those that were renamed are gone already
		}
	}()
	for _, f := range files {
		path := filepath.Join(dir, f.name)
		err := os.MkdirAll(filepath.Dir(path), 0o755) //nolint:gosec // reports are for others to read
		if err == nil {
			var part string
			if part, err = run.WritePart(filepath.Dir(path), filepath.Base(path), f.render); part != "" {
				parts = append(parts, part)
			}
		}
		if err != nil {
			return phrase.Errorf("write report %s: %w", path, err)
		}
	}
	for i, f := range files {
		if err := os.Rename(parts[i], filepath.Join(dir, f.name)); err != nil {
			return phrase.Errorf("write report %s: %w", f.name, err)
		}
	}
	return nil
}

// Table writes the closing table of a run for a terminal with so many columns, 0 if
// there is none.
func Table(w io.Writer, r Run, lang string, columns int) error {
	m, err := model.Of(r, lang)
	if err != nil {
		return err
	}
	return table.Write(w, m, columns)
}

// Of measures the record of a drill.
func Of(rec *record.Record, name string) Drill { return run.Of(rec, name) }

// Unreadable stands for a drill whose record cannot be read: nothing is known of
// it but its name and why.
func Unreadable(name string, why error) Drill { return run.Unreadable(name, why) }

// WriteWhole writes a file of a folder whole or not at all.
func WriteWhole(dir, name string, render func(io.Writer) error) error {
	return run.WriteWhole(dir, name, render)
}

// Files beside the records of a run: what it has skipped, and what went wrong with it.
const (
	SkippedFile = run.SkippedFile
	BrokenFile  = run.BrokenFile
)

// WriteSkipped writes what a run skips into its folder, which it makes if need
// be. Where nothing is skipped there is no file.
func WriteSkipped(dir string, skipped []Skipped) error { return run.WriteSkipped(dir, skipped) }

// ReadSkipped reads what the run in a folder has skipped.
func ReadSkipped(dir string) ([]Skipped, error) { return run.ReadSkipped(dir) }

// WriteBroken writes what went wrong with a run into its folder, which it makes
// if need be. Where nothing did there is no file.
func WriteBroken(dir string, broken []Broken) error { return run.WriteBroken(dir, broken) }

// ReadBroken reads what went wrong with the run in a folder.
func ReadBroken(dir string) ([]Broken, error) { return run.ReadBroken(dir) }

// Languages are the codes of the languages that reports are written in.
func Languages() []string { return words.Languages() }

// Sentence says a reason in plain words, with its figures and its limit. In a
// language that there are no words in it speaks English.
func Sentence(r measure.Reason, lang string) string { return words.In(lang).Sentence(r) }

// Duration writes a time for people: 412 ms, 1.53 s, 2 min 3 s.
func Duration(d time.Duration, lang string) string { return words.In(lang).Duration(d) }

// Bracket writes a bracket for people, as [words.Words.Bracket] does.
func Bracket(b measure.Bracket, open bool, lang string) string {
	return words.In(lang).Bracket(b, open)
}

// Clean takes out of foreign text what would not print or would mislead a
// reader, as [text.Clean] does.
func Clean(s string) string { return text.Clean(s) }
