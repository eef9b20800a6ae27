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

func skipped() []reports.Skipped {
	return []reports.Skipped{{
		Runbook: "postgres/network-cut", Product: "postgres", Host: "local",
		Params: map[string]string{"mode": "async"},
		Found:  time.Date(2026, 3, 1, 2, 0, 0, 0, time.UTC),
		Why:    "it needs cut links, and on a local host there is no network to cut",
	}}
}

// What was skipped is listed with its reason, and as nothing else.
func TestSkipped(t *testing.T) {
	r := reports.Run{Skipped: skipped()}
	json := func(w io.Writer) error { return results.Write(w, r) }
	junit := func(w io.Writer) error { return asJUnit(w, r) }
	for _, lang := range []string{"en", "zh"} {
		for name, write := range map[string]func(io.Writer, reports.Run, string) error{
			"html": asHTML, "md": asMarkdown,
		} {
			page := func(w io.Writer) error { return write(w, r, lang) }
			golden(t, "skipped."+lang+".golden."+name, page)
			if text := rendered(t, page); !strings.Contains(text, skipped()[0].Why) {
				t.Errorf("%s, %s: it does not say why", lang, name)
			}
		}
	}
	golden(t, "skipped.golden.json", json)
	golden(t, "skipped.golden.xml", junit)
	for _, text := range []string{rendered(t, json), rendered(t, junit)} {
		if !strings.Contains(text, skipped()[0].Why) || strings.Contains(text, `"met"`) {
			t.Errorf("it does not say why, or says met:\n%s", text)
		}
	}
}

func TestSkippedIsReadBack(t *testing.T) {
	dir := t.TempDir()
	for _, want := range [][]reports.Skipped{nil, skipped()} {
		if err := reports.WriteSkipped(dir, want); err != nil {
			t.Fatal(err)
		}
		if got, err := reports.ReadSkipped(dir); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("ReadSkipped = %v, %v, want %v", got, err, want)
		}
	}
}
