package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"drillbook/harness/drill"
	"drillbook/harness/night"
	"drillbook/reports"
)

// foundShards is what lies below the folders and in the archives that were named.
type foundShards struct {
	parts  []night.Part
	turns  []foundTurn
	unread []error // what is there and cannot be read
}

// foundTurn is a turn of a cell on disk.
type foundTurn struct {
	night.Turn

	folder string // the cell's
	record string // path of its record from there; "" if it has none
}

// findShards finds the files of shards, cells and records. What it has unpacked is
// there until remove is called.
func findShards(args []string) (found foundShards, remove func(), err error) {
	var temp []string
	remove = func() {
		for _, dir := range temp {
			_ = os.RemoveAll(dir) // it lies among temporary files
		}
	}
	seen := map[string]bool{}
	for _, arg := range args {
		info, err := os.Stat(arg)
		if err != nil {
			return found, remove, usage(err)
		}
		dir := arg
		if !info.IsDir() {
			if dir, err = os.MkdirTemp("", "drillbook-merge-*"); err != nil {
				return found, remove, environment(err)
			}
			temp = append(temp, dir)
			if err := unpack(arg, dir); err != nil {
				return found, remove, environment(
					fmt.Errorf("%s is neither a folder nor a tar archive of shards: %w", arg, err))
			}
		}
		if dir, err = filepath.EvalSymlinks(dir); err != nil {
			return found, remove, environment(err)
		}
		if err := found.walk(dir, arg, seen); err != nil {
			return found, remove, environment(err)
		}
	}
	found.dropCopies()
	return found, remove, nil
}

// walk finds what lies below a folder, which people know by a name.
func (f *foundShards) walk(dir, name string, seen map[string]bool) error {
	return filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		if full, err := filepath.Abs(path); err != nil || seen[full] {
			return err
		} else if e.Name() == night.ShardFile || e.Name() == night.CellFile {
			seen[full] = true
		}
		below, err := filepath.Rel(dir, filepath.Dir(path))
		if err != nil {
			return err
		}
		where := filepath.Join(name, below)
		switch e.Name() {
		case night.ShardFile:
			p := night.Part{Where: where}
			if f.read(path, where, &p.Shard) {
				f.parts = append(f.parts, p)
			}
		case night.CellFile:
			t := foundTurn{folder: filepath.Dir(path)}
			if f.read(path, where, &t.Turn) {
				return f.addTurns(t)
			}
		}
		return nil
	})
}

// read reads a file, or notes that it cannot.
func (f *foundShards) read(path, where string, v any) bool {
	text, err := os.ReadFile(path) //nolint:gosec // below what the user named
	if err == nil {
		err = json.Unmarshal(text, v)
	}
	if err != nil {
		f.unread = append(f.unread, fmt.Errorf("%s in %s: %w", filepath.Base(path), where, err))
	}
	return err == nil
}

// addTurns adds a turn for each record of a cell's folder, or one without.
func (f *foundShards) addTurns(t foundTurn) error {
	any := false
	err := filepath.WalkDir(t.folder, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.Name() != drill.RecordName {
			return err
		}
		any = true
		one := t
		one.record, err = filepath.Rel(t.folder, path)
		f.turns = append(f.turns, one)
		return err
	})
	if !any {
		f.turns = append(f.turns, t)
	}
	return err
}

// dropCopies leaves out shards and turns that were named twice, as copies of the same
// files are: they did not run twice.
func (f *foundShards) dropCopies() {
	shards, turns := map[string]bool{}, map[string]bool{}
	f.parts = slices.DeleteFunc(f.parts, func(p night.Part) bool {
		s := p.Shard
		key := fmt.Sprint(s.Digest, s.Index, s.Of, s.Machine, s.Begun.UnixNano(), s.Ended)
		if s.Ended != nil {
			key = fmt.Sprint(s.Digest, s.Index, s.Of, s.Machine, s.Begun.UnixNano(), s.Ended.UnixNano())
		}
		again := shards[key]
		shards[key] = true
		return again
	})
	f.turns = slices.DeleteFunc(f.turns, func(t foundTurn) bool {
		key := strings.Join([]string{t.Cell, t.record, fmt.Sprint(t.Begun.UnixNano(), t.TookMS, t.Code == nil)}, "\x00")
		again := turns[key]
		turns[key] = true
		return again
	})
}

// whyNone is why a cell has no drill, as its run has left it; "" if it has not said.
func (t foundTurn) whyNone() (string, error) {
	var said []string
	err := filepath.WalkDir(t.folder, func(path string, e fs.DirEntry, err error) error {
		if err != nil || !e.IsDir() {
			return err
		}
		skipped, unread := reports.ReadSkipped(path)
		for _, s := range skipped {
			said = append(said, s.Why)
		}
		broken, alsoUnread := reports.ReadBroken(path)
		for _, b := range broken {
			if b.What == reports.NotBegun || b.What == reports.RecordLost {
				said = append(said, b.Why)
			}
		}
		return errors.Join(unread, alsoUnread)
	})
	return strings.Join(said, "; "), err
}
