package drill_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"drillbook/fixtures/fake"
	"drillbook/harness/drill"
	"drillbook/harness/driver"
	"drillbook/harness/record"
)

// withConsole is a database with something beside its members.
type withConsole struct {
	*fake.DB
	unfit  error // why nothing can be written to it
	closed int
}

func (d *withConsole) Prepare(ctx context.Context, m driver.Member) error {
	return errors.Join(d.unfit, d.DB.Prepare(ctx, m))
}

func (d *withConsole) CloseCluster(ctx context.Context) error {
	d.closed++
	return ctx.Err()
}

// TestClusterEndsWithTheDrill: also with one that did not get to its first step.
func TestClusterEndsWithTheDrill(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begin := func(ctx context.Context, db *withConsole) (*drill.Drill, error) {
			return drill.Begin(ctx, drill.Config{
				Head:   record.Head{Run: "run", Runbook: "fake/end", Promise: generous()},
				Driver: db, Host: db, Members: []string{"a", "b"}, Links: db.Links(), Dir: t.TempDir(),
			})
		}
		db := &withConsole{DB: fake.New(healthy())}
		d, err := begin(t.Context(), db)
		if err != nil || db.closed != 0 {
			t.Fatalf("closed %d times by its beginning, %v", db.closed, err)
		}
		for range 2 {
			if err := d.End(t.Context(), false); err != nil || db.closed != 1 {
				t.Errorf("End = %v, closed %d times, want once", err, db.closed)
			}
		}
		db = &withConsole{DB: fake.New(healthy()), unfit: errors.New("no table")}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if _, err := begin(ctx, db); err == nil || !strings.Contains(err.Error(), "no table") || db.closed != 1 {
			t.Errorf("Begin = %v, closed %d times, want once", err, db.closed)
		}
	})
}
