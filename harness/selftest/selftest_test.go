// Package selftest_test drills the harness: databases that are wrong in known
// ways, and that keep their own account of it, go through whole drills. Each
// defect must lead to its verdict and reasons, every figure must agree with the
// account, and nothing may be raised against a database that is well.
//
// Time is that of testing/synctest, so a drill takes a few milliseconds, but for
// the one in which the harness itself stands still.
package selftest_test

import (
	"flag"
	"os"
	"slices"
	"testing"

	"drillbook/harness/measure"
)

var (
	tableFile = flag.String("table", "", "write the detection table to this file")
	renew     = flag.Bool("readme", false, "renew the detection table in README.md")
)

// healthyRuns is how many healthy databases must raise no alarm.
const healthyRuns = 200

func TestHarness(t *testing.T) {
	all := defects()
	sum := newTally(len(all) + 1)
	t.Run("defects", func(t *testing.T) {
		for i, d := range all {
			t.Run(d.name, func(t *testing.T) { testCaught(t, sum, i, d) })
		}
		t.Run("harness", func(t *testing.T) { testStall(t, sum, len(all)) })
	})
	t.Run("switched off", func(t *testing.T) {
		for _, d := range all {
			t.Run(d.name, func(t *testing.T) { testSwitchedOff(t, sum, d) })
		}
	})
	t.Run("healthy", func(t *testing.T) {
		runs := healthyRuns
		if testing.Short() {
			runs /= 10
		}
		for seed := range uint64(runs) {
			name, tr := healthy(seed)
			t.Run(name, func(t *testing.T) { testHealthy(t, sum, name, tr) })
		}
	})
	if *tableFile != "" {
		if err := os.WriteFile(*tableFile, sum.text(), 0o600); err != nil {
			t.Error(err)
		}
	}
	checkReadme(t, sum)
}

func checkReadme(t *testing.T, sum *tally) {
	t.Helper()
	if *renew {
		if err := sum.writeReadme(); err != nil {
			t.Error(err)
		}
	}
	if slices.ContainsFunc(sum.rows, func(r row) bool { return r.defect == "" }) {
		return // only some of them were run
	}
	line, err := sum.stale()
	if err != nil {
		t.Error(err)
	}
	if line != "" {
		t.Errorf("the detection table in README.md is stale: run: make selftest README=1\n%s", line)
	}
}

func testCaught(t *testing.T, sum *tally, i int, d defect) {
	t.Helper()
	t.Parallel()
	o := d.trial(true).run(t)
	r := d.row(&o)
	sum.note(i, r)
	if !r.caught {
		t.Errorf("missed: want %s\n found %s\n figures %v\n reasons %+v", r.expected, r.found, r.figures, o.Reasons)
	}
	if len(d.shows) > 0 && len(r.figures) == 0 {
		t.Errorf("there is none of the figures %v", d.shows)
	}
}

// testSwitchedOff: a table that catches what is not there would show nothing.
func testSwitchedOff(t *testing.T, sum *tally, d defect) {
	t.Helper()
	t.Parallel()
	o := d.trial(false).run(t)
	if d.caught(&o) {
		t.Errorf("caught although it is switched off: %s", says(o.Verdict, codes(o.Reasons)))
	}
	alarm := o.alarm()
	sum.noteHealthy("without “"+d.name+"”", alarm)
	if alarm != "" {
		t.Errorf("false alarm: %s", alarm)
	}
}

func testHealthy(t *testing.T, sum *tally, name string, tr trial) {
	t.Helper()
	t.Parallel()
	o := tr.run(t)
	alarm := o.alarm()
	sum.noteHealthy(name, alarm)
	if alarm != "" {
		t.Errorf("false alarm: %s\n%+v", alarm, tr.db)
	}
}

func codes(reasons []measure.Reason) []measure.Code {
	all := make([]measure.Code, 0, len(reasons))
	for _, r := range reasons {
		all = append(all, r.Code)
	}
	return slices.Compact(sorted(all))
}

func sorted(all []measure.Code) []measure.Code {
	all = slices.Clone(all)
	slices.Sort(all)
	return all
}
