package main

import (
	"context"
	"errors"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"drillbook/harness/drill"
	"drillbook/harness/measure"
	"drillbook/harness/night"
	"drillbook/harness/record"
)

// room says whether another drill may begin beside others: "" if it may, else why not. The
// probes of those that run have erred by so much up to now.
type room func(ctx context.Context, beside []night.Cell, erred time.Duration) (whyNot string, err error)

// shift is the turns of a shard: the cells that run, and what came of the others.
type shift struct {
	s       *shardRun
	running []atWork
	// atMost is how many may run at a time: fewer, once so many have disturbed each other.
	atMost int
	ended  chan carriedOut
	wrong  []error
}

// atWork is a cell that runs.
type atWork struct {
	cell night.Cell
	most int // so many ran at a time since it began, itself among them
}

const (
	// tryAgain is how long after the probe's error was over its bound it is looked at again,
	// if no drill has ended meanwhile.
	tryAgain = 5 * time.Second
	// lookAgain is how often a drill that starts its cluster is looked at.
	lookAgain = time.Second
)

// makeRoom returns once a cell may begin beside those that run.
func (t *shift) makeRoom(ctx context.Context, next night.Cell) {
	said := ""
	for len(t.running) > 0 && ctx.Err() == nil {
		if len(t.running) >= t.atMost {
			t.join(<-t.ended)
			continue
		}
		again, whyNot, err := t.mayBegin(ctx, next)
		if err != nil || again == 0 {
			t.wrong = append(t.wrong, err)
			return
		}
		if said == "" && whyNot != "" {
			said = whyNot
			t.s.say(t.s.w.Say("night.no-room", "count", strconv.Itoa(len(t.running)), "why", whyNot))
		}
		select {
		case c := <-t.ended:
			t.join(c)
		case <-time.After(again):
		case <-ctx.Done():
		}
	}
}

// mayBegin says after how long to ask again whether a cell may begin beside those that run,
// 0 if it may now. What those need of the machine shows only once each of them is in its
// steps: drills that began together would not have seen each other.
func (t *shift) mayBegin(
	ctx context.Context, next night.Cell,
) (again time.Duration, whyNot string, err error) {
	worst, beside := time.Duration(0), make([]night.Cell, 0, 1+len(t.running))
	for _, r := range t.running {
		p, err := t.look(r)
		if err != nil || !p.begun {
			return lookAgain, "", err
		}
		worst, beside = max(worst, p.erred), append(beside, r.cell)
	}
	if len(t.running) >= t.atMost { // one of them has shown that they are too many already
		return tryAgain, "", nil
	}
	whyNot, err = t.s.room(ctx, append(beside, next), worst)
	if err != nil || whyNot == "" {
		return 0, "", err
	}
	return tryAgain, whyNot, nil
}

// begin begins the turn of a cell.
func (t *shift) begin(ctx context.Context, c night.Cell) {
	t.running = append(t.running, atWork{cell: c})
	for i := range t.running {
		t.running[i].most = max(t.running[i].most, len(t.running))
	}
	go func() { t.ended <- t.s.turn(ctx, c) }()
}

// join notes that a turn is over.
func (t *shift) join(c carriedOut) {
	i := slices.IndexFunc(t.running, func(r atWork) bool { return r.cell.Name == c.cell.Name })
	if t.running[i].most > 1 { // one that ran alone disturbs nobody
		_, err := t.look(t.running[i])
		t.wrong = append(t.wrong, err)
	}
	t.running = slices.Delete(t.running, i, i+1)
	t.wrong = append(t.wrong, c.err, t.s.conclude(c))
}

// look sees how a drill goes. Once one is disturbed, no more run at a time than one less than
// those that ran beside it.
func (t *shift) look(r atWork) (progress, error) {
	p, err := soFar(filepath.Join(t.s.folder, r.cell.Folder()))
	if fewer := r.most - 1; err == nil && p.disturbed && fewer >= 1 && fewer < t.atMost {
		t.atMost = fewer
		t.s.say(t.s.w.Say("night.fewer", "cell", r.cell.Name, "count", strconv.Itoa(fewer)))
	}
	return p, environment(err)
}

// progress is what the record of a drill says up to now.
type progress struct {
	begun     bool          // its first step has begun
	erred     time.Duration // by so much its probe has erred
	disturbed bool          // the harness stood still for too long
}

// soFar looks at the drill of a run.
func soFar(folder string) (p progress, err error) {
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
		if rec == nil || !slices.ContainsFunc(rec.Events, isStep) {
			return nil
		}
		r := measure.Of(rec)
		p = progress{begun: true, erred: r.Error, disturbed: r.Disturbed()}
		return fs.SkipAll
	})
	return p, err
}
