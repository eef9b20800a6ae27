package run

import (
	"fmt"
	"time"
)

// SkippedFile holds what a run has skipped, beside the records of its drills:
// what is skipped leaves none to render again.
const SkippedFile = "skipped.json"

// Skipped is a runbook that a run did not carry out, because its place cannot.
// It counts for nothing, least of all as met.
type Skipped struct {
	Runbook string            `json:"runbook"`
	Product string            `json:"product"`
	Host    string            `json:"host"`
	Params  map[string]string `json:"params"`
	Found   time.Time         `json:"found"`
	Why     string            `json:"why"`
}

func (s Skipped) String() string { return fmt.Sprintf("%s is SKIPPED: %s", s.Runbook, s.Why) }

// WriteSkipped writes what a run skips into its folder, which it makes if need
// be. Where nothing is skipped there is no file.
func WriteSkipped(dir string, skipped []Skipped) error {
	if len(skipped) == 0 {
		return nil
	}
	return writeList(dir, SkippedFile, skipped)
}

// ReadSkipped reads what the run in a folder has skipped.
func ReadSkipped(dir string) (skipped []Skipped, err error) {
	return skipped, readList(dir, SkippedFile, &skipped)
}
