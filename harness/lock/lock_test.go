package lock_test

import (
	"os"
	"path/filepath"
	"testing"

	"drillbook/harness/lock"
)

// A lock tells whether its process lives, wherever its folder is by then, and
// nothing if the file is another one.
func TestLook(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "here")
	must(t, os.Mkdir(dir, 0o700))
	path := filepath.Join(dir, "run.lock")
	l, err := lock.Try(path)
	must(t, err)
	id, err := l.ID()
	must(t, err)
	look := func(when, path, id string, want lock.State) {
		t.Helper()
		if got := lock.Look(path, id); got != want {
			t.Errorf("%s: Look = %d, want %d", when, got, want)
		}
	}
	look("held", path, id, lock.Busy)
	look("another file's", path, id+"0", lock.Unknown)
	look("of which no file is known", path, "", lock.Unknown)
	moved := filepath.Join(filepath.Dir(dir), "there")
	must(t, os.Rename(dir, moved))
	look("gone", path, id, lock.Unknown)
	look("moved", filepath.Join(moved, "run.lock"), id, lock.Busy)

	must(t, os.Rename(moved, dir))
	copied := filepath.Join(dir, "copy.lock")
	must(t, os.WriteFile(copied, nil, 0o600))
	look("copied", copied, id, lock.Unknown)
	must(t, os.Link(path, copied+"2")) // keeps the file, as the death of a process does
	must(t, l.Release())
	look("released", path, id, lock.Unknown)
	look("whose process is dead", copied+"2", id, lock.Free)
	look("looked at before", copied+"2", id, lock.Free)
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
