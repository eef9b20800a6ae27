package fault

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"drillbook/harness/host"
	"drillbook/harness/lock"
	"drillbook/harness/phrase"
)

// Ledger is a list on disk of the active faults of a drill. A fault is added
// before it is injected, so that it can be undone even if the harness is killed;
// see [Abandoned]. Its methods may be called at the same time from several
// goroutines.
type Ledger struct {
	mu       sync.Mutex // guards all below
	lock     *lock.Lock // on the file, for as long as the process lives
	file     *os.File
	contents RunFaults
}

// RunFaults is the contents of a ledger.
type RunFaults struct {
	Run    string `json:"run"`
	Undo   string `json:"undo"`   // how what was done is undone if the harness cannot
	Site   string `json:"site"`   // which place it is in, as [host.Site] has it; "" if that was not said
	Reach  string `json:"reach"`  // how a person gets there
	Record string `json:"record"` // path of the drill's record
	Stays  bool   `json:"stays"`  // its members stay when it ends, and its faults with them
	// Page is the runbook that was followed; "" in ledgers of before.
	Page   string  `json:"page,omitempty"`
	Faults []Entry `json:"faults"` // in force, in the order of injection
}

// Entry is one fault of a ledger.
type Entry struct {
	What      string `json:"what"`
	Mechanism string `json:"mechanism"`
	// Place is the kind of place of its members, if that stays when a drill ends: then
	// the fault is only gone once Undo was carried out. Else it is "".
	Place string      `json:"place,omitempty"`
	Undo  []host.Undo `json:"undo,omitempty"`
	// Lease is after how long it ends by itself; 0: it does not.
	Lease time.Duration `json:"lease,omitempty"`
}

// NewEntry describes a fault of a place that goes when its drill ends.
func NewEntry(f Fault) Entry { return Entry{What: f.String(), Mechanism: f.Mechanism().Text} }

// ledgerName ends the names of ledgers, which begin with that of the run.
const ledgerName = ".faults"

// OpenLedger begins the ledger of a run in a folder, which is made if missing.
// The run's name must be fit for a file.
func OpenLedger(dir string, page RunFaults) (*Ledger, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil { //nolint:gosec // others may see what is in force
		return nil, phrase.Errorf("make the folder of fault ledgers: %w", err)
	}
	l, err := hold(filepath.Join(dir, page.Run+ledgerName))
	if err != nil {
		return nil, phrase.Errorf("begin the fault ledger: %w", err)
	}
	before, err := l.file.Stat()
	if err == nil && before.Size() > 0 {
		err = fs.ErrExist // of a dead process
	}
	if err != nil {
		return nil, errors.Join(phrase.Errorf("begin the fault ledger: %w", err), l.Close())
	}
	l.contents = page
	if err := l.write(); err != nil {
		return nil, errors.Join(phrase.Errorf("begin the fault ledger: %w", err), l.Remove())
	}
	return l, nil
}

// hold takes the lock of a ledger and opens it. Its error wraps [lock.ErrHeld] if
// its process is alive.
func hold(path string) (*Ledger, error) {
	held, err := lock.Try(path)
	if err != nil {
		return nil, err
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_APPEND, 0) //nolint:gosec // a ledger of ours
	if err != nil {
		return nil, errors.Join(err, held.Unlock())
	}
	return &Ledger{lock: held, file: f}, nil
}

// Add stores on disk a fault that is about to be injected.
func (l *Ledger) Add(e Entry) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.contents.Faults = append(l.contents.Faults, e)
	if err := l.write(); err != nil {
		l.contents.Faults = l.contents.Faults[:len(l.contents.Faults)-1] // it will not be injected
		return phrase.Errorf("write %s to the fault ledger: %w", e.What, err)
	}
	return nil
}

// Done removes a fault that was healed.
func (l *Ledger) Done(what string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	i := slices.IndexFunc(l.contents.Faults, func(e Entry) bool { return e.What == what })
	if i < 0 {
		return nil
	}
	l.contents.Faults = slices.Delete(l.contents.Faults, i, i+1)
	if err := l.write(); err != nil {
		return phrase.Errorf("take %s out of the fault ledger: %w", what, err)
	}
	return nil
}

// write puts the page in place of the one before. A line is only believed
// whole, so that an end in the middle of writing leaves the line before; and it
// begins anew, so that what a full disk took of another does not spoil it.
func (l *Ledger) write() error {
	line, err := json.Marshal(l.contents)
	if err != nil {
		return err
	}
	if _, err := fmt.Fprintf(l.file, "\n%s\n", line); err != nil {
		return err
	}
	return l.file.Sync()
}

// Close ends the ledger and leaves it on disk, for faults that could not be
// undone.
func (l *Ledger) Close() error {
	if err := errors.Join(l.file.Close(), l.lock.Unlock()); err != nil {
		return phrase.Errorf("close the fault ledger: %w", err)
	}
	return nil
}

// Remove closes the ledger and deletes it, because nothing is left of its faults.
func (l *Ledger) Remove() error { return errors.Join(l.lock.Release(), l.Close()) }

// Abandoned returns the ledgers in a folder whose process is dead. The caller
// undoes their faults and removes them with [Ledger.Remove], or closes them.
func Abandoned(dir string) ([]*Ledger, error) {
	paths, err := filepath.Glob(filepath.Join(dir, "*"+ledgerName))
	if err != nil {
		return nil, err
	}
	var left []*Ledger
	for _, path := range paths {
		l, err := hold(path)
		if errors.Is(err, lock.ErrHeld) {
			continue // its process is alive
		}
		if err != nil {
			return left, phrase.Errorf("open a fault ledger: %w", err)
		}
		text, err := io.ReadAll(l.file)
		if err != nil {
			return left, errors.Join(phrase.Errorf("read a fault ledger: %w", err), l.Close())
		}
		if len(text) == 0 { // just removed by its process, which may have died before it injected anything
			if err := l.Remove(); err != nil {
				return left, err
			}
			continue
		}
		l.contents = lastContents(strings.TrimSuffix(filepath.Base(path), ledgerName), text)
		left = append(left, l)
	}
	return left, nil
}

// Contents is what the ledger says.
func (l *Ledger) Contents() RunFaults {
	l.mu.Lock()
	defer l.mu.Unlock()
	page := l.contents
	page.Faults = slices.Clone(page.Faults)
	return page
}

// lastContents is the last complete line of a run's ledger. A ledger without one
// belongs to a process that died before it injected anything.
func lastContents(run string, text []byte) RunFaults {
	page := RunFaults{Run: run}
	for line := range bytes.Lines(text) {
		var p RunFaults
		if bytes.HasSuffix(line, []byte("\n")) && json.Unmarshal(line, &p) == nil {
			page = p
		}
	}
	return page
}
