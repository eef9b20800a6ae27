package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"drillbook/harness/night"
	"drillbook/reports"
)

// sideBySide is how a night went whose drills ran side by side.
type sideBySide struct {
	asked, most int // drills at a time
	stopped     int // how often the bound let no other begin
	wall        time.Duration
	met         int
	disturbed   int
	errors      []time.Duration // of the probe, sorted
	outages     []time.Duration // of clients' writes, at most, sorted
}

// TestParallelTable carries out one night of 16 drills again and again, with as many side
// by side as DRILLBOOK_PARALLEL says ("1 2 4 8"), and prints what that costs.
func TestParallelTable(t *testing.T) {
	text := os.Getenv("DRILLBOOK_PARALLEL")
	if text == "" {
		t.Skip("it takes an hour and the whole machine: make parallel")
	}
	file := filepath.Join(t.TempDir(), "night.yaml")
	must(t, os.WriteFile(file, []byte("night: parallel\ndrills:\n"+
		"  - {product: postgres, runbooks: [lost-primary], trials: 16}\n"), 0o600))
	var table strings.Builder
	table.WriteString("\nat a time | most | stopped |  wall | met | disturbed | probe error p50, max | " +
		"outage p50, min–max\n")
	for word := range strings.FieldsSeq(text) {
		n, err := strconv.Atoi(word)
		must(t, err)
		table.WriteString(carryOutSideBySide(t, file, n).row() + "\n")
	}
	t.Log(table.String())
}

// carryOutSideBySide is a night by the program that was built: one of these tests would
// start these tests for each drill.
func carryOutSideBySide(t *testing.T, file string, n int) *sideBySide {
	t.Helper()
	program, err := filepath.Abs(filepath.Join("..", "..", "bin", "drillbook"))
	must(t, err)
	shards, out := t.TempDir(), filepath.Join(t.TempDir(), "night")
	began := time.Now()
	said, err := exec.CommandContext(t.Context(), program, "run", "--night", file, "--shard", "1/1", "--yes",
		"--parallel", strconv.Itoa(n), "--out", shards).CombinedOutput()
	s := &sideBySide{asked: n, wall: time.Since(began)}
	if err != nil {
		t.Fatalf("%d side by side: %v\n%s", n, err, said)
	}
	s.hear(string(said))
	// What the night is worth, its exit code says; here the figures matter.
	if said, err := exec.CommandContext(t.Context(), program, "merge", shards, "--out", out).
		CombinedOutput(); err != nil {
		t.Logf("merge: %v\n%s", err, said)
	}
	s.read(t, filepath.Join(out, reports.ResultsFile))
	return s
}

// hear counts drills by what the night has said of them.
func (s *sideBySide) hear(said string) {
	now := 0
	for line := range strings.Lines(said) {
		switch {
		case regexp.MustCompile(`^cell \d+ of \d+ begins`).MatchString(line):
			now++
			s.most = max(s.most, now)
		case strings.HasPrefix(line, "cell ended"):
			now--
		case strings.HasPrefix(line, "no drill begins"):
			s.stopped++
		}
	}
}

// read reads the figures of the night. A cell that did not run makes the table worthless.
func (s *sideBySide) read(t *testing.T, file string) {
	t.Helper()
	text, err := os.ReadFile(file)
	must(t, err)
	var results struct {
		Night struct {
			Cells []struct {
				State night.State `json:"state"`
			} `json:"cells"`
		} `json:"night"`
		Drills []struct {
			Probe struct {
				Error     float64 `json:"error_ms"`
				Disturbed bool    `json:"disturbed"`
			} `json:"probe"`
			Outages []struct {
				Stream string  `json:"stream"`
				Most   float64 `json:"most_ms"`
			} `json:"outages"`
		} `json:"drills"`
	}
	must(t, json.Unmarshal(text, &results))
	for _, c := range results.Night.Cells {
		switch c.State {
		case night.Met:
			s.met++
		case night.NotRun:
			t.Errorf("%d side by side: a cell did not run", s.asked)
		case night.Missed, night.Unmeasurable:
		}
	}
	for _, d := range results.Drills {
		if d.Probe.Disturbed {
			s.disturbed++
		}
		s.errors = append(s.errors, millis(d.Probe.Error))
		longest := 0.0
		for _, o := range d.Outages {
			if o.Stream == "write" {
				longest = max(longest, o.Most)
			}
		}
		s.outages = append(s.outages, millis(longest))
	}
	slices.Sort(s.errors)
	slices.Sort(s.outages)
}

func millis(ms float64) time.Duration { return time.Duration(ms * float64(time.Millisecond)) }

func (s *sideBySide) row() string {
	if len(s.outages) == 0 {
		return fmt.Sprintf("%9d | nothing was measured", s.asked)
	}
	middle, last := len(s.outages)/2, len(s.outages)-1
	round := func(d time.Duration) time.Duration { return d.Round(time.Millisecond) }
	return fmt.Sprintf("%9d | %4d | %7d | %5s | %3d | %9d | %s, %s | %s, %s–%s", s.asked, s.most, s.stopped,
		s.wall.Round(time.Second), s.met, s.disturbed, round(s.errors[middle]), round(s.errors[last]),
		round(s.outages[middle]), round(s.outages[0]), round(s.outages[last]))
}

// The table counts drills that ran at the same time, and how often the bound stopped one.
func TestSideBySideIsHeard(t *testing.T) {
	var s sideBySide
	s.hear("night x\ncell 1 of 3 begins: a\ncell 2 of 3 begins: b\nno drill begins beside the 2 that run: why\n" +
		"cell ended: a: met, after 1 s\ncell 3 of 3 begins: c\ncell ended: b: met\ncell ended: c: met\n")
	if s.most != 2 || s.stopped != 1 {
		t.Errorf("%d at a time, stopped %d times, want 2 and 1", s.most, s.stopped)
	}
}
