package drill_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"drillbook/fixtures/fake"
	"drillbook/harness/drill"
	"drillbook/harness/driver"
	"drillbook/harness/fault"
	"drillbook/harness/link"
	"drillbook/harness/measure"
	"drillbook/harness/phrase"
	"drillbook/harness/record"
)

// splitBrain is a drill on the fake database: replication is cut, the standby
// is promoted while the primary lives, what only that one holds is saved, and
// it rejoins.
type splitBrain struct {
	defects   fake.Defects
	expected  bool
	forgetful bool // nothing is saved
}

func (s splitBrain) run(t *testing.T) (got measure.Result, dir string) {
	t.Helper()
	dir = t.TempDir()
	synctest.Test(t, func(t *testing.T) { s.drill(t, dir) })
	rec, err := record.ReadFile(filepath.Join(dir, drill.RecordName))
	if err != nil {
		t.Fatal(err)
	}
	return measure.Of(rec), dir
}

func (s splitBrain) drill(t *testing.T, dir string) {
	t.Helper()
	cfg := healthy()
	cfg.Defects = s.defects
	promise := record.Promise{RTO: 5 * time.Second, SplitBrain: s.expected}
	d := begin(t, fake.New(cfg), dir, promise)
	ctx := t.Context()
	a, b := d.Cluster.Members[0], d.Cluster.Members[1]
	step(t, d.Drill, 1, func() error {
		l, err := d.db.Links().Link(ctx, link.Route{From: "b", To: "a"})
		if err != nil {
			return err
		}
		cut := fault.Group(phrase.Quote("a is cut off"), fault.Impair(l, link.Condition{Kind: link.Drop}))
		return errors.Join(d.Inject(ctx, cut), d.Promote(ctx, b))
	})
	step(t, d.Drill, 2, func() error {
		counts, err := d.CountDirectWrites(ctx, time.Second)
		if counts["b"] == 0 || (counts["a"] > 0) != s.defects.KeepsWriting {
			t.Errorf("taken = %v, want writes by b, and by a only if it goes on", counts)
		}
		return err
	})
	step(t, d.Drill, 3, func() error {
		// as long as the fake cannot be made to stop writing, its host is lost
		var saved error
		if !s.forgetful {
			_, saved = d.Salvage(ctx, a, b)
		}
		return errors.Join(saved, a.Node.Kill(ctx), a.Node.Start(ctx), d.Rejoin(ctx, a, b, driver.Rebuild))
	})
	d.end(t)
}

// running is a drill and its database.
type running struct {
	*drill.Drill

	db *fake.DB
}

func begin(t *testing.T, db *fake.DB, dir string, promise record.Promise) running {
	t.Helper()
	return beginWith(t, db, db, dir, promise)
}

// beginWith begins a drill of the database as a driver of the test's own has it.
func beginWith(t *testing.T, drv driver.Driver, db *fake.DB, dir string, promise record.Promise) running {
	t.Helper()
	d, err := drill.Begin(t.Context(), drill.Config{
		Head: record.Head{
			Run: "run", Runbook: "fake/page", Promise: promise,
			Steps: []record.Step{{Number: 1}, {Number: 2}, {Number: 3}},
		},
		Driver: drv, Host: db, Members: []string{"a", "b"}, Links: db.Links(), Dir: dir,
	})
	if err != nil {
		t.Fatal(err)
	}
	return running{d, db}
}

func (r running) end(t *testing.T) {
	t.Helper()
	if err := r.End(t.Context(), false); err != nil {
		t.Logf("end: %v", err)
	}
	if err := r.db.Close(context.WithoutCancel(t.Context())); err != nil {
		t.Error(err)
	}
}

// A split brain is missed where none is expected, met where it is and was
// repaired, and nothing is proved where it is expected and does not come.
func TestSplitBrain(t *testing.T) {
	both := fake.Defects{KeepsWriting: true}
	for _, tt := range []struct {
		name    string
		drill   splitBrain
		proved  bool
		verdict measure.Verdict
		code    measure.Code
	}{
		{"expected, saved", splitBrain{defects: both, expected: true}, true, measure.Met, ""},
		{"not expected", splitBrain{defects: both}, true, measure.Missed, measure.SplitBrain},
		{
			"expected, not saved",
			splitBrain{defects: both, expected: true, forgetful: true},
			true, measure.Missed, measure.SplitUnsaved,
		},
		{
			"expected, not all saved",
			splitBrain{defects: fake.Defects{KeepsWriting: true, SavesAllBut: 10}, expected: true},
			true, measure.Missed, measure.SplitUnsaved,
		},
		{"expected, does not come", splitBrain{expected: true}, false, measure.Unmeasurable, measure.SplitMissing},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, _ := tt.drill.run(t)
			if got.Verdict != tt.verdict || got.Split.Proved != tt.proved {
				t.Errorf("verdict = %s, proved = %t, want %s, %t; reasons %+v", got.Verdict, got.Split.Proved,
					tt.verdict, tt.proved, got.Reasons)
			}
			if tt.code != "" && !has(got.Reasons, tt.code) {
				t.Errorf("reasons = %+v, want %s among them", got.Reasons, tt.code)
			}
		})
	}
}

// What was saved is what the losing side acknowledged, and the file is what the
// record says of it.
func TestSavedIsWhatWasLost(t *testing.T) {
	got, dir := splitBrain{defects: fake.Defects{KeepsWriting: true}, expected: true}.run(t)
	if len(got.Saved) != 1 || got.Unsaved != 0 {
		t.Fatalf("saved = %+v, unsaved = %d, want one file and none", got.Saved, got.Unsaved)
	}
	s := got.Saved[0]
	if s.Member != "a" || s.Acked == 0 || s.Acked != s.Lost || s.Lost != len(got.Writes.Lost) {
		t.Errorf("of a, %d acknowledged writes were saved, %d of them lost, and %d were lost in all; want all the same",
			s.Acked, s.Lost, len(got.Writes.Lost))
	}
	if s.Rows != s.Tokens || s.Tokens < s.Acked {
		t.Errorf("%d rows, %d tokens, %d acknowledged", s.Rows, s.Tokens, s.Acked)
	}
	file, err := os.ReadFile(filepath.Join(dir, s.File))
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(file)
	if int64(len(file)) != s.Bytes || hex.EncodeToString(sum[:]) != s.SHA256 {
		t.Errorf("the file has %d bytes, sha256 %x; the record says %d, %s", len(file), sum, s.Bytes, s.SHA256)
	}
	if rows := strings.Count(string(file), "\n"); rows != s.Rows {
		t.Errorf("the file has %d rows, the record says %d", rows, s.Rows)
	}
}

// What was saved once stays saved, whatever becomes of saving it again.
func TestSavingAgainKeepsWhatWasSaved(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		d := begin(t, fake.New(healthy()), dir, generous())
		a, b := d.Cluster.Members[0], d.Cluster.Members[1]
		saved, err := d.Salvage(t.Context(), a, b)
		if err != nil {
			t.Error(err)
		}
		if _, err := d.Salvage(t.Context(), a, b); err == nil {
			t.Error("the file was written a second time")
		}
		if _, err := os.Stat(filepath.Join(dir, saved.File)); err != nil {
			t.Error(err)
		}
		d.end(t)
	})
}

// What would do harm is refused before anything is changed, with the way out.
func TestRefusals(t *testing.T) {
	for _, tt := range []struct {
		name string
		do   func(ctx context.Context, d running, a, b driver.Member) error
		want string
	}{
		{
			"takeover of a primary",
			func(ctx context.Context, d running, a, _ driver.Member) error { return d.Promote(ctx, a) },
			"it is primary already",
		},
		{
			"failback to a member that does not follow",
			func(ctx context.Context, d running, a, b driver.Member) error {
				l, err := d.db.Links().Link(ctx, link.Route{From: "b", To: "a"})
				if err != nil {
					return err
				}
				if err := l.Impose(ctx, link.Condition{Kind: link.Drop}); err != nil {
					return err
				}
				return errors.Join(d.Switchover(ctx, a, b), l.Clear(ctx))
			},
			"b is not in sync; nothing was changed and a is still primary",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			synctest.Test(t, func(t *testing.T) {
				d := begin(t, fake.New(healthy()), dir, generous())
				a, b := d.Cluster.Members[0], d.Cluster.Members[1]
				<-time.After(time.Second) // the observer must have seen the roles
				err := tt.do(t.Context(), d, a, b)
				if !errors.Is(err, drill.ErrRefused) || !strings.Contains(err.Error(), tt.want) {
					t.Errorf("error = %v, want one that wraps ErrRefused and contains %q", err, tt.want)
				}
				if p, err := d.Cluster.Primary(t.Context()); err != nil || p.Name != "a" {
					t.Errorf("primary = %s, %v, want a as before", p.Name, err)
				}
				d.end(t)
			})
			rec, err := record.ReadFile(filepath.Join(dir, drill.RecordName))
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range rec.Events {
				if e.Kind == record.Decided {
					t.Error("a refused change of roles is recorded as decided")
				}
			}
		})
	}
}

// A standby that never catches up is waited for no longer than is said, and
// the error says how far it is behind.
func TestNeverCatchesUp(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		cfg := healthy()
		cfg.Delay = time.Hour
		d := begin(t, fake.New(cfg), dir, generous())
		a, b := d.Cluster.Members[0], d.Cluster.Members[1]
		_, err := d.WaitInSync(t.Context(), b, a, 5*time.Second)
		for _, want := range []string{"wait for b to be in sync with a: not so within 5s", "behind", "b holds 0 of"} {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("WaitInSync = %v, want %q in it", err, want)
			}
		}
		d.end(t)
	})
}
