package drill_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"drillbook/fixtures/fake"
	"drillbook/harness/drill"
	"drillbook/harness/fault"
	"drillbook/harness/measure"
	"drillbook/harness/record"
)

// A healing that is interrupted is done again at the end.
func TestInterruptedHealing(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		db := fake.New(healthy())
		d, err := drill.Begin(t.Context(), drill.Config{
			Head:   record.Head{Run: "run", Runbook: "fake/interrupted", Promise: generous()},
			Driver: db, Host: db, Members: []string{"a", "b"}, Dir: dir,
		})
		if err != nil {
			t.Fatal(err)
		}
		f := fault.StopServer(db, d.Cluster.Members[0])
		if err := d.Inject(t.Context(), f); err != nil {
			t.Fatal(err)
		}
		interrupted, interrupt := context.WithCancel(t.Context())
		interrupt()
		if err := d.Heal(interrupted, f); err == nil {
			t.Error("an interrupted healing says nothing of it")
		}
		if err := d.End(t.Context(), true); err != nil {
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
	for _, f := range measure.Of(rec).Faults {
		if f.HealedBy == "" {
			t.Errorf("%s is not healed: %s", f.What, f.Err)
		}
	}
}

// stuck is a fault whose healing ends with its context and not before.
type stuck struct{ fault.Fault }

func (stuck) Heal(ctx context.Context) error {
	<-ctx.Done()
	return ctx.Err()
}

// A place that does not answer does not keep a drill from its end, nor its record
// from being whole.
func TestHealingThatHangs(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		d := begin(t, fake.New(healthy()), dir, generous())
		f := stuck{fault.StopServer(d.db, d.Cluster.Members[0])}
		if err := d.Inject(t.Context(), f); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour) // which the drill's own limits undercut
		defer cancel()
		if err := d.End(ctx, true); err == nil || ctx.Err() != nil {
			t.Errorf("the end says %v, after all the time there was: %v", err, ctx.Err())
		}
		if err := d.db.Close(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	})
	rec, err := record.ReadFile(filepath.Join(dir, drill.RecordName))
	if err != nil || rec.Tail == nil {
		t.Errorf("the record has no end: %v", err)
	}
}

// dependent is a fault that cannot be healed before another one is.
type dependent struct {
	fault.Fault

	on fault.Fault
}

func (d dependent) Heal(ctx context.Context) error {
	if _, err := d.on.Healed(ctx); err != nil {
		return fmt.Errorf("it needs what was cut: %w", err)
	}
	return d.Fault.Heal(ctx)
}

// The end heals again what could be healed only once another fault was, as long as
// that gets it anywhere.
func TestEndRetriesHealing(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		d := begin(t, fake.New(healthy()), dir, generous())
		cut, err := cutOff(t.Context(), d.db, d.Cluster.Members[0])
		if err != nil {
			t.Fatal(err)
		}
		killed := dependent{fault.KillServer(d.db, d.Cluster.Members[0]), cut}
		if err := errors.Join(d.Inject(t.Context(), cut), d.Inject(t.Context(), killed)); err != nil {
			t.Fatal(err)
		}
		d.end(t)
	})
	rec, err := record.ReadFile(filepath.Join(dir, drill.RecordName))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range measure.Of(rec).Faults {
		if f.HealedBy == "" {
			t.Errorf("%s is not healed: %s", f.What, f.Err)
		}
	}
}
