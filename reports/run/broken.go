package run

import (
	"fmt"
	"time"
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
	RecordLost Breakage = "record-lost" // what was recorded was removed or spoilt before it could be read
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

// LacksDrills reports whether drills of the run did not begin, or have no record.
func (r Run) LacksDrills() bool { return r.Lacking() > 0 }

// Lacking counts the drills of the run that did not begin, or have no record.
func (r Run) Lacking() int {
	n := 0
	for _, b := range r.Broken {
		if b.Lacking() {
			n++
		}
	}
	return n
}

// Lacking reports whether there is no record of the drill.
func (b Broken) Lacking() bool { return b.What == NotBegun || b.What == RecordLost }

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
