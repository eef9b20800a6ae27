package main

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"drillbook/reports"
	"drillbook/scenarios/dsl"
)

// What clients felt is in the report, with how it was done: a standby that is
// stopped first is an outage where commits wait for it, and none where they do
// not; a network that is too slow for clients is one as well.
func TestReportsShowClientOutages(t *testing.T) {
	takesLong(t)
	if os.Getenv(dsl.EveryEnv) == "" {
		t.Skip("`make scenarios` does this")
	}
	all := make([]task, 0, 3)
	for _, tt := range []struct {
		name      string
		args      []string
		least     float64 // of the longest outage, in milliseconds
		most      float64
		mechanism string
	}{
		{
			"the wrong order, synchronous",
			[]string{"postgres/wrong-order-shutdown", "--set", "hold=3s"},
			2900, 30_000, "stopped in order by its own command",
		},
		{
			"the wrong order, asynchronous",
			[]string{"postgres/wrong-order-shutdown", "--set", "mode=async"},
			0, 1000, "stopped in order by its own command",
		},
		{
			"a way of 0.4 s there and back",
			[]string{"postgres/slow-network", "--set", "delay=200ms", "--set", "jitter=0s", "--set", "hold=2s"},
			1900, 60_000, "Toxiproxy relays the TCP connections",
		},
	} {
		all = append(all, task{tt.name, func(t *testing.T) {
			t.Helper()
			p := newProgram(t, t.TempDir()).on(t)
			code, out := p.runs(t, append([]string{"run"}, tt.args...)...)
			if code != 0 {
				t.Fatalf("exit code = %d, want 0\n%s", code, out)
			}
			text, err := os.ReadFile(p.latest(reports.ResultsFile))
			if err != nil {
				t.Fatal(err)
			}
			var results struct {
				Drills []struct {
					Downtime struct {
						Longest struct {
							Least float64 `json:"least_ms"`
							Most  float64 `json:"most_ms"`
						}
					}
					Faults []struct{ Mechanism string }
				}
			}
			if err := json.Unmarshal(text, &results); err != nil {
				t.Fatal(err)
			}
			d := results.Drills[0]
			if d.Downtime.Longest.Least < tt.least || d.Downtime.Longest.Most > tt.most {
				t.Errorf("downtime = %+v ms, want one from %g to %g\n%s", d.Downtime, tt.least, tt.most, out)
			}
			if len(d.Faults) == 0 || !strings.Contains(d.Faults[0].Mechanism, tt.mechanism) {
				t.Errorf("faults = %+v, want the mechanism %q", d.Faults, tt.mechanism)
			}
		}})
	}
	together(t, measuredAtOnce, all)
}
