package drill_test

import (
	"context"
	"errors"
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

// borrower is a database of which drills change settings for a while. They are set again by
// the command forget.
type borrower struct{ *fake.DB }

func (borrower) Borrowed() phrase.Phrase { return phrase.Quote("other settings") }

func (borrower) UndoBorrowed(_ context.Context, m driver.Member) (host.Undo, error) {
	return host.Undo{
		Node: m.Name, Argv: []string{"forget", m.Name}, Done: []string{"forgotten", m.Name}, Attended: true,
	}, nil
}

// What a drill changes for a while is in the ledger before anything is changed, is set again
// at the end, and stays in the ledger if that cannot be.
func TestBorrowedSettings(t *testing.T) {
	for _, tt := range []struct {
		name    string
		defects fake.Defects
		left    int
	}{
		{"set again", fake.Defects{}, 0},
		{"an undo does nothing", fake.Defects{UndoDoesNothing: true}, 2},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			synctest.Test(t, func(t *testing.T) {
				ctx := t.Context()
				db := fake.New(fake.Config{Defects: tt.defects})
				_, err := cluster.Start(ctx, cluster.Spec{
					Driver: db, Host: db, Members: []string{"db1", "db2"}, Within: time.Minute,
				})
				must(t, err)
				ledger, err := fault.OpenLedger(dir, fault.RunFaults{Run: "run", Stays: true})
				must(t, err)
				defer func() { must(t, errors.Join(ledger.Remove(), db.Close(ctx))) }()
				d, err := drill.Begin(ctx, drill.Config{
					Head:   record.Head{Run: "run", Promise: generous(), Steps: []record.Step{{Number: 1}}},
					Driver: borrower{db}, Host: db, Members: []string{"db1", "db2"}, Dir: dir, Ledger: ledger,
					Adopt: &drill.Adoption{},
				})
				must(t, err)
				kept := ledger.Contents().Faults
				if len(kept) != 2 || kept[0].Mechanism != "other settings" || len(kept[0].Undo) != 2 {
					t.Errorf("while it is under way the ledger has %+v, want the settings and the tables", kept)
				}
				err = d.End(ctx, false)
				if left := ledger.Contents().Faults; len(left) != tt.left || (err == nil) != (tt.left == 0) {
					t.Errorf("it ended with %v, and the ledger has %+v, want %d entries", err, left, tt.left)
				}
			})
		})
	}
}
