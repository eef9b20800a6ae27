package reports_test

import (
	"io"
	"reflect"
	"strings"
	"testing"
	"time"

	"drillbook/reports"
	"drillbook/reports/results"
)

func brokenRuns() []reports.Broken {
	at := time.Date(2026, 3, 1, 2, 0, 0, 0, time.UTC)
	return []reports.Broken{
		{
			What: reports.NotBegun, Runbook: "postgres/lost-primary", Run: "20260301-020000-abcdef",
			Product: "postgres", Host: "container", Params: map[string]string{"mode": "sync"},
			Found: at, Why: "no subnet is free",
		},
		{
			What: reports.LeftBehind, Runbook: "postgres/network-cut", Run: "20260301-021000-abcdef",
			Product: "postgres", Host: "container", Found: at,
			Why: "the engine does not answer: `drillbook heal` tries again",
		},
		{
			What: reports.PlaceBroke, Runbook: "postgres/sync-check", Product: "postgres", Host: "container", Found: at,
			Why: "it does not answer any more",
		},
	}
}

// What the records do not tell is in every report, with its reason, and nothing
// that lacks a record is met.
func TestBroken(t *testing.T) {
	met := run(quick(1).run())
	met.Broken = brokenRuns()
	for name, write := range map[string]func(io.Writer, reports.Run) error{
		"html.en":  func(w io.Writer, r reports.Run) error { return asHTML(w, r, "en") },
		"html.zh":  func(w io.Writer, r reports.Run) error { return asHTML(w, r, "zh") },
		"md.en":    func(w io.Writer, r reports.Run) error { return asMarkdown(w, r, "en") },
		"md.zh":    func(w io.Writer, r reports.Run) error { return asMarkdown(w, r, "zh") },
		"json":     results.Write,
		"junit":    asJUnit,
		"terminal": func(w io.Writer, r reports.Run) error { return reports.Table(w, r, "en", 0) },
	} {
		text := rendered(t, func(w io.Writer) error { return write(w, met) })
		for _, b := range met.Broken {
			why, _, _ := strings.Cut(b.Why, ": `") // which some escape
			if !strings.Contains(text, why) && name != "terminal" {
				t.Errorf("%s does not say of %s that %s", name, b.Runbook, why)
			}
		}
		only := rendered(t, func(w io.Writer) error { return write(w, reports.Run{Broken: met.Broken}) })
		if strings.Contains(only, `"met"`) {
			t.Errorf("%s: a run that did not begin is met:\n%s", name, only)
		}
	}
	md := rendered(t, func(w io.Writer) error { return asMarkdown(w, met, "en") })
	if !strings.Contains(md, "? Unmeasurable. 1 drill") {
		t.Errorf("a run that lacks drills reads\n%.400s", md)
	}
	met.Broken = met.Broken[1:]
	md = rendered(t, func(w io.Writer) error { return asMarkdown(w, met, "en") })
	if strings.Contains(md, "? Unmeasurable") {
		t.Errorf("a drill that is met and has left something behind reads\n%.400s", md)
	}
	golden(t, "broken.en.golden.md", func(w io.Writer) error {
		return asMarkdown(w, reports.Run{Broken: brokenRuns()}, "en")
	})
	golden(t, "broken.zh.golden.md", func(w io.Writer) error {
		return asMarkdown(w, reports.Run{Broken: brokenRuns()}, "zh")
	})
	golden(t, "broken.golden.xml", func(w io.Writer) error {
		return asJUnit(w, reports.Run{Broken: brokenRuns()})
	})
}

func TestBrokenIsReadBack(t *testing.T) {
	dir := t.TempDir()
	for _, want := range [][]reports.Broken{nil, brokenRuns()} {
		if err := reports.WriteBroken(dir, want); err != nil {
			t.Fatal(err)
		}
		if got, err := reports.ReadBroken(dir); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("ReadBroken = %v, %v, want %v", got, err, want)
		}
	}
}
