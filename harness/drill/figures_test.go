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

// A drill that breaks nothing and changes no role is measured all the same: the
// time before its first step is the baseline. What it has measured of the
// cluster is in its result.
func TestFiguresOfADrillWithoutAFault(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		d := begin(t, fake.New(healthy()), dir, record.Promise{RTO: time.Second})
		a, b := d.Cluster.Members[0], d.Cluster.Members[1]
		step(t, d.Drill, 1, func() error {
			w, err := d.WatchLag(t.Context(), b, a, 50*time.Millisecond)
			if err != nil {
				return err
			}
			if _, err := d.CountDirectWrites(t.Context(), time.Second); err != nil {
				return err
			}
			w.Stop()
			w.Stop()
			if before, most := w.Memory(); before <= 0 || most < before {
				t.Errorf("memory = %d, at most %d, want some, and no less at most", before, most)
			}
			d.RecordFigure(b.Name, "catch-up", 12.5, "ms")
			return nil
		})
		step(t, d.Drill, 2, func() error {
			// the end of the drill must stop this one
			_, err := d.WatchLag(t.Context(), b, a, 50*time.Millisecond)
			return err
		})
		step(t, d.Drill, 3, func() error { return nil })
		d.end(t)
	})
	rec, err := record.ReadFile(filepath.Join(dir, drill.RecordName))
	if err != nil {
		t.Fatal(err)
	}
	got := measure.Of(rec)
	if got.Verdict != measure.Met {
		t.Errorf("verdict = %s, want met: %+v", got.Verdict, got.Reasons)
	}
	want := measure.Figure{Step: 1, Member: "b", Name: "catch-up", Value: 12.5, Unit: "ms"}
	if len(got.Figures) != 1 {
		t.Fatalf("figures = %+v, want one", got.Figures)
	}
	want.At = got.Figures[0].At
	if got.Figures[0] != want {
		t.Errorf("figure = %+v, want %+v", got.Figures[0], want)
	}
	if len(got.Lags) != 1 || got.Lags[0].Member != "b" || got.Lags[0].Samples < 20 || got.Lags[0].Most == 0 ||
		got.Lags[0].Median > got.Lags[0].Most {
		t.Errorf("lags = %+v, want that of b, which is behind by some rows", got.Lags)
	}
}
