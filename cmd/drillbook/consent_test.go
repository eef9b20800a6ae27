package main

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"drillbook/harness/measure"
	"drillbook/harness/record"
	"drillbook/reports"
)

// thinksFor is how long the person of [TestConsentIsWaitedFor] takes for an answer.
const thinksFor = 6 * time.Second

// TestConsentIsWaitedFor: a person at a terminal thinks before they consent to a takeover, while
// clients are out. Who that was and how long it took are in the record, and on the
// timeline, in a table and on the sheet of the report.
func TestConsentIsWaitedFor(t *testing.T) {
	takesLong(t)
	p := newProgram(t, t.TempDir()).on(t)
	c := p.command(t, "run", "dm8/takeover", "--consent", "ask", "--operator", "李伟", "--lang", "zh",
		"--out", filepath.Join(p.dir, "reports", "out"))
	c.Dir = "." // images are built inside a checkout
	s := terminalOutlet.start(t, c)
	question := wordsIn("zh").Say("consent.question")
	s.await(t, question)
	time.Sleep(thinksFor)
	s.types(t, "y\n")
	if code := s.code(t, endsWithin); code != 0 {
		t.Fatalf("exit code = %d, want 0\n%s", code, s.said())
	}
	records, err := filepath.Glob(p.latest("*", "record.jsonl"))
	if err != nil || len(records) != 1 {
		t.Fatalf("records: %v, %v", records, err)
	}
	rec, err := record.ReadFile(records[0])
	must(t, err)
	i := slices.IndexFunc(rec.Events, func(e record.Event) bool { return e.Kind == record.Consent })
	if i < 0 || rec.Head.Operator != "李伟" {
		t.Fatalf("operator %q, and %d for the consent", rec.Head.Operator, i)
	}
	if e := rec.Events[i]; e.By != "李伟" ||
		e.Took < thinksFor || e.Took > thinksFor+5*time.Second || e.Answer != "yes" {
		t.Errorf("consent = %+v, want of 李伟 after %s", e, thinksFor)
	}
	if d := measure.Of(rec).Downtime; d.Longest.Most < thinksFor {
		t.Errorf("the longest outage lasted %s at most, want the wait in it", d.Longest.Most)
	}
	page := readText(t, p.latest(reports.PageFile))
	for _, want := range []string{
		`操作确认</th><td colspan="3">李伟 启动演练`,             // the sheet
		`：李伟 于 \d\d:\d\d:\d\d 答复“同意”，等待 [6-9]\.?\d* 秒`, // the sheet
		`class="wait"`, // the timeline
		`<h2>操作确认</h2>`,
	} {
		if !regexp.MustCompile(want).MatchString(strings.ReplaceAll(page, "\u00a0", " ")) {
			t.Errorf("the page has no %s", want)
		}
	}
	summary := strings.ReplaceAll(readText(t, p.latest(reports.SummaryFile)), "\u00a0", " ")
	if !regexp.MustCompile(`等待人工确认（李伟，步骤 \d 之前）`).MatchString(summary) {
		t.Errorf("the summary has no phase of waiting:\n%s", summary)
	}
}

func readText(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	must(t, err)
	return string(text)
}
