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

// TestSwitchoversAreOutagesOfTheirOwn: a switch back right after the clients
// have followed is told apart from the switchover before it.
func TestSwitchoversAreOutagesOfTheirOwn(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		ctx := t.Context()
		cfg := healthy()
		cfg.Promotion = 100 * time.Millisecond
		db := fake.New(cfg)
		d, err := drill.Begin(ctx, drill.Config{
			Head:   record.Head{Run: "run", Runbook: "fake/switchover", Promise: generous()},
			Driver: db, Host: db, Members: []string{"a", "b"}, Links: db.Links(), Dir: dir,
		})
		if err != nil {
			t.Fatal(err)
		}
		a, b := d.Cluster.Members[0], d.Cluster.Members[1]
		for range 2 {
			if err := d.Switchover(ctx, a, b); err != nil {
				t.Error(err)
			}
			if err := d.WaitServed(ctx, 50*time.Millisecond, 10*time.Second); err != nil {
				t.Error(err)
			}
			a, b = b, a
		}
		if err := d.End(ctx, false); err != nil {
			t.Error(err)
		}
		if err := db.Close(ctx); err != nil {
			t.Error(err)
		}
	})
	rec, err := record.ReadFile(filepath.Join(dir, drill.RecordName))
	if err != nil {
		t.Fatal(err)
	}
	if got := measure.Of(rec).Downtime; got.Count != 2 {
		t.Errorf("%d outages, want one of each switchover: %+v", got.Count, got)
	}
}
