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
	"drillbook/runbooks"
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

// An empty line goes on to the next step, and so does a yes; anything else stops there, and so
// does the end of the input.
func TestStepper(t *testing.T) {
	next := runbooks.Step{Number: 2, Title: runbooks.Text{"en": "Promote the standby"}}
	for typed, goes := range map[string]bool{
		"\n": true, "\t\n": true, "y\n": true, "yes\n": true, "n\n": false, "wait\n": false, "": false,
	} {
		var out strings.Builder
		err := stepper(answersFrom(strings.NewReader(typed)), &out, wordsIn("en"))(t.Context(), next)
		if (err == nil) != goes || !strings.Contains(out.String(), "next: 2. Promote the standby") {
			t.Errorf("%q: %v, want that it goes on: %t; asked %q", typed, err, goes, out.String())
		}
	}
}

// TestStepByStep: a page goes on as far as a person wants; a no ends it, heals and reports.
func TestStepByStep(t *testing.T) {
	takesLong(t)
	p := newProgram(t, t.TempDir()).on(t)
	c := p.command(t, "run", "postgres/lost-primary", "--host", "container", "--step", "--out",
		filepath.Join(p.dir, "reports", "out"))
	c.Dir, c.Stdin = ".", strings.NewReader("\nyes\nno\n") // images are built inside a checkout
	out, err := c.CombinedOutput()
	said := string(out)
	if code := exitCode(t, err); code != exitUnmeasurable {
		t.Errorf("it ended with %d: %s", code, said)
	}
	for _, want := range []string{
		"next: 2. ", "✔ 3. ", "next: 4. ", "a person has stopped before step", "is read back",
	} {
		if !strings.Contains(said, want) {
			t.Errorf("it does not say %q: %s", want, said)
		}
	}
	if strings.Contains(said, "next: 1. ") || strings.Contains(said, "next: 5. ") {
		t.Errorf("it asks before the first step, or after a no: %s", said)
	}
	if left := p.left(t); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
}
