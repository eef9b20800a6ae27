package dsl

import (
	"strings"
	"testing"

	"drillbook/harness/fault"
)

// What is left in force on members that stay is said, and stays in the ledger for heal.
func TestLedgerOfWhatStays(t *testing.T) {
	left := []fault.Entry{{What: "a is cut off"}, {What: "b hangs"}}
	for _, tt := range []struct {
		name   string
		stays  bool
		faults []fault.Entry
		kept   bool
	}{
		{"healed, on members that stay", true, nil, false},
		{"in force, on members that stay", true, left, true},
		{"in force, on members that were removed", false, left, false},
	} {
		dir := t.TempDir()
		l, err := fault.OpenLedger(dir, fault.RunFaults{Run: "r1", Stays: tt.stays})
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range tt.faults {
			if err := l.Add(e); err != nil {
				t.Fatal(err)
			}
		}
		err = closeLedger(l)
		const want = "a is cut off; b hangs: run drillbook heal"
		if said := err != nil && strings.Contains(err.Error(), want); said != tt.kept {
			t.Errorf("%s: closing the ledger = %v", tt.name, err)
		}
		dead, err := fault.Abandoned(dir)
		if err != nil || (len(dead) == 1) != tt.kept {
			t.Errorf("%s: %d ledgers are left, %v, want it kept: %t", tt.name, len(dead), err, tt.kept)
		}
		for _, l := range dead {
			if err := l.Remove(); err != nil {
				t.Error(err)
			}
		}
	}
}
