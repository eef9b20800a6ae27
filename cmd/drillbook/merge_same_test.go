package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// digest is a digest of all files below a folder, with their names.
func digest(t *testing.T, dir string) string {
	t.Helper()
	h := sha256.New()
	must(t, filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		below, _ := filepath.Rel(dir, path)
		fmt.Fprintf(h, "%s %d\n%s", below, len(text), text)
		return err
	}))
	return hex.EncodeToString(h.Sum(nil))
}

// TestMergeIsTheSame: one set of records gives the same files, byte for byte, whatever
// folders they were dealt to, and whether these are archives.
func TestMergeIsTheSame(t *testing.T) {
	cells := nightOf(t, smallNight)
	what := turns{1: {{out: time.Second}}, 2: {{cut: true}, {}}, 3: {{out: time.Second}, {}}, 4: {{none: "no engine"}}}
	rng := rand.New(rand.NewPCG(20, 3))
	want := ""
	for n := 1; n <= 6; n++ {
		d := deal(t, cells, n, func(i int) int {
			if i < n {
				return i
			}
			return rng.IntN(n)
		}, what)
		for _, packed := range []string{"", ".tar", ".tar.gz"} {
			if packed != "" && n != 3 {
				continue
			}
			arg := d.dir
			if packed != "" {
				arg = filepath.Join(t.TempDir(), "night"+packed)
				pack(t, d.dir, arg)
			}
			out := filepath.Join(t.TempDir(), "night")
			code, stdout, stderr := command(t, "merge", arg, d.dir, "--out", out) // copies did not run twice
			if code != exitMissed {
				t.Fatalf("exit code %d, want %d\n%s%s", code, exitMissed, stdout, stderr)
			}
			got := digest(t, out)
			if want == "" {
				want = got
			}
			if got != want {
				t.Errorf("%d shards%s give other files", n, packed)
			}
		}
	}
}

// pack packs a folder as tar does.
func pack(t *testing.T, dir, file string) {
	t.Helper()
	var packed bytes.Buffer
	w := tar.NewWriter(&packed)
	must(t, w.AddFS(os.DirFS(dir)))
	must(t, w.Close())
	if strings.HasSuffix(file, ".gz") {
		var small bytes.Buffer
		z := gzip.NewWriter(&small)
		_, err := z.Write(packed.Bytes())
		must(t, err)
		must(t, z.Close())
		packed = small
	}
	must(t, os.WriteFile(file, packed.Bytes(), 0o600))
}
