package drill_test

import (
	"errors"
	"fmt"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"drillbook/fixtures/fake"
	"drillbook/harness/drill"
	"drillbook/harness/fault"
	"drillbook/harness/host"
	"drillbook/harness/measure"
	"drillbook/harness/record"
)

// A drill that cannot go on, and that is not the service's doing, is ended at once:
// nobody waits for a service that nobody will bring back.
func TestStuckDrillEndsAtOnce(t *testing.T) {
	for _, tt := range []struct {
		name   string
		end    func(d *drill.Drill)
		at     time.Duration // that End may take
		want   measure.Verdict
		reason measure.Code
	}{
		{
			"a person did not want it",
			func(d *drill.Drill) {
				d.StepSkipped(2, drill.Blame(record.BlamePerson, errors.New("consent was not given")))
			},
			15 * time.Second, measure.Unmeasurable, measure.StepFailed,
		},
		{
			"the place does not answer",
			func(d *drill.Drill) {
				d.StepBegan(2)
				d.StepEnded(fmt.Errorf("promote b: %w", host.ErrGone))
			},
			15 * time.Second, measure.Unmeasurable, measure.StepFailed,
		},
		{
			"the service failed",
			func(d *drill.Drill) {
				d.StepBegan(2)
				d.StepEnded(errors.New("it does not start"))
			},
			5 * time.Minute, measure.Missed, measure.RTOMissed,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			synctest.Test(t, func(t *testing.T) {
				db := fake.New(healthy())
				d, err := drill.Begin(t.Context(), drill.Config{
					Head: record.Head{
						Run: "run", Promise: record.Promise{RTO: 20 * time.Second, RPO: 1000},
						Steps: []record.Step{{Number: 1}, {Number: 2}},
					},
					Driver: db, Host: db, Members: []string{"a", "b"}, Links: db.Links(), Dir: dir,
				})
				if err != nil {
					t.Fatal(err)
				}
				step(t, d, 1, func() error { return d.Inject(t.Context(), fault.HostLoss(d.Cluster.Members[0])) })
				tt.end(d)
				began := time.Now()
				if err := errors.Join(d.End(t.Context(), false), db.Close(t.Context())); err != nil {
					t.Error(err)
				}
				if took := time.Since(began); took > tt.at {
					t.Errorf("it took %s to end, want at most %s", took, tt.at)
				}
			})
			rec, err := record.ReadFile(filepath.Join(dir, drill.RecordName))
			if err != nil {
				t.Fatal(err)
			}
			got := measure.Of(rec)
			if got.Verdict != tt.want || !has(got.Reasons, tt.reason) {
				t.Errorf("verdict %s, want %s with %s: %+v", got.Verdict, tt.want, tt.reason, got.Reasons)
			}
		})
	}
}

// Whoever says it, and in whatever words: that the place does not answer is for the
// place to answer for, be it asked for a fault or not.
func TestThePlaceIsBlamed(t *testing.T) {
	gone := fmt.Errorf("kill node a: %w", host.ErrGone)
	for _, err := range []error{gone, drill.Blame(record.BlameFault, fmt.Errorf("inject it: %w", gone))} {
		if got := drill.BlameOf(err); got != record.BlamePlace {
			t.Errorf("Blamed(%v) = %q, want the place", err, got)
		}
	}
}
