package postgres

import (
	"context"
	"fmt"
	"strconv"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"drillbook/fixtures/postgres"
	"drillbook/harness/drill"
	"drillbook/harness/driver"
	"drillbook/harness/phrase"
	"drillbook/scenarios/dsl"
)

const (
	maxRows = 10_000_000
	// batch is how many rows are loaded in one transaction.
	batch = 100_000
	// loadLimit bounds the steps that take longer the more rows there are.
	loadLimit = 30 * time.Minute
	// sampleEvery is how often it is looked how far the standby is behind.
	sampleEvery = 200 * time.Millisecond
)

// SyncCheck carries out runbooks/postgres/sync-check.md.
func SyncCheck() dsl.Scenario {
	return dsl.Scenario{
		Runbook: "postgres/sync-check",
		Tier:    dsl.Nightly,
		Members: pair(),
		Driver: func(params map[string]string) (driver.Driver, error) {
			if rows, err := strconv.Atoi(params["rows"]); err != nil || rows < 1 || rows > maxRows {
				return nil, phrase.Errorf("rows=%s: it may be 1 to %d", params["rows"], maxRows)
			}
			if err := dsl.DurationsUpTo(loadLimit-time.Minute, params, "catchup"); err != nil {
				return nil, err
			}
			if limit, err := time.ParseDuration(params["catchup"]); err != nil || limit <= 0 {
				return nil, phrase.Errorf("catchup=%s is no positive duration such as 1m", params["catchup"])
			}
			return configured(params, postgres.Config{Archive: true})
		},
		Body: func(d *dsl.Drill) {
			s := &syncCheck{d: d}
			s.compare()
			s.load()
			s.finish()
		},
	}
}

// syncCheck holds what the steps share.
type syncCheck struct {
	d    *dsl.Drill
	a, b driver.Member
	rows int
	// written is where the primary stood before the load, loaded when the last
	// row was committed.
	written int64
	loaded  time.Time
	watch   *drill.LagWatch
}

func (s *syncCheck) compare() {
	d := s.d
	It(d.Step("Confirm that the standby is in sync"), func(ctx SpecContext) {
		s.a, s.b = d.PairInSync(ctx)
	}, SpecTimeout(dsl.StepLimit))

	It(d.Step("Compare primary and standby"), func(ctx SpecContext) {
		same, err := postgres.Compare(ctx, s.a, s.b)
		Expect(err).To(d.Succeed())
		wrong := len(same.Unexpected())
		d.RecordFigure("", "compared", float64(same.Compared), "")
		d.RecordFigure("", "differences-expected", float64(len(same.Differences)-wrong), "")
		d.RecordFigure("", "differences", float64(wrong), "")
		d.Confirm("primary against standby")(same.Phrase(), same.Check())
	}, SpecTimeout(dsl.StepLimit))

	It(d.Step("Make a table from the catalog"), func(ctx SpecContext) {
		Expect(postgres.MakeCatalogTable(ctx, s.a)).To(s.d.Succeed())
	}, SpecTimeout(dsl.StepLimit))

	It(d.Step("Compare the table on both sides"), func(ctx SpecContext) {
		d.ConfirmInSync(ctx, s.b, s.a)
		s.sameTable(ctx, postgres.CatalogTable)
	}, SpecTimeout(dsl.StepLimit))
}

func (s *syncCheck) load() {
	d := s.d
	It(d.Step("Load rows in bulk"), func(ctx SpecContext) {
		var err error
		s.rows, err = strconv.Atoi(d.Params["rows"])
		Expect(err).To(s.d.Succeed())
		s.loadAll(ctx)
	}, SpecTimeout(loadLimit))

	It(d.Step("See how long the standby takes to catch up"), func(ctx SpecContext) {
		limit, err := time.ParseDuration(d.Params["catchup"])
		Expect(err).To(s.d.Succeed())
		lag, err := d.WaitInSync(ctx, s.b, s.a, limit)
		d.RecordFigure(s.b.Name, "catch-up", milliseconds(time.Since(s.loaded)), "ms")
		s.watch.Stop()
		s.sizes(ctx)
		before, most := s.watch.Memory()
		d.RecordFigure("", "memory-before", float64(before), "bytes")
		d.RecordFigure("", "memory-most", float64(most), "bytes")
		d.RecordFinding(phrase.Say("replication"), lag.Detail, err)
		Expect(err).To(s.d.Succeed())
	}, SpecTimeout(loadLimit))

	It(d.Step("Compare the loaded table on both sides"), func(ctx SpecContext) {
		rows := s.sameTable(ctx, postgres.LoadTable)
		if rows != int64(s.rows) {
			d.RecordFinding(phrase.Say("rows"), phrase.Say("%d", rows),
				phrase.Errorf("%d rows were loaded, there are %d", s.rows, rows))
		}
		Expect(rows).To(Equal(int64(s.rows)))
	}, SpecTimeout(loadLimit))
}

// loadAll loads the rows and measures that.
func (s *syncCheck) loadAll(ctx context.Context) {
	GinkgoHelper()
	d := s.d
	Expect(postgres.MakeLoadTable(ctx, s.a)).To(s.d.Succeed())
	var err error
	s.written, err = postgres.Position(ctx, s.a)
	Expect(err).To(s.d.Succeed())
	s.watch, err = d.WatchLag(ctx, s.b, s.a, sampleEvery)
	Expect(err).To(s.d.Succeed())
	began := time.Now()
	for first := 1; first <= s.rows; first += batch {
		last := min(first+batch-1, s.rows)
		Expect(postgres.LoadRows(ctx, s.a, first, last)).To(s.d.Succeed())
		d.RecordProgress(fmt.Sprintf("%d / %d", last, s.rows))
	}
	s.loaded = time.Now()
	took := s.loaded.Sub(began)
	d.RecordFigure("", "rows-loaded", float64(s.rows), "rows")
	d.RecordFigure("", "load-time", milliseconds(took), "ms")
	d.RecordFigure("", "load-rate", float64(s.rows)/took.Seconds(), "rows/s")
}

// sizes measures how much the load has made.
func (s *syncCheck) sizes(ctx context.Context) {
	GinkgoHelper()
	written, err := postgres.Position(ctx, s.a)
	Expect(err).To(s.d.Succeed())
	size, err := postgres.TableSize(ctx, s.a, postgres.LoadTable)
	Expect(err).To(s.d.Succeed())
	s.d.RecordFigure(s.a.Name, "wal-written", float64(written-s.written), "bytes")
	s.d.RecordFigure(s.a.Name, "table-size", float64(size), "bytes")
}

func (s *syncCheck) finish() {
	d := s.d
	It(d.Step("Compare the WAL and the archive on both sides"), func(ctx SpecContext) {
		last, err := postgres.CloseSegment(ctx, s.a, s.b)
		Expect(err).To(s.d.Succeed())
		wal := map[string]postgres.WAL{}
		for _, m := range []driver.Member{s.a, s.b} {
			w, err := postgres.ReadWAL(ctx, m)
			Expect(err).To(s.d.Succeed())
			d.RecordFigure(m.Name, "segments", float64(w.Kept), "")
			d.RecordFigure(m.Name, "archived", float64(len(w.Archived)), "")
			wal[m.Name] = w
		}
		compared, found, err := postgres.CompareArchives(wal[s.a.Name], wal[s.b.Name], last)
		d.RecordFigure("", "segments-compared", float64(compared), "")
		d.Confirm("archives")(found, err)
	}, SpecTimeout(dsl.StepLimit))

	It(d.Step("Remove the tables"), func(ctx SpecContext) {
		Expect(postgres.DropTables(ctx, s.a)).To(s.d.Succeed())
		d.ConfirmInSync(ctx, s.b, s.a)
		d.ConfirmServed(ctx)
	}, SpecTimeout(dsl.StepLimit))
}

// sameTable makes sure that a table is the same on both sides, and counts it.
func (s *syncCheck) sameTable(ctx context.Context, table string) int64 {
	GinkgoHelper()
	rows, found, err := postgres.CompareTable(ctx, s.a, s.b, table)
	s.d.RecordFigure("", "rows-counted", float64(rows), "rows")
	s.d.Confirm("%s", table)(found, err)
	return rows
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
