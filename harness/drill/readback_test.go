package drill_test

import (
	"context"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"drillbook/fixtures/fake"
	"drillbook/harness/drill"
	"drillbook/harness/driver"
	"drillbook/harness/measure"
	"drillbook/harness/record"
)

// retold is a database whose sessions tell otherwise what the members hold.
type retold struct {
	*fake.DB

	tell func(ctx context.Context, m string, held []driver.Stored) ([]driver.Stored, error)
	lag  func() error // if set, what is said of every standby once it fails
}

func (r retold) Open(ctx context.Context, t driver.Target) (driver.Session, error) {
	s, err := r.DB.Open(ctx, t)
	if err == nil && !t.Writable && r.tell != nil {
		return retoldSession{s, r, t.Members[0].Name}, nil
	}
	return s, err
}

func (r retold) Lag(ctx context.Context, standby, primary driver.Member) (driver.Lag, error) {
	if r.lag != nil && r.lag() != nil {
		return driver.Lag{}, r.lag()
	}
	return r.DB.Lag(ctx, standby, primary)
}

type retoldSession struct {
	driver.Session

	db retold
	of string
}

func (s retoldSession) Tokens(ctx context.Context, run string) ([]driver.Stored, error) {
	held, err := s.Session.Tokens(ctx, run)
	if err != nil {
		return held, err
	}
	return s.db.tell(ctx, s.of, held)
}

// less are the rows without the newest.
func less(held []driver.Stored) []driver.Stored { return held[:max(0, len(held)-1)] }

// TestCopiesThatDifferAreReadAgain: what takes effect while members are read
// back is no divergence; what stays different is.
func TestCopiesThatDifferAreReadAgain(t *testing.T) {
	for _, tt := range []struct {
		name  string
		times int32
		want  int
	}{{"for a moment", 3, 0}, {"for good", 1 << 20, 1}} {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			synctest.Test(t, func(t *testing.T) {
				var times atomic.Int32
				times.Store(tt.times)
				db := retold{DB: fake.New(healthy())}
				db.tell = func(_ context.Context, m string, held []driver.Stored) ([]driver.Stored, error) {
					if m == "b" && times.Add(-1) >= 0 {
						held = less(held)
					}
					return held, nil
				}
				d := beginWith(t, db, db.DB, dir, generous())
				<-time.After(time.Second)
				if err := d.End(t.Context(), false); err != nil {
					t.Error(err)
				}
				if err := db.Close(t.Context()); err != nil {
					t.Error(err)
				}
			})
			rec, err := record.ReadFile(filepath.Join(dir, drill.RecordName))
			if err != nil {
				t.Fatal(err)
			}
			if got := len(measure.Of(rec).Writes.Diverged); got != tt.want {
				t.Errorf("%d writes are held by some members only, want %d", got, tt.want)
			}
		})
	}
}

// readBack ends a drill of a database whose members are a, b and c, after a second
// of writes and what is done before its end, and says what became of the writes.
func readBack(
	t *testing.T, tell func(*fake.DB) retold, before func(context.Context, *drill.Drill) error,
) measure.Writes {
	t.Helper()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		db := fake.New(healthy())
		d, err := drill.Begin(t.Context(), drill.Config{
			Head: record.Head{Run: "run", Runbook: "fake/page", Promise: generous()}, Driver: tell(db), Host: db,
			Members: []string{"a", "b", "c"}, Links: db.Links(), Dir: dir,
		})
		if err != nil {
			t.Fatal(err)
		}
		<-time.After(time.Second)
		if before != nil {
			if err := before(t.Context(), d); err != nil {
				t.Error(err)
			}
		}
		running{d, db}.end(t)
	})
	rec, err := record.ReadFile(filepath.Join(dir, drill.RecordName))
	if err != nil {
		t.Fatal(err)
	}
	return measure.Of(rec).Writes
}

// TestFailedRereadKeepsTheCopies: copies that differ are not forgotten because
// one of them cannot be read once more, or only after the deadline.
func TestFailedRereadKeepsTheCopies(t *testing.T) {
	for name, fail := range map[string]func(ctx context.Context) error{
		"at once": func(context.Context) error { return errBroken },
		"hangs":   func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() },
	} {
		t.Run(name, func(t *testing.T) {
			var reads int
			tell := func(ctx context.Context, m string, held []driver.Stored) ([]driver.Stored, error) {
				if m != "b" {
					return held, nil
				}
				if reads++; reads > 1 {
					return nil, fail(ctx)
				}
				return less(held), nil
			}
			w := readBack(t, func(db *fake.DB) retold { return retold{DB: db, tell: tell} }, nil)
			if len(w.Diverged) != 1 || len(w.Unread) != 0 || !w.Counted {
				t.Errorf("%d writes diverged, %q unread, counted %v; want the one that b lacks",
					len(w.Diverged), w.Unread, w.Counted)
			}
			if reads < 2 {
				t.Errorf("b was read %d times, want it tried again", reads)
			}
		})
	}
}

// TestEveryMemberHasItsOwnDeadline: standbys that never catch up do not use up the time of
// a primary that is listed last.
func TestEveryMemberHasItsOwnDeadline(t *testing.T) {
	var lagging error
	w := readBack(t,
		func(db *fake.DB) retold { return retold{DB: db, lag: func() error { return lagging }} },
		func(ctx context.Context, d *drill.Drill) error {
			defer func() { lagging = errBroken }()
			return d.Switchover(ctx, d.Cluster.Members[0], d.Cluster.Members[2])
		})
	if !w.Counted || w.Authority != "c" || !slices.Equal(w.Unread, []string{"a", "b"}) {
		t.Errorf("counted %v by %q, %q had not caught up; want it counted by c, and a and b not",
			w.Counted, w.Authority, w.Unread)
	}
}

// TestFailedCopyIsReadAgain is tried again.
func TestFailedCopyIsReadAgain(t *testing.T) {
	var mu sync.Mutex // guards fails: members are read at the same time
	fails := map[string]int{"a": 3, "c": 2}
	w := readBack(t, func(db *fake.DB) retold {
		return retold{DB: db, tell: func(_ context.Context, m string, held []driver.Stored) ([]driver.Stored, error) {
			mu.Lock()
			defer mu.Unlock()
			if fails[m]--; fails[m] >= 0 {
				return nil, errBroken
			}
			return held, nil
		}}
	}, nil)
	if !w.Counted || len(w.Unread) != 0 {
		t.Errorf("counted %v, %q unread, want all read", w.Counted, w.Unread)
	}
}
