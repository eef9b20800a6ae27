package main

import (
	"encoding/json"
	"fmt"
	"hash/crc32"
	"maps"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"drillbook/harness/drill"
	"drillbook/harness/measure"
	"drillbook/harness/record"
	"drillbook/reports"
)

// TestReportOfBadRecords: what is wrong with a record is told with its line, what is
// certain is reported, also of the records beside it, and nothing passes for met.
func TestReportOfBadRecords(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "..", "harness", "record", "testdata", "schema1.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	whole := string(text)
	lines := strings.SplitAfter(whole, "\n")
	const newer = `{"k":"head","v":{"schema":99}}`
	records := map[string]string{
		"good":     whole,
		"cut":      strings.Join(lines[:20], "") + lines[20][:10],
		"damaged":  strings.Join(lines[:20], "") + "x" + strings.Join(lines[20:], ""),
		"two":      whole + whole,
		"headless": strings.Join(lines[1:], ""),
		"newer":    sealed(newer) + strings.Join(lines[1:], ""),
		"empty":    "",
	}
	dir := t.TempDir()
	for name, text := range records {
		if err := os.MkdirAll(filepath.Join(dir, name), 0o750); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name, drill.RecordName), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	code, _, stderr := command(t, "report", dir)
	if code != exitEnvironment {
		t.Errorf("exit code %d, want %d: some records cannot be read", code, exitEnvironment)
	}
	for _, want := range []string{
		"cut/record.jsonl: line 21: incomplete", "damaged/record.jsonl: line 21 is damaged",
		"two/record.jsonl: line 87 is damaged: ", "headless/record.jsonl: line 1 is damaged",
		"newer/record.jsonl: the record has schema 99, this drillbook reads up to " + strconv.Itoa(record.Schema),
		"empty/record.jsonl: incomplete",
	} {
		if !strings.Contains(stderr, want) {
			t.Errorf("stderr does not say %q: %s", want, stderr)
		}
	}
	got := reasonsOf(t, dir)
	want := map[string]measure.Code{
		"good": measure.StepFailed, "cut": measure.RecordCut, "damaged": measure.RecordDamaged,
		"two": measure.RecordDamaged, "headless": measure.Unreadable, "newer": measure.Unreadable,
		"empty": measure.Unreadable,
	}
	if !maps.Equal(got, want) {
		t.Errorf("first reasons %v, want %v", got, want)
	}
}

// reasonsOf are the first reasons of the drills of a report, none of which is met.
func reasonsOf(t *testing.T, dir string) map[string]measure.Code {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, reports.ResultsFile))
	if err != nil {
		t.Fatal(err)
	}
	var results struct {
		Drills []struct {
			Name    string          `json:"name"`
			Verdict measure.Verdict `json:"verdict"`
			Reasons []struct {
				Code measure.Code `json:"code"`
			} `json:"reasons"`
		} `json:"drills"`
	}
	if err := json.Unmarshal(text, &results); err != nil {
		t.Fatal(err)
	}
	codes := map[string]measure.Code{}
	for _, d := range results.Drills {
		if d.Verdict != measure.Unmeasurable || len(d.Reasons) == 0 {
			t.Errorf("%s is %s", d.Name, d.Verdict)
			continue
		}
		codes[d.Name] = d.Reasons[0].Code
	}
	return codes
}

func sealed(line string) string {
	return fmt.Sprintf("%08x %s\n", crc32.Checksum([]byte(line), crc32.MakeTable(crc32.Castagnoli)), line)
}
