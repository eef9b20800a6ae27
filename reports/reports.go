// Package reports turns the records of drills into what people and machines
// read: index.html and report.md for people, in English or Chinese, results.json
// and junit.xml for machines. README.md documents every field of results.json.
//
// Everything here is a pure function of records and of what was measured of
// them: rendering them again gives the same pages. What is unknown is rendered
// as unknown, never as zero; what is unmeasurable is never rendered as met.
package reports

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"drillbook/harness/linear"
	"drillbook/harness/measure"
	"drillbook/harness/record"
)

// Drill is one drill, recorded and measured.
type Drill struct {
	Record *record.Record
	Result measure.Result // what [measure.Of] says of the record
	// Register is what [linear.Of] says of the record. It is evidence beside
	// the verdict, which rests on tokens.
	Register linear.Result
	Name     string // folder of the drill in its run; "" if it has none
}

// Of measures the record of a drill.
func Of(rec *record.Record, name string) Drill {
	return Drill{Record: rec, Result: measure.Of(rec), Register: linear.Of(rec), Name: name}
}

// Unreadable stands for a drill whose record cannot be read: nothing is known of
// it but its name and why.
func Unreadable(name string, why error) Drill {
	return Of(&record.Record{
		Head: record.Head{Runbook: name}, Causes: []string{""}, Flaw: &record.CorruptError{Line: 1, Err: why},
	}, name)
}

// Run is the drills that are reported together, in the order of the report.
type Run struct {
	Drills    []Drill
	Skipped   []Skipped
	Broken    []Broken
	Generator string // which drillbook renders: "drillbook 1.2.0"
}

// The files that [Write] makes.
const (
	PageFile    = "index.html"
	SummaryFile = "report.md"
	JUnitFile   = "junit.xml"
	ResultsFile = "results.json"
)

// ErrLanguage is wrapped when there are no words in a language.
var ErrLanguage = errors.New("no such language")

// Languages are the codes of the languages that reports are written in.
func Languages() []string { return []string{"en", "zh"} }

// Write renders all files of a run into a folder, which it makes if need be.
// Every file appears whole or not at all; on an error no file is replaced that
// was not rendered to its end.
func Write(dir string, run Run, lang string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil { //nolint:gosec // reports are for others to read
		return fmt.Errorf("write reports: %w", err)
	}
	files := []struct {
		name   string
		render func(io.Writer) error
	}{
		{ResultsFile, func(w io.Writer) error { return JSON(w, run) }},
		{JUnitFile, func(w io.Writer) error { return JUnit(w, run) }},
		{SummaryFile, func(w io.Writer) error { return Markdown(w, run, lang) }},
		{PageFile, func(w io.Writer) error { return HTML(w, run, lang) }},
	}
	var parts []string
	defer func() {
		for _, p := range parts {
			_ = os.Remove(p) // those that were renamed are gone already
		}
	}()
	for _, f := range files {
		part, err := writePart(dir, f.name, f.render)
		if part != "" {
			parts = append(parts, part)
		}
		if err != nil {
			return fmt.Errorf("write report %s: %w", filepath.Join(dir, f.name), err)
		}
	}
	for i, f := range files {
		if err := os.Rename(parts[i], filepath.Join(dir, f.name)); err != nil {
			return fmt.Errorf("write report %s: %w", f.name, err)
		}
	}
	return nil
}

// writePart renders into a file beside the one it is to become. It names the
// file even when it fails, so that the caller can remove it.
func writePart(dir, name string, render func(io.Writer) error) (part string, err error) {
	f, err := os.CreateTemp(dir, "."+name+".*")
	if err != nil {
		return "", err
	}
	defer func() {
		if closing := f.Close(); err == nil {
			err = closing
		}
	}()
	if err := render(f); err != nil {
		return f.Name(), err
	}
	if err := f.Chmod(0o644); err != nil {
		return f.Name(), err
	}
	return f.Name(), f.Sync()
}

// check refuses what cannot be rendered truthfully.
func (r Run) check() error {
	for i, d := range r.Drills {
		switch {
		case d.Record == nil:
			return fmt.Errorf("drill %d %s has no record", i+1, d.Name)
		case d.Result.Verdict == "":
			return fmt.Errorf("drill %d %s is not measured", i+1, d.Name)
		}
	}
	return nil
}

func (r Run) generator() string {
	if r.Generator == "" {
		return "drillbook"
	}
	return r.Generator
}

// prepare checks the run and finds the words to render it with.
func (r Run) prepare(lang string) (words, error) {
	if !slices.Contains(Languages(), lang) {
		return words{}, fmt.Errorf("%w: %q; there are %v", ErrLanguage, lang, Languages())
	}
	return wordsIn(lang), r.check()
}
