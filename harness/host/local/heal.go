package local

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"drillbook/harness/lock"
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
func Heal(ctx context.Context, report func(line string)) error {
	dir, err := lock.Folder(locks)
	if err != nil {
		return err
	}
	files, err := filepath.Glob(filepath.Join(dir, "*.lock"))
	if err != nil {
		return err
	}
	var errs []error
	for _, file := range files {
		run := strings.TrimSuffix(filepath.Base(file), ".lock")
		said, err := healRun(ctx, file)
		if err != nil {
			errs = append(errs, fmt.Errorf("heal run %s: %w", run, err))
			continue
		}
		report(fmt.Sprintf("run %s: %s", run, said))
	}
	return errors.Join(errs...)
}

// healRun removes a run if its lock can be had. A run that could not be removed
// keeps its file, so that it can be tried again.
func healRun(ctx context.Context, file string) (said string, err error) {
	l, err := lock.Try(file)
	if errors.Is(err, lock.ErrHeld) {
		return "left alone, it is alive", nil
	}
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
		return "", fmt.Errorf("%s names %q, which is no folder of a run: remove both by hand", file, folder)
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
		return nil, errors.Join(fmt.Errorf("write down the run: %w", err), l.Release())
	}
	return l, nil
}

// remove ends all processes of a run, which it counts, and removes its folder.
func remove(ctx context.Context, folder string) (ended int, err error) {
	if ended, err = endAll(ctx, folder); err != nil {
		return ended, err
	}
	if err := os.RemoveAll(folder); err != nil { //nolint:gosec // healRun has looked at its name
		return ended, fmt.Errorf("remove the run's folder: %w", err)
	}
	return ended, nil
}
