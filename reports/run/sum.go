package run

import (
	"crypto/sha256"
	"encoding/hex"
	"io"
	"os"
	"path/filepath"
)

// RecordFile is the name of the file with a record, in the folder of its drill.
const RecordFile = "record.jsonl"

// Hashed is the run with the sums of the files that its records were written to, below a
// folder. Where there is no such file nothing is known of its sum.
func (r Run) Hashed(dir string) Run {
	drills := make([]Drill, len(r.Drills))
	for i, d := range r.Drills {
		if d.Name != "" && d.SHA256 == "" {
			d.SHA256 = sumOf(filepath.Join(dir, d.Name, RecordFile))
		}
		drills[i] = d
	}
	r.Drills = drills
	return r
}

func sumOf(name string) string {
	f, err := os.Open(name) //nolint:gosec // below the folder of the run
	if err != nil {
		return ""
	}
	defer func() { _ = f.Close() }() // it was only read
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return ""
	}
	return hex.EncodeToString(h.Sum(nil))
}
