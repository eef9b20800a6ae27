package reports

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"

	"drillbook/harness/record"
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
	err := os.MkdirAll(dir, 0o755) //nolint:gosec // reports are for others to read
	if err == nil {
		var part string
		part, err = writePart(dir, SkippedFile, func(w io.Writer) error { return json.NewEncoder(w).Encode(skipped) })
		if err == nil {
			err = os.Rename(part, filepath.Join(dir, SkippedFile))
		}
	}
	if err != nil {
		return fmt.Errorf("write what is skipped: %w", err)
	}
	return nil
}

// ReadSkipped reads what the run in a folder has skipped.
func ReadSkipped(dir string) (skipped []Skipped, err error) {
	text, err := fs.ReadFile(os.DirFS(dir), SkippedFile)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err == nil {
		err = json.Unmarshal(text, &skipped)
	}
	if err != nil {
		return nil, fmt.Errorf("read what was skipped: %w", err)
	}
	return skipped, nil
}

// skipped is the table of what was skipped; nil if nothing was.
func (w words) skipped(all []Skipped) *grid {
	if len(all) == 0 {
		return nil
	}
	g := newGrid(w.say("runbook"), w.say("product"), w.say("host"), w.say("skipped.why"))
	for i, s := range all {
		if i == maxOverview {
			g.More = w.say("left-out", "count", count(len(all)-i))
			break
		}
		g.add(named(s.Runbook, s.Params), plain(s.Product), plain(s.Host), plain(s.Why))
	}
	return g
}

// newSkippedSuite has one case, which is not named as any of a drill's.
func newSkippedSuite(n int, s Skipped) junitSuite {
	h := record.Head{Product: s.Product, Runbook: s.Runbook}
	out := junitSuite{
		ID: n, Package: orDash(plain(s.Product)), Name: plain(s.Runbook), Hostname: orDash(plain(s.Host)),
		Timestamp: s.Found.UTC().Format(junitTime), Tests: 1, Skipped: 1, Time: seconds(0),
		Properties: []junitProperty{
			{"runbook", Clean(s.Runbook)}, {"product", Clean(s.Product)}, {"host", Clean(s.Host)},
		},
		Cases: []junitCase{{
			Name: "The drill", Classname: junitClass(h), Time: seconds(0), Skipped: &junitCause{Message: Clean(s.Why)},
		}},
	}
	for _, k := range slices.Sorted(maps.Keys(s.Params)) {
		out.Properties = append(out.Properties, junitProperty{line(Clean("params." + k)), Clean(s.Params[k])})
	}
	return out
}
