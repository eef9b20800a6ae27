package drill_test

import (
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"drillbook/fixtures/fake"
	"drillbook/harness/drill"
	"drillbook/harness/measure"
	"drillbook/harness/record"
)

// TestSwitchoversAreSeparateOutages: a switch back right after the clients
// have followed is told apart from the switchover before it.
func TestSwitchoversAreSeparateOutages(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		cfg := healthy()
		cfg.Promotion = 100 * time.Millisecond
		d := begin(t, fake.New(cfg), dir, generous())
		a, b := d.Cluster.Members[0], d.Cluster.Members[1]
		for n := range 2 {
			step(t, d.Drill, n+1, func() error {
				if err := d.Switchover(t.Context(), a, b); err != nil {
					return err
				}
				return d.WaitServed(t.Context(), 50*time.Millisecond, 10*time.Second)
			})
			a, b = b, a
		}
		d.end(t)
	})
	rec, err := record.ReadFile(filepath.Join(dir, drill.RecordName))
	if err != nil {
		t.Fatal(err)
	}
	if got := measure.Of(rec).Downtime; got.Count != 2 {
		t.Errorf("%d outages, want one of each switchover: %+v", got.Count, got)
	}
}
