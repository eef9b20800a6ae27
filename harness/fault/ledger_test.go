package fault_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"testing"

	"drillbook/harness/fault"
	"drillbook/harness/lock"
	"drillbook/harness/phrase"
)

// storm is a fault in name only.
type storm string

func (s storm) String() string                               { return string(s) }
func (s storm) Phrase() phrase.Phrase                        { return phrase.Quote(string(s)) }
func (storm) Mechanism() phrase.Phrase                       { return phrase.Quote("wind") }
func (storm) Inject(context.Context) error                   { return nil }
func (storm) Confirm(context.Context) (phrase.Phrase, error) { return phrase.Phrase{}, nil }
func (storm) Holds(context.Context) (phrase.Phrase, error)   { return phrase.Phrase{}, nil }
func (storm) Heal(context.Context) error                     { return nil }
func (storm) Healed(context.Context) (phrase.Phrase, error)  { return phrase.Phrase{}, nil }

func open(t *testing.T, dir string) *fault.Ledger {
	t.Helper()
	l, err := fault.OpenLedger(dir, fault.RunFaults{Run: "r1", Undo: "close the window", Record: "there"})
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func left(t *testing.T, dir string) []*fault.Ledger {
	t.Helper()
	all, err := fault.Abandoned(dir)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestLedger(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "ledgers")
	l := open(t, dir)
	for _, f := range []storm{"one", "two", "three"} {
		if err := l.Add(fault.NewEntry(f)); err != nil {
			t.Fatal(err)
		}
	}
	if err := l.Done("two"); err != nil {
		t.Fatal(err)
	}
	if n := len(left(t, dir)); n != 0 {
		t.Fatalf("%d ledgers are left while their harness lives", n)
	}
	if err := l.Close(); err != nil { // as the death of the process does
		t.Fatal(err)
	}
	dead := left(t, dir)
	if len(dead) != 1 {
		t.Fatalf("%d ledgers are left, want 1", len(dead))
	}
	page := dead[0].Contents()
	if page.Run != "r1" || page.Undo == "" || len(page.Faults) != 2 || page.Faults[1].What != "three" {
		t.Errorf("page = %+v", page)
	}
	if err := dead[0].Remove(); err != nil {
		t.Fatal(err)
	}
	if n := len(left(t, dir)); n != 0 {
		t.Errorf("%d ledgers are left that were forgotten", n)
	}
}

// A ledger that was cut in the middle of a line says what it said before.
func TestLedgerCut(t *testing.T) {
	dir := t.TempDir()
	l := open(t, dir)
	if err := l.Add(fault.NewEntry(storm("one"))); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "r1.faults")
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Add(fault.NewEntry(storm("two"))); err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(path, int64(len(whole))+20); err != nil {
		t.Fatal(err)
	}
	dead := left(t, dir)
	if len(dead) != 1 || len(dead[0].Contents().Faults) != 1 || dead[0].Contents().Faults[0].What != "one" {
		t.Fatalf("left = %+v", dead)
	}
	if err := dead[0].Close(); err != nil {
		t.Fatal(err)
	}
}

// What a disk did not take does not spoil what it takes later: the ledger says
// what is in force, and not what was never injected.
func TestLedgerOnAFullDisk(t *testing.T) {
	dir := t.TempDir()
	l := open(t, dir)
	signal.Ignore(syscall.SIGXFSZ)
	defer signal.Reset(syscall.SIGXFSZ)
	var before syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &before); err != nil {
		t.Fatal(err)
	}
	limited := before
	limited.Cur = 100
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limited); err != nil {
		t.Fatal(err)
	}
	full := l.Add(fault.NewEntry(storm("one")))
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &before); err != nil {
		t.Fatal(err)
	}
	if full == nil {
		t.Fatal("the disk took everything")
	}
	if err := errors.Join(l.Add(fault.NewEntry(storm("two"))), l.Close()); err != nil {
		t.Fatal(err)
	}
	dead := left(t, dir)
	if len(dead) != 1 || len(dead[0].Contents().Faults) != 1 || dead[0].Contents().Faults[0].What != "two" {
		t.Errorf("left = %+v, want what is in force", dead[0].Contents())
	}
	if err := dead[0].Close(); err != nil {
		t.Fatal(err)
	}
}

// A run's ledger is not written over, whether its harness lives or is dead.
func TestOpenLedgerTwice(t *testing.T) {
	dir := t.TempDir()
	l := open(t, dir)
	again := func(want error) {
		t.Helper()
		if _, err := fault.OpenLedger(dir, fault.RunFaults{Run: "r1"}); !errors.Is(err, want) {
			t.Errorf("opened again: %v, want %v", err, want)
		}
	}
	again(lock.ErrHeld)
	if err := errors.Join(l.Add(fault.NewEntry(storm("one"))), l.Close()); err != nil {
		t.Fatal(err)
	}
	again(fs.ErrExist)
	dead := left(t, dir)
	if len(dead) != 1 || len(dead[0].Contents().Faults) != 1 {
		t.Fatalf("left = %+v, want the fault of the dead harness", dead)
	}
	if err := dead[0].Remove(); err != nil {
		t.Fatal(err)
	}
}

// A harness that dies before its first line has injected nothing.
func TestEmptyLedgerIsRemoved(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "r1.faults")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if dead := left(t, dir); len(dead) != 0 {
		t.Errorf("left = %+v, want none", dead)
	}
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the ledger: %v, want it to be gone", err)
	}
}
