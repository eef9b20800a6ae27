package main

import (
	"errors"
	"strings"
	"testing"

	"drillbook/harness/measure"
	"drillbook/harness/record"
	"drillbook/reports"
)

// drills are drills of these verdicts.
func drills(verdicts ...measure.Verdict) []reports.Drill {
	all := make([]reports.Drill, 0, len(verdicts))
	for _, v := range verdicts {
		all = append(all, reports.Drill{Record: &record.Record{}, Result: measure.Result{Verdict: v}})
	}
	return all
}

// Whatever else happens, nothing that went badly exits with 0, and a promise that
// was certainly missed is not hidden behind what could not be tried.
func TestJudge(t *testing.T) {
	skipped := []reports.Skipped{{Runbook: "x/skipped", Host: hostLocal, Why: "there are no cables"}}
	unopened := []reports.Broken{{What: reports.NotBegun, Runbook: "x/unopened", Why: "no subnet is free"}}
	left := []reports.Broken{{What: reports.LeftBehind, Runbook: "x/left", Why: "the engine is gone"}}
	refused := drills(measure.Unmeasurable)
	refused[0].Record.Tail = &record.Tail{Err: "the preflight found something"}
	for _, tt := range []struct {
		name string
		run  reports.Run
		code int
		said []string
	}{
		{"met", reports.Run{Drills: drills(measure.Met, measure.Met)}, 0, nil},
		{"nothing", reports.Run{}, exitUnmeasurable, nil},
		{"one unmeasurable", reports.Run{Drills: drills(measure.Met, measure.Unmeasurable)}, exitUnmeasurable, nil},
		{"one missed", reports.Run{Drills: drills(measure.Missed, measure.Unmeasurable)}, exitMissed, nil},
		{
			"some skipped",
			reports.Run{Drills: drills(measure.Met), Skipped: skipped},
			exitEnvironment,
			[]string{"x/skipped is SKIPPED: there are no cables: run it elsewhere"},
		},
		{"all skipped", reports.Run{Skipped: skipped}, exitEnvironment, []string{"x/skipped"}},
		{
			"one that could not open",
			reports.Run{Drills: drills(measure.Met), Broken: unopened},
			exitEnvironment,
			[]string{"x/unopened: no subnet is free"},
		},
		{
			"met, and left behind",
			reports.Run{Drills: drills(measure.Met), Broken: left},
			exitEnvironment,
			[]string{"x/left: the engine is gone"},
		},
		{"one that was not begun", reports.Run{Drills: refused}, exitEnvironment, []string{"the preflight found"}},
		{
			"missed, skipped and left behind",
			reports.Run{Drills: drills(measure.Missed), Skipped: skipped, Broken: left},
			exitMissed,
			[]string{"x/skipped", "x/left"},
		},
		{
			"unmeasurable and left behind",
			reports.Run{Drills: drills(measure.Unmeasurable), Broken: left},
			exitEnvironment,
			[]string{"x/left"},
		},
	} {
		err := judge(tt.run, "run it elsewhere", wordsIn("en"))
		if err == nil {
			if tt.code != 0 {
				t.Errorf("%s: it ends well, want %d", tt.name, tt.code)
			}
			continue
		}
		exit, ok := errors.AsType[*exitError](err)
		if !ok || exit.code != tt.code {
			t.Errorf("%s: judge = %v, want the exit code %d", tt.name, err, tt.code)
		}
		for _, want := range tt.said {
			if exit == nil || exit.err == nil || !strings.Contains(exit.err.Error(), want) {
				t.Errorf("%s: it does not say %q: %v", tt.name, want, err)
			}
		}
	}
}
