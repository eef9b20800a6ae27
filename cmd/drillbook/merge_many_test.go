package main

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"testing"
	"time"

	"drillbook/harness/drill"
	"drillbook/harness/night"
	"drillbook/reports"
)

// TestMergeOfManyRecords merges as many records as DRILLBOOK_NIGHT says. 800 must take
// less than a minute and 1 GiB, and the night's page less than 5 MB.
func TestMergeOfManyRecords(t *testing.T) {
	if testing.Short() {
		t.Skip("it measures time")
	}
	n := 80
	if text := os.Getenv("DRILLBOOK_NIGHT"); text != "" {
		var err error
		n, err = strconv.Atoi(text)
		must(t, err)
	}
	cells := nightOf(t, fmt.Sprintf("night: many\ndrills: [{product: postgres, tier: nightly, trials: %d}]\n", n/8))
	d := deal(t, cells, 10, func(i int) int { return i % 10 }, turns{0: {{out: time.Second}}})
	for i := range 10 {
		d.change(t, i, func(s *night.Shard) { s.Night = "many" })
	}
	if real := os.Getenv("DRILLBOOK_RECORD"); real != "" { // a record of a real drill in the place of each
		text, err := os.ReadFile(real)
		must(t, err)
		must(t, filepath.WalkDir(d.dir, func(path string, e fs.DirEntry, err error) error {
			if err == nil && e.Name() == drill.RecordName {
				err = os.WriteFile(path, text, 0o600)
			}
			return err
		}))
	}
	out := filepath.Join(t.TempDir(), "night")
	began := time.Now()
	code, stdout, stderr := command(t, "merge", d.dir, "--out", out)
	took := time.Since(began)
	var mem runtime.MemStats
	runtime.ReadMemStats(&mem)
	page, err := os.Stat(filepath.Join(out, reports.PageFile))
	must(t, err)
	t.Logf("%d records: %s, %d MiB from the system, a page of %d kB, exit code %d", len(cells), took, mem.Sys>>20,
		page.Size()>>10, code)
	if took > time.Minute || mem.Sys > 1<<30 || page.Size() > 5<<20 {
		t.Errorf("that is too much:\n%s%s", stdout[:min(len(stdout), 500)], stderr)
	}
}
