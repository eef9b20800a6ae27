package drill_test

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
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

// faulted is a drill in which a fault lasts for a second and is healed, by a step
// or by the end.
type faulted struct {
	db    fake.Config
	fault func(ctx context.Context, db *fake.DB, m driver.Member) (fault.Fault, error)
	atEnd bool // it is healed by the end of the drill
}

func (f faulted) run(t *testing.T) *record.Record {
	t.Helper()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		d := begin(t, fake.New(f.db), dir, generous())
		what, err := f.fault(t.Context(), d.db, d.Cluster.Members[0])
		if err != nil {
			t.Fatal(err)
		}
		for n := range 3 {
			step(t, d.Drill, n+1, func() error {
				switch {
				case n == 0:
					err := d.Inject(t.Context(), what)
					<-time.After(time.Second)
					return err
				case n == 1 && !f.atEnd:
					return d.Heal(t.Context(), what)
				}
				return nil
			})
		}
		d.end(t)
	})
	rec, err := record.ReadFile(filepath.Join(dir, drill.RecordName))
	if err != nil {
		t.Fatal(err)
	}
	return rec
}

func hostLoss(_ context.Context, _ *fake.DB, m driver.Member) (fault.Fault, error) {
	return fault.HostLoss(m), nil
}

func frozen(_ context.Context, _ *fake.DB, m driver.Member) (fault.Fault, error) {
	return fault.Freeze(m), nil
}

func killed(_ context.Context, db *fake.DB, m driver.Member) (fault.Fault, error) {
	return fault.KillServer(db, m), nil
}

func cutOff(ctx context.Context, db *fake.DB, m driver.Member) (fault.Fault, error) {
	l, err := db.Links().Link(ctx, link.Route{From: "b", To: m.Name})
	return fault.Group(phrase.Quote("a is cut off"), fault.Impair(l, link.Condition{Kind: link.Drop})), err
}

// A state that ends before it is healed makes the drill unmeasurable; a product
// that starts its killed server again does not. A record of a harness that did not
// look is measured as it was.
func TestFaultsHoldUntilTheyAreHealed(t *testing.T) {
	well := healthy()
	well.Defects.StartsByItself = true
	lapses, restarts := well, well
	lapses.Defects.FaultsLapse = 300 * time.Millisecond
	restarts.Restarts = 300 * time.Millisecond
	for _, tt := range []struct {
		name         string
		drill        faulted
		held, lapsed bool
	}{
		{"host loss", faulted{db: well, fault: hostLoss}, true, false},
		{"freeze", faulted{db: well, fault: frozen}, true, false},
		{"cut", faulted{db: well, fault: cutOff}, true, false},
		{"cut, until the end", faulted{db: well, fault: cutOff, atEnd: true}, true, false},
		{"kill", faulted{db: well, fault: killed}, false, false},
		{"host loss, lapses", faulted{db: lapses, fault: hostLoss}, false, true},
		{"freeze, lapses", faulted{db: lapses, fault: frozen}, false, true},
		{"cut, lapses", faulted{db: lapses, fault: cutOff}, false, true},
		{"cut, lapses before the end", faulted{db: lapses, fault: cutOff, atEnd: true}, false, true},
		{"kill, started again", faulted{db: restarts, fault: killed}, false, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			rec := tt.drill.run(t)
			res := measure.Of(rec)
			f := res.Faults[0]
			if f.Lapsed != tt.lapsed || (f.HeldBy != "") != tt.held || f.HealedBy == "" {
				t.Errorf("lapsed %v, held by %q, healed by %q, want %v, evidence %v, and that it is healed",
					f.Lapsed, f.HeldBy, f.HealedBy, tt.lapsed, tt.held)
			}
			said := slices.ContainsFunc(res.Reasons, func(r measure.Reason) bool {
				return r.Code == measure.FaultLapsed && r.Verdict == measure.Unmeasurable && r.Detail == f.What
			})
			if said != tt.lapsed || res.Unfit != tt.lapsed || !tt.lapsed && res.Verdict != measure.Met {
				t.Errorf("verdict %s, reasons %+v, want fault-lapsed: %v", res.Verdict, res.Reasons, tt.lapsed)
			}
			rec.Events = slices.DeleteFunc(rec.Events, func(e record.Event) bool { return e.Kind == record.Held })
			if old := measure.Of(rec); old.Verdict != measure.Met {
				t.Errorf("without the look at it: %s, %+v, want met", old.Verdict, old.Reasons)
			}
		})
	}
}

// reluctant is a fault whose first healing fails when it is half done.
type reluctant struct {
	fault.Fault

	failed bool
}

func (r *reluctant) Heal(ctx context.Context) error {
	err := r.Fault.Heal(ctx)
	if first := !r.failed; first {
		r.failed = true
		return errors.Join(err, errors.New("and something is left"))
	}
	return err
}

func reluctantly(ctx context.Context, db *fake.DB, m driver.Member) (fault.Fault, error) {
	cut, err := cutOff(ctx, db, m)
	return &reluctant{Fault: cut}, err
}

// What is half healed is not taken for lapsed when it is healed again.
func TestRepeatedHealingIsNoLapse(t *testing.T) {
	rec := faulted{db: healthy(), fault: reluctantly}.run(t)
	if f := measure.Of(rec).Faults[0]; f.Lapsed || f.HeldBy == "" || f.HealedBy == "" {
		t.Errorf("lapsed %v, held by %q, healed by %q, want that it held and is healed", f.Lapsed, f.HeldBy, f.HealedBy)
	}
}
