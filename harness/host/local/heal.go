package local

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"drillbook/harness/host"
	"drillbook/harness/lock"
	"drillbook/harness/phrase"
)

const (
	// folderPrefix is what the names of all runs' folders begin with.
	folderPrefix = "drillbook-"
	// locks is where the files are that runs hold a lock on. Each names the
	// folder of its run.
	locks = "local"
)

// Heal ends and removes what runs on this host have left whose process is dead.
// Live runs are left alone. report is told what was done and what was left, one
// line each.
func Heal(ctx context.Context, report func(line string)) (host.CleanedUp, error) {
	healed := host.CleanedUp{Site: here()}
	dir, err := lock.Folder(locks)
	if err != nil {
		return healed, err
	}
	files, err := os.ReadDir(dir)
	if err != nil {
		return healed, phrase.Errorf("read the folder of locks: %w", err)
	}
	for _, f := range files {
		run := strings.TrimSuffix(f.Name(), ".lock")
		said, err := healRun(ctx, filepath.Join(dir, f.Name()))
		switch {
		case errors.Is(err, lock.ErrHeld):
			said = "left alone, it is alive"
		case err != nil:
			said = "left alone: " + err.Error()
			healed.Left = append(healed.Left, host.Leftover{Run: run, Why: err.Error(), Failed: true})
		default:
			healed.Removed = append(healed.Removed, run)
		}
		report(fmt.Sprintf("run %s: %s", run, said))
	}
	return healed, nil
}

// here is this machine. What a run has on it is named by a lock beside the
// ledgers of faults, so that nobody finds the one without the other.
func here() host.Site { return host.Site{ID: "local", Reach: "this machine"} }

// Site is this machine.
func (h *Host) Site() host.Site { return here() }

// healRun removes a run if its lock can be had; else its error wraps
// [lock.ErrHeld]. A run that could not be removed keeps its file, so that it can
// be tried again.
func healRun(ctx context.Context, file string) (said string, err error) {
	l, err := lock.Try(file)
	if err != nil {
		return "", err
	}
	folder, err := os.ReadFile(file) //nolint:gosec // our own file
	if err != nil {
		return "", errors.Join(err, l.Release())
	}
	if len(folder) == 0 { // it died before it made anything
		return "it is dead and has left nothing", l.Release()
	}
	if !strings.HasPrefix(filepath.Base(string(folder)), folderPrefix) {
		return "", phrase.Errorf("%s names %q, which is no folder of a run: remove both by hand", file, folder)
	}
	ended, err := remove(ctx, string(folder))
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("it is dead; ended %d processes and removed its folder", ended), l.Release()
}

// enter takes the lock of a run and writes down where it will be.
func enter(run, folder string) (*lock.Lock, error) {
	dir, err := lock.Folder(locks)
	if err != nil {
		return nil, err
	}
	file := filepath.Join(dir, run+".lock")
	l, err := lock.Try(file)
	if err != nil {
		return nil, err
	}
	if err := os.WriteFile(file, []byte(folder), 0o600); err != nil {
		return nil, errors.Join(phrase.Errorf("write down the run: %w", err), l.Release())
	}
	return l, nil
}

// remove ends all processes of a run, which it counts, and removes its folder.
// That it is not there is asked for first: where nothing can be written, removing
// what is not there is an error too.
func remove(ctx context.Context, folder string) (ended int, err error) {
	if ended, err = endAll(ctx, folder); err != nil {
		return ended, err
	}
	if _, err := os.Lstat(folder); errors.Is(err, fs.ErrNotExist) { //nolint:gosec // healRun has looked at its name
		return ended, nil
	}
	if err := os.RemoveAll(folder); err != nil { //nolint:gosec // healRun has looked at its name
		return ended, phrase.Errorf("remove the run's folder: %w", err)
	}
	return ended, nil
}
