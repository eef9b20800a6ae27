package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"drillbook/reports/words"
)

// sameSecond is how many runs may begin in one second and one folder.
const sameSecond = 1000

// makeFolder makes the folder of a run, which no other run has, and finds out
// whether it can be written. If there is one of that name, a number is added.
func makeFolder(wanted string, w words.Words) (dir string, err error) {
	dir, err = makeNewFolder(wanted)
	if err != nil {
		return "", environment(failure(w, err, "error.make-folder"))
	}
	probe, err := os.CreateTemp(dir, ".writable-*")
	if err != nil {
		return "", environment(failure(w, err, "error.write-folder"))
	}
	return dir, environment(errors.Join(probe.Close(), os.Remove(probe.Name())))
}

// makeNewFolder makes a folder that was not there.
func makeNewFolder(wanted string) (dir string, err error) {
	if err := os.MkdirAll(filepath.Dir(wanted), 0o755); err != nil { //nolint:gosec // reports are for everyone
		return "", err
	}
	for n := range sameSecond {
		dir = wanted
		if n > 0 {
			dir = fmt.Sprintf("%s.%d", wanted, n+1)
		}
		err = os.Mkdir(dir, 0o755) //nolint:gosec // as above
		if !errors.Is(err, fs.ErrExist) {
			return dir, err
		}
	}
	return "", err
}

// pointLatest makes the link latest beside the folder of the run lead to it. The
// link that replaces it is named as the run is, so that two runs that end at the
// same time do not take it from each other.
func pointLatest(out string, w words.Words) error {
	latest := filepath.Join(filepath.Dir(out), "latest")
	next := filepath.Join(filepath.Dir(out), ".latest-"+filepath.Base(out))
	err := os.Symlink(filepath.Base(out), next)
	if err == nil {
		if err = os.Rename(next, latest); err != nil {
			err = errors.Join(err, os.Remove(next))
		}
	}
	if err != nil {
		return failure(w, err, "error.latest", "link", latest)
	}
	return nil
}
