package calibrate_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"drillbook/harness/calibrate"
)

const ms = time.Millisecond

func settings(rate float64) calibrate.Settings {
	return calibrate.Settings{Rate: rate, Connect: 100 * ms, Reply: 250 * ms, Baseline: 300 * ms}
}

// The full tables are made by `drillbook calibrate`; this plays a few of each
// manner, with room for a machine that is busy with other things.
func TestRun(t *testing.T) {
	lengths := []time.Duration{40 * ms, 150 * ms, 400 * ms}
	outages := make([]calibrate.Outage, 0, len(calibrate.Manners())*len(lengths))
	r := rand.New(rand.NewPCG(1, 1))
	for _, how := range calibrate.Manners() {
		for _, base := range lengths {
			outages = append(outages, calibrate.Outage{How: how, Length: base + time.Duration(r.Int64N(int64(30*ms)))})
		}
	}
	trials, err := calibrate.Run(t.Context(), settings(200), outages, nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(trials) != len(outages) {
		t.Fatalf("%d trials, want %d", len(trials), len(outages))
	}
	missed := 0
	for _, tr := range trials {
		if tr.Stalled {
			continue
		}
		if e := tr.Error().Abs(); !tr.Holds() || e > 2*calibrate.Bound(settings(200), 0) {
			missed++
			t.Logf("%+v", tr)
		}
	}
	if missed > 1 {
		t.Errorf("%d of %d outages were measured wrongly", missed, len(trials))
	}
}

func TestQuick(t *testing.T) {
	began := time.Now()
	trials, err := calibrate.Quick(t.Context(), settings(200))
	if err != nil {
		t.Fatal(err)
	}
	if took := time.Since(began); took > 3*time.Second {
		t.Errorf("it took %s, too long to begin every drill with", took)
	}
	for i, how := range calibrate.Manners() {
		if trials[i].How != how || trials[i].Truth < 100*ms {
			t.Errorf("trial %d = %+v, want a %s of at least 100ms", i, trials[i], how)
		}
	}
}

// What others use sees the same outages; a script that asks once a second must
// be off by much, or the comparison proves nothing.
func TestWatch(t *testing.T) {
	if testing.Short() {
		t.Skip("outages that a script can see take their time")
	}
	script := calibrate.Shapes()[0]
	seen, err := calibrate.Watch(t.Context(), script, []calibrate.Outage{{How: calibrate.Reset, Length: 1500 * ms}})
	if err != nil {
		t.Fatal(err)
	}
	if len(seen) != 1 || seen[0].Truth < 1500*ms || seen[0].Errors == 0 {
		t.Fatalf("glimpses = %+v, want one of an outage with errors", seen)
	}
	if e := seen[0].Error(); e < 100*ms || e > 2*time.Second {
		t.Errorf("a script that asks once a second is off by %s", e)
	}
}
