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

// tended is a database with something beside its members.
type tended struct {
	*fake.DB
	unfit     error // why nothing can be written to it
	dissolved int
}

func (d *tended) Prepare(ctx context.Context, m driver.Member) error {
	return errors.Join(d.unfit, d.DB.Prepare(ctx, m))
}

func (d *tended) Dissolve(ctx context.Context) error {
	d.dissolved++
	return ctx.Err()
}

// TestClusterEndsWithTheDrill: also with one that did not get to its first step.
func TestClusterEndsWithTheDrill(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begin := func(ctx context.Context, db *tended) (*drill.Drill, error) {
			return drill.Begin(ctx, drill.Config{
				Head:   record.Head{Run: "run", Runbook: "fake/end", Promise: generous()},
				Driver: db, Host: db, Members: []string{"a", "b"}, Links: db.Links(), Dir: t.TempDir(),
			})
		}
		db := &tended{DB: fake.New(healthy())}
		d, err := begin(t.Context(), db)
		if err != nil || db.dissolved != 0 {
			t.Fatalf("dissolved %d times by its beginning, %v", db.dissolved, err)
		}
		for range 2 {
			if err := d.End(t.Context(), false); err != nil || db.dissolved != 1 {
				t.Errorf("End = %v, dissolved %d times, want once", err, db.dissolved)
			}
		}
		db = &tended{DB: fake.New(healthy()), unfit: errors.New("no table")}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if _, err := begin(ctx, db); err == nil || !strings.Contains(err.Error(), "no table") || db.dissolved != 1 {
			t.Errorf("Begin = %v, dissolved %d times, want once", err, db.dissolved)
		}
	})
}
