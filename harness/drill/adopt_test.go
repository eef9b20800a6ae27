package drill_test

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"drillbook/fixtures/fake"
	"drillbook/harness/cluster"
	"drillbook/harness/drill"
	"drillbook/harness/driver"
	"drillbook/harness/fault"
	"drillbook/harness/host"
	"drillbook/harness/phrase"
	"drillbook/harness/record"
)

// adopted is a drill of a cluster that was there before.
type adopted struct {
	db    fake.Config
	allow func(int, fault.Fault) error
	// during is done in a step; its error is the step's.
	during func(ctx context.Context, d *drill.Drill) error
}

// run carries it out in virtual time, and returns what Begin and End said, whether the probe's
// tables are left, and what the ledger says then.
func (a adopted) run(t *testing.T) (rec *record.Record, db *fake.DB, left []fault.Entry, err error) {
	t.Helper()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		ctx := t.Context()
		db = fake.New(a.db)
		made, broken := cluster.Start(ctx, cluster.Spec{
			Driver: db, Host: db, Members: []string{"db1", "db2"}, Within: time.Minute,
		})
		must(t, broken)
		ledger, broken := fault.OpenLedger(dir, fault.RunFaults{Run: "run", Stays: true})
		must(t, broken)
		defer func() { left = ledger.Contents().Faults; must(t, errors.Join(ledger.Remove(), db.Close(ctx))) }()
		var d *drill.Drill
		d, err = drill.Begin(ctx, drill.Config{
			Head:   record.Head{Run: "run", Promise: generous(), Steps: []record.Step{{Number: 1}}},
			Driver: db, Host: db, Members: []string{"db1", "db2"}, Links: db.Links(), Dir: dir, Ledger: ledger,
			Adopt: &drill.Adoption{}, Allow: a.allow,
		})
		if err != nil {
			return
		}
		if n := len(ledger.Contents().Faults); n != 1 || !db.Prepared() {
			t.Errorf("while it is under way the ledger has %d entries, want that of the probe's tables", n)
		}
		d.StepBegan(1)
		if a.during != nil {
			err = a.during(ctx, d)
		}
		d.StepEnded(err)
		err = errors.Join(err, d.End(ctx, false))
		if _, broken := made.Primary(ctx); broken != nil {
			t.Errorf("the cluster does not stay: %v", broken)
		}
	})
	rec, broken := record.ReadFile(filepath.Join(dir, drill.RecordName))
	must(t, broken)
	return rec, db, left, err
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// A cluster that was there before is drilled as it is, what it is like stands in the record,
// and it is left as it was.
func TestAdopt(t *testing.T) {
	facts := driver.Facts{All: []driver.Fact{
		{Member: "db1", What: phrase.Quote("system identifier"), Value: phrase.Quote("7001")},
	}}
	rec, db, left, err := adopted{db: fake.Config{Facts: facts}}.run(t)
	must(t, err)
	if db.Prepared() || len(left) > 0 {
		t.Errorf("the probe's tables are left: %t, and in the ledger is %v", db.Prepared(), left)
	}
	found := func(e record.Event) bool {
		return e.Kind == record.Finding && e.Member == "db1" && e.What == "system identifier" && e.Answer == "7001"
	}
	if !slices.ContainsFunc(rec.Events, found) {
		t.Error("the record does not say what the cluster is like")
	}
}

// Nothing is made in a cluster that cannot be drilled.
func TestAdoptRefuses(t *testing.T) {
	facts := driver.Facts{Wrong: []error{errors.New("two primaries"), errors.New("no standby")}}
	_, db, left, err := adopted{db: fake.Config{Facts: facts}}.run(t)
	if !errors.Is(err, drill.ErrEnvironment) || !strings.Contains(err.Error(), "two primaries\nno standby") {
		t.Errorf("it began: %v", err)
	}
	if db.Prepared() || len(left) > 0 {
		t.Errorf("something was made all the same: %v", left)
	}
}

// What cannot be removed is told, and kept for whoever heals.
func TestAdoptedKeepsTables(t *testing.T) {
	_, db, left, err := adopted{db: fake.Config{Defects: fake.Defects{UndoDoesNothing: true}}}.run(t)
	if err == nil || !strings.Contains(err.Error(), "something is left to undo on db1") {
		t.Errorf("nobody is told: %v", err)
	}
	if !db.Prepared() || len(left) != 1 || len(left[0].Undo) != 2 {
		t.Errorf("in the ledger is %v, want how both members are rid of the probe's tables", left)
	}
}

// A fault that is not allowed is not injected.
func TestFaultNotAllowed(t *testing.T) {
	rec, _, _, err := adopted{
		allow: func(step int, f fault.Fault) error {
			if step != 1 {
				t.Errorf("asked in step %d", step)
			}
			return errors.New("nobody has consented to " + f.String())
		},
		during: func(ctx context.Context, d *drill.Drill) error {
			return d.Inject(ctx, fault.HostLoss(d.Cluster.Members[0]))
		},
	}.run(t)
	if err == nil || !strings.Contains(err.Error(), "nobody has consented to host of db1 is lost") {
		t.Errorf("it was injected: %v", err)
	}
	for _, e := range rec.Events {
		if e.Kind == record.Prepared || e.Kind == record.Injected {
			t.Errorf("the record has %+v", e)
		}
	}
}

// A member that cannot be dialled where it must be seen keeps a drill from beginning: nobody
// would see what it writes.
func TestMemberThatCannotBeSeen(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		db := fake.New(fake.Config{})
		_, err := drill.Begin(t.Context(), drill.Config{
			Head:   record.Head{Run: "run", Promise: generous(), Steps: []record.Step{{Number: 1}}},
			Driver: db, Host: db, Members: []string{"a", "b"}, Links: db.Links(), Dir: dir,
			DirectNetwork: host.Private, // on which members in memory have no address
		})
		if !errors.Is(err, drill.ErrEnvironment) || !strings.Contains(err.Error(), "nobody would see whether a takes") {
			t.Errorf("it began: %v", err)
		}
		must(t, db.Close(t.Context()))
	})
}
