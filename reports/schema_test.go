package reports_test

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"drillbook/harness/measure"
	"drillbook/harness/record"
	"drillbook/reports"
	"drillbook/reports/results"
)

// older is a run whose record is of schema 1.
func older(t *testing.T) reports.Run {
	t.Helper()
	rec, err := record.ReadFile(filepath.Join("..", "harness", "record", "testdata", "schema1.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	if rec.Head.Schema != 1 || rec.Tail == nil {
		t.Fatalf("schema %d, tail %v: want a whole record of schema 1", rec.Head.Schema, rec.Tail)
	}
	return reports.Run{Drills: []reports.Drill{reports.Of(rec, "fake-lost-primary")}}
}

// TestOlderRecordRenders: a record of schema 1 still measures and renders as it
// did. In its third step a fault could not be healed at first, and only the words
// of the errors say that the service does not answer for that.
func TestOlderRecordRenders(t *testing.T) {
	r := older(t)
	if got := r.Drills[0].Result.Verdict; got != measure.Unmeasurable {
		t.Errorf("verdict %s, want unmeasurable", got)
	}
	golden(t, "schema1.golden.json", func(w io.Writer) error { return results.Write(w, r) })
	for _, lang := range []string{"en", "zh"} {
		golden(t, "schema1."+lang+".golden.md", func(w io.Writer) error { return asMarkdown(w, r, lang) })
		golden(t, "schema1."+lang+".golden.html", func(w io.Writer) error { return asHTML(w, r, lang) })
	}
}

// flawed is a run of a record that is damaged in its 30th line, and of one that cannot
// be read.
func flawed(t *testing.T) reports.Run {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "harness", "record", "testdata", "schema1.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	lines := bytes.SplitAfter(text, []byte("\n"))
	rec, err := record.Read(bytes.NewReader(bytes.Join(append(slices.Clone(lines[:29]), []byte("{}\n")), nil)))
	if rec == nil {
		t.Fatal(err)
	}
	return reports.Run{Drills: []reports.Drill{
		reports.Of(rec, "damaged"), reports.Unreadable("fake-other", errors.New("line 1 is damaged: no checksum")),
	}}
}

// TestFlawedRecordsRender: with what is certain of them, and the line.
func TestFlawedRecordsRender(t *testing.T) {
	r := flawed(t)
	golden(t, "flawed.golden.json", func(w io.Writer) error { return results.Write(w, r) })
	golden(t, "flawed.golden.xml", func(w io.Writer) error { return asJUnit(w, r) })
	for _, lang := range []string{"en", "zh"} {
		golden(t, "flawed."+lang+".golden.md", func(w io.Writer) error { return asMarkdown(w, r, lang) })
		golden(t, "flawed."+lang+".golden.html", func(w io.Writer) error { return asHTML(w, r, lang) })
		golden(t, "flawed."+lang+".golden.txt", func(w io.Writer) error { return reports.Table(w, r, lang, 0) })
	}
}
