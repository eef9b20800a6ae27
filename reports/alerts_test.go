package reports_test

import (
	"io"
	"strings"
	"testing"
	"time"

	"drillbook/harness/record"
)

// TestAlertsAreShown: what somebody should read in the product's logs stands in a table
// and as a mark in the picture; without any, there is neither.
func TestAlertsAreShown(t *testing.T) {
	rec := quick(5).run()
	member := rec.Head.Members[0]
	const mark = `fill="currentColor" data-at="`
	for _, lang := range []string{"en", "zh"} {
		if html := rendered(
			t,
			func(w io.Writer) error { return asHTML(w, run(rec), lang) },
		); strings.Contains(
			html,
			mark,
		) {
			t.Errorf("%s: the picture has an alert, and the record none", lang)
		}
	}
	last := rec.Events[len(rec.Events)-1].At
	rec.Events = append(rec.Events, record.Event{
		At: last, Kind: record.Alert, Member: member, Least: last / 2, Most: last/2 + time.Millisecond,
		Answer: "send to W_B | failed <now>",
		Logged: &record.Logged{
			Clock: "2031-02-03 04:05:06.007", Level: "ERROR", Code: -6021, Instance: "W_A", Thread: "T17",
		},
	})
	for lang, title := range map[string]string{"en": "Alerts in the product’s logs", "zh": "产品日志中的告警"} {
		page := rendered(t, func(w io.Writer) error { return asMarkdown(w, run(rec), lang) })
		for _, want := range []string{title, "2031-02-03 04:05:06.007", "ERROR", "-6021", "W_A", "T17", "send to W_B"} {
			if !strings.Contains(page, want) {
				t.Errorf("%s: the summary has no %q", lang, want)
			}
		}
		html := rendered(t, func(w io.Writer) error { return asHTML(w, run(rec), lang) })
		if !strings.Contains(html, mark) || strings.Contains(html, "<now>") {
			t.Errorf("%s: the picture has no alert, or its text is not escaped", lang)
		}
	}
}

// TestAlertsStandInTheirOrder: those of all nodes, by when they were.
func TestAlertsStandInTheirOrder(t *testing.T) {
	rec := quick(5).run()
	last := rec.Events[len(rec.Events)-1].At
	for i, text := range []string{"the third", "the first", "the second"} {
		at := []time.Duration{3 * sec, 1 * sec, 2 * sec}[i]
		rec.Events = append(rec.Events, record.Event{
			At: last, Kind: record.Alert, Member: rec.Head.Members[i%2], Least: at, Most: at + ms, Answer: text,
			Logged: &record.Logged{Level: "FATAL"},
		})
	}
	page := rendered(t, func(w io.Writer) error { return asMarkdown(w, run(rec), "en") })
	first, second, third := strings.Index(page, "the first"), strings.Index(page, "the second"),
		strings.Index(page, "the third")
	if first < 0 || first > second || second > third {
		t.Errorf("the alerts stand at %d, %d and %d, want them in the order of time", first, second, third)
	}
}
