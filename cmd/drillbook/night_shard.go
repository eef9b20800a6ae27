package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"drillbook/harness/drill"
	"drillbook/harness/night"
	"drillbook/reports"
	"drillbook/reports/words"
)

// carrier carries out a cell into a folder that is there. It returns the exit code of the
// run, nil if it was killed, and its last words.
type carrier func(ctx context.Context, c night.Cell, folder string) (code *int, said string)

// shardRun carries out a shard.
type shardRun struct {
	folder   string
	cells    []night.Cell
	shard    night.Shard
	parallel int
	carry    carrier
	room     room
	say      func(line string)
	w        words.Words
}

// carriedOut is a cell whose turn is over.
type carriedOut struct {
	cell night.Cell
	turn night.Turn
	err  error // it could not be written down
}

// run carries out all cells. Its error says which of them have left nothing, so that
// whoever restarts what failed gives them out again; what the others are worth is for
// merge to say.
func (s *shardRun) run(ctx context.Context) error {
	if err := s.write(); err != nil {
		return err
	}
	share := night.Share{Index: s.shard.Index, Of: s.shard.Of}
	s.say(s.w.Say("night.begins", "night", s.shard.Night, "shard", share.String(), "count", strconv.Itoa(len(s.cells)),
		"all", strconv.Itoa(len(s.shard.All)), "folder", s.folder))
	all := shift{s: s, atMost: s.parallel, ended: make(chan carriedOut)}
	for i, c := range s.cells {
		all.makeRoom(ctx, c)
		if ctx.Err() != nil {
			break
		}
		s.say(s.w.Say("night.cell-begins", "n", strconv.Itoa(i+1), "of", strconv.Itoa(len(s.cells)), "cell", c.Name))
		all.begin(ctx, c)
	}
	for len(all.running) > 0 {
		all.join(<-all.ended)
	}
	if ctx.Err() != nil {
		return errors.Join(append(all.wrong, ctx.Err())...)
	}
	now := time.Now().UTC()
	s.shard.Ended = &now
	return worst(append(all.wrong, s.write())...)
}

// turn carries out a cell, and writes down that it begins and how it ended.
func (s *shardRun) turn(ctx context.Context, c night.Cell) carriedOut {
	out := carriedOut{cell: c, turn: night.Turn{Cell: c.Name, Begun: time.Now().UTC()}}
	folder := filepath.Join(s.folder, c.Folder())
	if out.err = os.MkdirAll(folder, 0o755); out.err != nil { //nolint:gosec // reports are for everyone
		return out
	}
	if out.err = writeJSON(folder, night.CellFile, out.turn); out.err != nil {
		return out
	}
	began := time.Now()
	out.turn.Code, out.turn.Said = s.carry(ctx, c, folder)
	out.turn.TookMS = time.Since(began).Milliseconds()
	out.err = writeJSON(folder, night.CellFile, out.turn)
	return out
}

// conclude says how a turn has ended. It is an error if nothing was recorded.
func (s *shardRun) conclude(c carriedOut) error {
	recorded, err := isRecorded(filepath.Join(s.folder, c.cell.Folder()))
	how := s.w.Say("night.killed")
	if code := c.turn.Code; code != nil {
		how = s.w.Say("night.code", "code", strconv.Itoa(*code))
		if v, ok := map[int]string{0: "met", exitMissed: "missed", exitUnmeasurable: "unmeasurable"}[*code]; ok {
			how = s.w.Say("verdict." + v)
		}
	}
	s.say(s.w.Say("night.cell-ended", "cell", c.cell.Name, "how", how,
		"time", s.w.Duration(time.Duration(c.turn.TookMS)*time.Millisecond)))
	if err != nil || recorded || c.err != nil {
		return environment(err)
	}
	return environment(fmt.Errorf("%s has left no record: %s", c.cell.Name, strings.TrimSpace(c.turn.Said)))
}

// isRecorded reports whether a run has left a record, or has said why it cannot be
// carried out here at all.
func isRecorded(folder string) (bool, error) {
	found := false
	err := filepath.WalkDir(folder, func(_ string, e fs.DirEntry, err error) error {
		if err == nil && (e.Name() == drill.RecordName || e.Name() == reports.SkippedFile) {
			found = true
			return fs.SkipAll
		}
		return err
	})
	return found, err
}

// write writes the shard's file.
func (s *shardRun) write() error { return environment(writeJSON(s.folder, night.ShardFile, s.shard)) }

// writeJSON writes a file whole, or not at all.
func writeJSON(dir, name string, v any) error {
	err := reports.WriteWhole(dir, name, func(w io.Writer) error {
		enc := json.NewEncoder(w)
		enc.SetIndent("", " ")
		enc.SetEscapeHTML(false)
		return enc.Encode(v)
	})
	if err != nil {
		return fmt.Errorf("write %s: %w", filepath.Join(dir, name), err)
	}
	return nil
}
