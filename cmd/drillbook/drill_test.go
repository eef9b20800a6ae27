package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"drillbook/fixtures/dm8"
	"drillbook/harness/secret"
	"drillbook/reports"
	"drillbook/scenarios/dsl"
)

// Asynchronous replication that is held up before the loss loses acknowledged
// writes, and the run says so. What the runbook saves stays lost.
func TestLostWritesAreMissed(t *testing.T) {
	takesLong(t)
	all := make([]task, 0, 2)
	for _, tt := range []struct {
		args    []string
		lost    int // at least
		oldest  float64
		saved   bool // all that was lost
		nightly bool // only with all scenarios
	}{
		{[]string{"postgres/lost-primary", "--set", "mode=async", "--set", "hold=600ms"}, 60, 400, false, false},
		{[]string{"dm8/takeover", "--set", "feed=async"}, 15, 900, true, true}, // held up for a second
	} {
		if tt.nightly && os.Getenv(dsl.EveryEnv) == "" {
			continue
		}
		all = append(all, task{tt.args[0], func(t *testing.T) {
			t.Helper()
			p := newProgram(t, t.TempDir()).on(t)
			c := p.command(t, append([]string{"run", "--out", filepath.Join(p.dir, "reports", "out")}, tt.args...)...)
			c.Dir = "." // the image of the stand-in is built inside a checkout
			known := dm8.New(dm8.Config{}).Secrets()
			shown := listsProcesses(t, known...)
			out, err := c.CombinedOutput()
			if found := shown(); len(found) > 0 {
				t.Errorf("lists of processes have shown secrets: %q", found)
			}
			if code := exitCode(t, err); code != exitMissed {
				t.Fatalf("exit code = %d, want %d\n%s", code, exitMissed, out)
			}
			says := regexp.MustCompile(`Acknowledged writes were lost: \d+, the oldest acknowledged [\d.]+ m?s before`)
			if !says.Match(out) {
				t.Errorf("it does not say what was lost:\n%s", out)
			}
			if leaks, err := secret.Leaks(os.DirFS(p.dir), known...); err != nil || len(leaks) > 0 {
				t.Errorf("secrets in the files of the run: %q, %v", leaks, err)
			}
			if secret.Hide(string(out), known...) != string(out) {
				t.Error("the terminal has shown a secret")
			}
			d := lossOf(t, p)
			if d.Verdict != "missed" || d.Writes.Lost < tt.lost || d.Writes.OldestLostMS < tt.oldest ||
				len(d.Reasons) != 1 {
				t.Errorf("results = %+v, want missed for the loss alone: %d at least, the oldest %v ms", d, tt.lost,
					tt.oldest)
			}
			if tt.saved != (d.Writes.Unsaved == 0 && len(d.Saved) == 1) {
				t.Errorf("%d lost writes are in none of %d files", d.Writes.Unsaved, len(d.Saved))
			}
		}})
	}
	together(t, measuredAtOnce, all)
}

// losses is what results.json says of what was lost.
type losses struct {
	Verdict string
	Reasons []struct{ Code string }
	Writes  struct {
		Lost, Unsaved int
		OldestLostMS  float64 `json:"oldest_lost_ms"`
	}
	Saved []struct{ File string }
}

func lossOf(t *testing.T, p program) losses {
	t.Helper()
	text, err := os.ReadFile(p.latest(reports.ResultsFile))
	must(t, err)
	var results struct{ Drills []losses }
	must(t, json.Unmarshal(text, &results))
	return results.Drills[0]
}
