package reports

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"drillbook/harness/record"
)

// BrokenFile holds what went wrong with a run outside of its records, beside
// them.
const BrokenFile = "broken.json"

// Breakage is what went wrong with a drill outside of its record.
type Breakage string

// The breakages.
const (
	NotBegun   Breakage = "not-begun"   // what it was to run on could not be made: it has no record
	PlaceBroke Breakage = "place-broke" // what it ran on broke under it
	LeftBehind Breakage = "left-behind" // what it ran on could not be removed
)

// Broken is a drill that its place has failed. One without a record counts as one
// that could not be measured.
type Broken struct {
	What    Breakage          `json:"what"`
	Runbook string            `json:"runbook"`
	Run     string            `json:"run"` // name of the drill; "" if it is not known
	Product string            `json:"product"`
	Host    string            `json:"host"`
	Params  map[string]string `json:"params"`
	Found   time.Time         `json:"found"`
	Why     string            `json:"why"` // and what to do
}

func (b Broken) String() string { return fmt.Sprintf("%s: %s", b.Runbook, b.Why) }

// lacksDrills reports whether drills of the run did not begin.
func (r Run) lacksDrills() bool {
	return slices.ContainsFunc(r.Broken, func(b Broken) bool { return b.What == NotBegun })
}

// WriteBroken writes what went wrong with a run into its folder, which it makes
// if need be. Where nothing did there is no file.
func WriteBroken(dir string, broken []Broken) error {
	if len(broken) == 0 {
		return nil
	}
	return writeList(dir, BrokenFile, broken)
}

// ReadBroken reads what went wrong with the run in a folder.
func ReadBroken(dir string) (broken []Broken, err error) {
	return broken, readList(dir, BrokenFile, &broken)
}

// writeList writes a list beside the records of a run, whole or not at all.
func writeList(dir, name string, list any) error {
	err := os.MkdirAll(dir, 0o755) //nolint:gosec // reports are for others to read
	if err == nil {
		var part string
		part, err = writePart(dir, name, func(w io.Writer) error { return json.NewEncoder(w).Encode(list) })
		if err == nil {
			err = os.Rename(part, filepath.Join(dir, name))
		}
	}
	if err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	return nil
}

// readList reads what writeList wrote; nothing if there is no file.
func readList(dir, name string, list any) error {
	text, err := fs.ReadFile(os.DirFS(dir), name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err == nil {
		err = json.Unmarshal(text, list)
	}
	if err != nil {
		return fmt.Errorf("read %s: %w", filepath.Join(dir, name), err)
	}
	return nil
}

// broken is the table of what went wrong outside of the records; nil if nothing
// did.
func (w words) broken(all []Broken) *grid {
	if len(all) == 0 {
		return nil
	}
	g := newGrid(w.say("runbook"), w.say("product"), w.say("host"), w.say("broken.what"), w.say("broken.why"))
	for i, b := range all {
		if i == maxOverview {
			g.More = w.say("left-out", "count", count(len(all)-i))
			break
		}
		g.add(named(b.Runbook, b.Params), orDash(plain(b.Product)), orDash(plain(b.Host)),
			w.say("breakage."+string(b.What)), plain(b.Why))
	}
	return g
}

// newBrokenSuite has one case, an error, which is not named as any of a drill's.
func newBrokenSuite(n int, b Broken) junitSuite {
	name := "The drill"
	if b.What == LeftBehind {
		name = "Nothing is left behind"
	}
	s := loneSuite(n, record.Head{Product: b.Product, Runbook: b.Runbook, Host: b.Host, Params: b.Params}, b.Found)
	s.Errors = 1
	s.Cases[0].Name = name
	s.Cases[0].Error = &junitCause{Type: string(b.What), Message: Clean(b.Why)}
	return s
}
