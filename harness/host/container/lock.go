package container

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"
)

// errHeld means that another process, or another part of this one, holds a lock.
var errHeld = errors.New("held by another process")

// lockEvery is how often a lock that others hold is tried again.
const lockEvery = 50 * time.Millisecond

// cacheDir is a folder of drillbook's own that outlives processes, made if it
// is not there.
func cacheDir(name string) (string, error) {
	base, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("find the cache folder: %w: set HOME or XDG_CACHE_HOME", err)
	}
	dir := filepath.Join(base, "drillbook", name)
	if err := os.MkdirAll(dir, 0o755); err != nil { //nolint:gosec // others may see that a run is alive
		return "", fmt.Errorf("make the cache folder: %w", err)
	}
	return dir, nil
}

// runLock is where the lock of a run is. Its process holds it for as long as
// the run lives, so that death by any cause frees it.
func runLock(run string) (string, error) {
	dir, err := cacheDir("runs")
	if err != nil {
		return "", err
	}
	return filepath.Join(dir, run+".lock"), nil
}

// tryLock takes the lock at path, or returns an error wrapping errHeld.
func tryLock(path string) (*flock.Flock, error) {
	for {
		l := flock.New(path, flock.SetPermissions(0o644))
		ok, err := l.TryLock()
		if err != nil {
			return nil, fmt.Errorf("lock %s: %w", path, err)
		}
		if !ok {
			return nil, fmt.Errorf("lock %s: %w", path, errHeld)
		}
		same, err := isStillAt(l, path)
		if err == nil && same {
			return l, nil
		}
		if err := errors.Join(err, l.Unlock()); err != nil {
			return nil, fmt.Errorf("lock %s: %w", path, err)
		}
	}
}

// isStillAt reports whether nobody removed the file between opening and
// locking it. A lock on a file that has no name any more protects nothing.
func isStillAt(l *flock.Flock, path string) (bool, error) {
	mine, err := l.Stat()
	if err != nil {
		return false, err
	}
	named, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil && os.SameFile(mine, named), err
}

// release removes the lock's file, then frees the lock.
func release(l *flock.Flock) error {
	err := os.Remove(l.Path())
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	return errors.Join(err, l.Unlock())
}

// exclusively runs do while no other process does the same thing. The lock's
// file stays: it is one for each image.
func exclusively(ctx context.Context, thing string, do func() error) error {
	dir, err := cacheDir("locks")
	if err != nil {
		return err
	}
	l := flock.New(filepath.Join(dir, thing+".lock"), flock.SetPermissions(0o644))
	if _, err := l.TryLockContext(ctx, lockEvery); err != nil {
		return fmt.Errorf("wait for the lock on %s: %w", thing, err)
	}
	return errors.Join(do(), l.Unlock())
}
