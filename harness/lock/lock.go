// Package lock is how processes of drillbook keep out of each other's way: locks
// on files in the cache folder, which the kernel frees when their process dies.
//
// A run holds one for as long as it lives. What a dead run has left is known by
// a lock that can be had.
package lock

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"github.com/gofrs/flock"
)

// ErrHeld means that another process, or another part of this one, holds a lock.
var ErrHeld = errors.New("held by another process")

// tryEvery is how often a lock that others hold is tried again.
const tryEvery = 50 * time.Millisecond

// Folder is a folder of drillbook's own that outlives processes, made if it is
// not there.
func Folder(name string) (string, error) {
	dir, err := Path(name)
	if err != nil {
		return "", err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil { //nolint:gosec // others may see that a run is alive
		return "", fmt.Errorf("make the cache folder: %w", err)
	}
	return dir, nil
}

// Path is where Folder has the folder. It makes nothing.
func Path(name string) (string, error) {
	base, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("find the cache folder: %w: set HOME or XDG_CACHE_HOME", err)
	}
	return filepath.Join(base, "drillbook", name), nil
}

// Lock is a lock that is held.
type Lock struct{ file *flock.Flock }

// Try takes the lock at path, or returns an error wrapping [ErrHeld].
func Try(path string) (*Lock, error) {
	for {
		l := flock.New(path, flock.SetPermissions(0o644))
		ok, err := l.TryLock()
		if err != nil {
			return nil, fmt.Errorf("lock %s: %w", path, err)
		}
		if !ok {
			return nil, fmt.Errorf("lock %s: %w", path, ErrHeld)
		}
		same, err := isStillAt(l, path)
		if err == nil && same {
			return &Lock{l}, nil
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

// Release removes the lock's file, then frees the lock. Doing so again is no
// error.
func (l *Lock) Release() error {
	if !l.file.Locked() {
		return nil
	}
	err := os.Remove(l.file.Path())
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	return errors.Join(err, l.file.Unlock())
}

// Unlock frees the lock and leaves its file. Doing so again is no error.
func (l *Lock) Unlock() error { return l.file.Unlock() }

// ID tells the lock's file from every other that ever was at its path.
func (l *Lock) ID() (string, error) {
	info, err := l.file.Stat()
	if err != nil {
		return "", fmt.Errorf("lock %s: %w", l.file.Path(), err)
	}
	return fileID(info), nil
}

// fileID is a file's number in its file system.
func fileID(info fs.FileInfo) string {
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return ""
	}
	return strconv.FormatUint(stat.Ino, 10)
}

// State is what is known of a lock that another process may hold.
type State int

// The states.
const (
	Unknown State = iota // the file is not there, or is another one
	Free                 // its process is dead
	Busy                 // its process lives
)

// Look finds out whether anybody holds the lock at path, if the file there is
// still the one of that [Lock.ID]. It is not if this is another machine, or
// another container, where the same path leads elsewhere.
func Look(path, id string) State {
	f, err := os.Open(path) //nolint:gosec // it is only locked
	if err != nil {
		return Unknown
	}
	defer func() { _ = f.Close() }() // which frees the lock as well
	info, err := f.Stat()
	if err != nil || id == "" || fileID(info) != id {
		return Unknown
	}
	switch err := syscall.Flock(int(f.Fd()), syscall.LOCK_SH|syscall.LOCK_NB); {
	case err == nil:
		return Free
	case errors.Is(err, syscall.EWOULDBLOCK):
		return Busy
	default:
		return Unknown
	}
}

// Held reports whether the lock has not been released.
func (l *Lock) Held() bool { return l.file.Locked() }

// Exclusively runs do while no other process does the same thing. The lock's
// file stays: it is one for each thing.
func Exclusively(ctx context.Context, thing string, do func() error) error {
	dir, err := Folder("locks")
	if err != nil {
		return err
	}
	l := flock.New(filepath.Join(dir, thing+".lock"), flock.SetPermissions(0o644))
	if _, err := l.TryLockContext(ctx, tryEvery); err != nil {
		return fmt.Errorf("wait for the lock on %s: %w", thing, err)
	}
	return errors.Join(do(), l.Unlock())
}
