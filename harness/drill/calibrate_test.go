package drill_test

import (
	"context"
	"errors"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"drillbook/fixtures/fake"
	"drillbook/harness/calibrate"
	"drillbook/harness/drill"
	"drillbook/harness/measure"
	"drillbook/harness/record"
)

// A drill whose probe did not see what was played for it, or was too far off, says
// nothing of its database, which is well, whatever RTO is promised.
func TestCalibrationDecides(t *testing.T) {
	const ms = time.Millisecond
	good := calibrate.Trial{Truth: 121 * ms, Measured: measure.Bracket{Least: 118 * ms, Most: 126 * ms}, Seen: true}
	off := good
	off.Measured = measure.Bracket{Least: 60 * ms, Most: 90 * ms}
	blind := calibrate.Trial{Truth: 121 * ms, Measured: measure.Bracket{Most: 20 * ms}}
	near := blind // what it says of an outage that it did not see is right by chance
	near.Measured = measure.Bracket{Most: 242 * ms}
	stood := blind
	stood.Stalled = true
	for _, tt := range []struct {
		name  string
		tries []calibrate.Trial // one of each kind in every try; the last stays
		want  measure.Verdict
		code  measure.Code
		plays int
	}{
		{"good", []calibrate.Trial{good}, measure.Met, "", 1},
		{"good once it is repeated", []calibrate.Trial{blind, off, good}, measure.Met, "", 3},
		{"off", []calibrate.Trial{off}, measure.Unmeasurable, measure.ProbeInaccurate, 3},
		{"blind", []calibrate.Trial{blind}, measure.Unmeasurable, measure.ProbeBlind, 3},
		{
			"good once the harness stands still no more",
			[]calibrate.Trial{stood, stood, stood, stood, good},
			measure.Met, "", 5,
		},
		{"blind between standstills", []calibrate.Trial{stood, blind}, measure.Unmeasurable, measure.ProbeBlind, 4},
		{"the harness stands still", []calibrate.Trial{stood}, measure.Unmeasurable, measure.ProbeBlind, 10},
		{"blind, and right by chance", []calibrate.Trial{near}, measure.Unmeasurable, measure.ProbeBlind, 3},
	} {
		t.Run(tt.name, func(t *testing.T) {
			plays := 0
			got := calibratedBy(t, func(
				_ context.Context, s calibrate.Settings, bound time.Duration,
			) ([]calibrate.Trial, error) {
				if want := calibrate.Bound(s, time.Minute); bound != want {
					t.Errorf("bound = %s, want %s", bound, want)
				}
				tr := tt.tries[min(plays, len(tt.tries)-1)]
				plays++
				trials := make([]calibrate.Trial, 0, len(calibrate.OutageKinds()))
				for _, how := range calibrate.OutageKinds() {
					tr.Kind = how
					trials = append(trials, tr)
				}
				return trials, nil
			})
			if got.Verdict != tt.want || plays != tt.plays {
				t.Errorf("verdict %s after %d tries, want %s after %d; reasons %+v",
					got.Verdict, plays, tt.want, tt.plays, got.Reasons)
			}
			if tt.code != "" && !has(got.Reasons, tt.code) {
				t.Errorf("reasons = %+v, want %s among them", got.Reasons, tt.code)
			}
		})
	}
}

// What was measured well once is not asked for again: on a machine that stands still
// now and then it is seldom that all is well at once.
func TestCalibrationRepeatsFailedKinds(t *testing.T) {
	const ms = time.Millisecond
	plays := 0
	got := calibratedBy(t, func(context.Context, calibrate.Settings, time.Duration) ([]calibrate.Trial, error) {
		trials := make([]calibrate.Trial, 0, len(calibrate.OutageKinds()))
		for i, how := range calibrate.OutageKinds() {
			tr := calibrate.Trial{Kind: how, Truth: 121 * ms, Measured: measure.Bracket{Most: 20 * ms}, Stalled: true}
			if i == plays { // one of them each time
				tr.Measured, tr.Seen = measure.Bracket{Least: 118 * ms, Most: 126 * ms}, true
			}
			trials = append(trials, tr)
		}
		plays++
		return trials, nil
	})
	if want := len(calibrate.OutageKinds()); got.Verdict != measure.Met || plays != want {
		t.Errorf("verdict %s after %d tries, want met after %d; reasons %+v", got.Verdict, plays, want, got.Reasons)
	}
}

// calibratedBy measures a quiet drill with a promise of a minute, as nearly all
// runbooks have, that begins with this calibration.
func calibratedBy(
	t *testing.T, play func(context.Context, calibrate.Settings, time.Duration) ([]calibrate.Trial, error),
) measure.Result {
	t.Helper()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		db := fake.New(healthy())
		d, err := drill.Begin(t.Context(), drill.Config{
			Head: record.Head{
				Run: "run", Runbook: "fake/quiet", Promise: record.Promise{RTO: time.Minute},
				Steps: []record.Step{{Number: 1}},
			},
			Driver: db, Host: db, Members: []string{"a", "b"}, Links: db.Links(), Dir: dir, Calibrate: play,
		})
		if err != nil {
			t.Fatal(err)
		}
		step(t, d, 1, func() error { <-time.After(time.Second); return nil })
		if err := errors.Join(d.End(t.Context(), false), db.Close(t.Context())); err != nil {
			t.Error(err)
		}
	})
	rec, err := record.ReadFile(filepath.Join(dir, drill.RecordName))
	if err != nil {
		t.Fatal(err)
	}
	return measure.Of(rec)
}
