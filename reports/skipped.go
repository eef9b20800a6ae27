package reports

import (
	"fmt"
	"maps"
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
	return writeList(dir, SkippedFile, skipped)
}

// ReadSkipped reads what the run in a folder has skipped.
func ReadSkipped(dir string) (skipped []Skipped, err error) {
	return skipped, readList(dir, SkippedFile, &skipped)
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
	out := loneSuite(n, record.Head{Product: s.Product, Runbook: s.Runbook, Host: s.Host, Params: s.Params}, s.Found)
	out.Skipped = 1
	out.Cases[0].Skipped = &junitCause{Message: Clean(s.Why)}
	return out
}

// loneSuite is the suite of a drill without a record: of one case, to which
// nothing has happened.
func loneSuite(n int, h record.Head, found time.Time) junitSuite {
	out := junitSuite{
		ID: n, Package: orDash(plain(h.Product)), Name: plain(h.Runbook), Hostname: orDash(plain(h.Host)),
		Timestamp: found.UTC().Format(junitTime), Tests: 1, Time: seconds(0),
		Properties: []junitProperty{
			{"runbook", Clean(h.Runbook)}, {"product", Clean(h.Product)}, {"host", Clean(h.Host)},
		},
		Cases: []junitCase{{Name: "The drill", Classname: junitClass(h), Time: seconds(0)}},
	}
	for _, k := range slices.Sorted(maps.Keys(h.Params)) {
		out.Properties = append(out.Properties, junitProperty{line(Clean("params." + k)), Clean(h.Params[k])})
	}
	return out
}
