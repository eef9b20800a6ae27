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
	"slices"
	"strconv"
	"strings"
	"time"

	"drillbook/harness/drill"
	"drillbook/harness/measure"
	"drillbook/harness/night"
	"drillbook/harness/record"
	"drillbook/reports"
	"drillbook/reports/words"
)

// carrier carries out a cell into a folder that is there. It returns the exit code of the
// run, nil if it was killed, and its last words.
type carrier func(ctx context.Context, c night.Cell, folder string) (code *int, said string)

// room says whether another drill may begin beside others: "" if it may, else why not. The
// probes of those that run have erred by so much up to now.
type room func(ctx context.Context, beside []night.Cell, erred time.Duration) (whyNot string, err error)

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

const (
	// tryAgain is how long after the probe's error was over its bound it is looked at again,
	// if no drill has ended meanwhile.
	tryAgain = 5 * time.Second
	// lookAgain is how often a drill that starts its cluster is looked at.
	lookAgain = time.Second
)

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
	ended := make(chan carriedOut)
	var running []night.Cell
	var wrong []error
	join := func(c carriedOut) {
		running = slices.DeleteFunc(running, func(r night.Cell) bool { return r.Name == c.cell.Name })
		wrong = append(wrong, c.err, s.conclude(c))
	}
	for i, c := range s.cells {
		wrong = append(wrong, s.makeRoom(ctx, &running, c, ended, join))
		if ctx.Err() != nil {
			break
		}
		s.say(s.w.Say("night.cell-begins", "n", strconv.Itoa(i+1), "of", strconv.Itoa(len(s.cells)), "cell", c.Name))
		running = append(running, c)
		go func() { ended <- s.turn(ctx, c) }()
	}
	for len(running) > 0 {
		join(<-ended)
	}
	if ctx.Err() != nil {
		return errors.Join(append(wrong, ctx.Err())...)
	}
	now := time.Now().UTC()
	s.shard.Ended = &now
	return worst(append(wrong, s.write())...)
}

// makeRoom returns once a cell may begin beside those that run.
func (s *shardRun) makeRoom(
	ctx context.Context, running *[]night.Cell, next night.Cell, ended <-chan carriedOut, join func(carriedOut),
) error {
	for len(*running) >= s.parallel {
		join(<-ended)
	}
	said := ""
	for len(*running) > 0 && ctx.Err() == nil {
		again, whyNot, err := s.mayBegin(ctx, *running, next)
		if err != nil || again == 0 {
			return err
		}
		if said == "" && whyNot != "" {
			said = whyNot
			s.say(s.w.Say("night.no-room", "count", strconv.Itoa(len(*running)), "why", whyNot))
		}
		select {
		case c := <-ended:
			join(c)
		case <-time.After(again):
		case <-ctx.Done():
		}
	}
	return nil
}

// mayBegin says after how long to ask again whether a cell may begin beside those that run,
// 0 if it may now. What those need of the machine shows only once each of them is in its
// steps: drills that began together would not have seen each other.
func (s *shardRun) mayBegin(
	ctx context.Context, running []night.Cell, next night.Cell,
) (again time.Duration, whyNot string, err error) {
	worst := time.Duration(0)
	for _, c := range running {
		begun, erred, err := soFar(filepath.Join(s.folder, c.Folder()))
		if err != nil || !begun {
			return lookAgain, "", environment(err)
		}
		worst = max(worst, erred)
	}
	whyNot, err = s.room(ctx, append(slices.Clone(running), next), worst)
	if err != nil || whyNot == "" {
		return 0, "", err
	}
	return tryAgain, whyNot, nil
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

// soFar reports whether a run has begun the first step of a drill, and by how much its probe
// has erred up to now.
func soFar(folder string) (begun bool, erred time.Duration, err error) {
	err = filepath.WalkDir(folder, func(file string, e fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) { // it is only being made
			return nil
		}
		if err != nil || e.Name() != drill.RecordName {
			return err
		}
		// What is wrong with a record shows when it is merged; here one that is being written
		// is read as far as it goes.
		rec, _ := record.ReadFile(file)
		isStep := func(e record.Event) bool { return e.Kind == record.Began }
		if begun = rec != nil && slices.ContainsFunc(rec.Events, isStep); begun {
			erred = measure.Of(rec).Error
			return fs.SkipAll
		}
		return nil
	})
	return begun, erred, err
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
