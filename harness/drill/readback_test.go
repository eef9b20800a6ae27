package drill_test

import (
	"context"
	"path/filepath"
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

// late is a database of which b lacks the newest row for the first so many times
// that it is read back, as if that took effect only then.
type late struct {
	*fake.DB

	times *atomic.Int32
}

func (l late) Open(ctx context.Context, t driver.Target) (driver.Session, error) {
	s, err := l.DB.Open(ctx, t)
	if err == nil && !t.Writable && t.Members[0].Name == "b" {
		return lateSession{s, l.times}, nil
	}
	return s, err
}

type lateSession struct {
	driver.Session

	times *atomic.Int32
}

func (s lateSession) Tokens(ctx context.Context, run string) ([]driver.Stored, error) {
	stored, err := s.Session.Tokens(ctx, run)
	if s.times.Add(-1) >= 0 && len(stored) > 0 {
		stored = stored[:len(stored)-1]
	}
	return stored, err
}

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
				db := late{fake.New(healthy()), new(atomic.Int32)}
				db.times.Store(tt.times)
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
