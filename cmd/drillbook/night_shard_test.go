package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"drillbook/harness/drill"
	"drillbook/harness/night"
	"drillbook/harness/record"
)

// farmed is a shard whose cells are carried out by the test.
type farmed struct {
	shardRun

	mu     sync.Mutex // guards the rest
	said   strings.Builder
	now    int // how many cells run
	most   int // how many ran at the same time
	began  []string
	broken map[string]string // cells that leave no record, and their last words
	bears  int               // more drills at a time disturb each other; 0: none does
}

func farm(t *testing.T, parallel int) *farmed {
	t.Helper()
	cells := nightOf(t, smallNight)
	f := &farmed{broken: map[string]string{}}
	n := plannedNight{name: "small", digest: night.Digest(cells), cells: cells}
	f.shardRun = shardRun{
		folder: t.TempDir(), cells: cells, shard: newShard(n, night.Share{Index: 1, Of: 1}, cells), parallel: parallel,
		w: wordsIn("en"), say: func(line string) { f.said.WriteString(line + "\n") },
		room: func(context.Context, []night.Cell, time.Duration) (string, error) { return "", nil },
	}
	f.carry = f.carryOut
	return f
}

// startsWithin is how long the cluster of a cell takes to start.
const startsWithin = 10 * time.Second

// carryOut takes a minute, and begins its steps once its cluster has started.
func (f *farmed) carryOut(ctx context.Context, c night.Cell, folder string) (*int, string) {
	f.mu.Lock()
	f.now++
	f.most = max(f.most, f.now)
	f.began = append(f.began, c.Name)
	said, broken := f.broken[c.Name]
	var before []record.Event
	if f.bears > 0 && f.now > f.bears {
		before = append(before, record.Event{Kind: record.Stall, At: 2 * time.Second, Took: time.Second})
	}
	f.mu.Unlock()
	defer func() {
		f.mu.Lock()
		f.now--
		f.mu.Unlock()
	}()
	select {
	case <-time.After(startsWithin):
	case <-ctx.Done():
		return nil, ctx.Err().Error()
	}
	code := exitMissed
	if broken {
		code = exitEnvironment
	} else if err := beginSteps(filepath.Join(folder, "2026-11-28T07-00-00", "drill"), before...); err != nil {
		return nil, err.Error()
	}
	select {
	case <-time.After(time.Minute - startsWithin):
	case <-ctx.Done():
		return nil, ctx.Err().Error()
	}
	return &code, said
}

// beginSteps leaves a record as it is when a drill begins its first step, with what was before.
func beginSteps(dir string, before ...record.Event) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	f, err := os.Create(filepath.Join(dir, drill.RecordName))
	if err != nil {
		return err
	}
	w, err := record.NewWriter(f, record.Head{})
	if err != nil {
		return errors.Join(err, f.Close())
	}
	for _, e := range before {
		w.Event(e)
	}
	w.Event(record.Event{Kind: record.Began, At: 3 * time.Second, Step: 1})
	return errors.Join(w.Close(record.Tail{}), f.Close())
}

func (f *farmed) file(t *testing.T) (s night.Shard) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(f.folder, night.ShardFile))
	must(t, err)
	must(t, json.Unmarshal(text, &s))
	return s
}

// A shard carries out each of its cells once, no more of them at a time than it may, and
// ends well whatever they are worth.
func TestShard(t *testing.T) {
	for _, parallel := range []int{1, 4} {
		synctest.Test(t, func(t *testing.T) {
			f := farm(t, parallel)
			must(t, f.run(t.Context()))
			if f.most != parallel || len(f.began) != len(f.cells) {
				t.Errorf("%d cells began, %d at a time, want %d and %d", len(f.began), f.most, len(f.cells), parallel)
			}
			s := f.file(t)
			if s.Ended == nil || s.Check() != nil || len(s.Cells) != len(f.cells) {
				t.Errorf("the shard's file is %+v", s)
			}
			var turn night.Turn
			text, err := os.ReadFile(filepath.Join(f.folder, f.cells[0].Folder(), night.CellFile))
			must(t, err)
			must(t, json.Unmarshal(text, &turn))
			if turn.Cell != f.cells[0].Name || turn.Code == nil || *turn.Code != exitMissed || turn.TookMS != 60_000 {
				t.Errorf("the turn is %+v", turn)
			}
		})
	}
}

// No drill begins beside others while the probe's error is over its bound, and one at a
// time always goes on.
func TestParallelIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := farm(t, 8)
		asked := 0
		f.room = func(_ context.Context, beside []night.Cell, _ time.Duration) (string, error) {
			if asked++; len(beside) > 2 {
				return "the probe measures a reset of 120 ms as 40 ms", nil
			}
			return "", nil
		}
		must(t, f.run(t.Context()))
		if f.most != 2 || len(f.began) != len(f.cells) {
			t.Errorf("%d cells began, %d at a time, want %d and 2", len(f.began), f.most, len(f.cells))
		}
		if !strings.Contains(f.said.String(), "no drill begins beside the 2 that run: the probe measures") {
			t.Errorf("it does not say what stops it:\n%s", f.said.String())
		}
		if asked > 200 {
			t.Errorf("the probe was calibrated %d times", asked)
		}
	})
}

// Once drills have disturbed each other, no more of them run at a time than did well.
func TestDisturbedDrillsAreFewer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := farm(t, 4)
		f.bears = 2
		var at []int
		carry := f.carry
		f.carry = func(ctx context.Context, c night.Cell, folder string) (*int, string) {
			f.mu.Lock()
			at = append(at, f.now+1)
			f.mu.Unlock()
			return carry(ctx, c, folder)
		}
		must(t, f.run(t.Context()))
		if f.most != 3 || len(f.began) != len(f.cells) {
			t.Errorf("%d cells began, %d at a time, want %d and 3", len(f.began), f.most, len(f.cells))
		}
		if i := slices.Index(at, 3); slices.Contains(at[i+1:], 3) {
			t.Errorf("they ran beside each other: %v; want 3 at a time once", at)
		}
		want := "was disturbed by the 2 beside it: from now on, 2 at a time"
		if !strings.Contains(f.said.String(), want) {
			t.Errorf("it does not say %q:\n%s", want, f.said.String())
		}
	})
}

// No drill begins beside one whose own probe has erred by more than the bound, however well
// another probe does beside it.
func TestDisturbedDrillHasNothingBeside(t *testing.T) {
	folder := t.TempDir()
	must(t, beginSteps(folder, record.Event{
		Kind: record.Calibrated, What: "reset", Took: 120 * time.Millisecond, Least: 500 * time.Millisecond,
		Most: 500 * time.Millisecond,
	}))
	p, err := soFar(folder)
	if !p.begun || p.erred != 380*time.Millisecond || err != nil {
		t.Fatalf("%+v, %v, want 380 ms", p, err)
	}
	lib, words := embedded(t), wordsIn("en")
	why, err := enough(drill.Probe{}, lib, words)(t.Context(), nightOf(t, smallNight)[:2], p.erred)
	if want := "a probe of theirs has erred by 380 ms, and its bound is"; !strings.HasPrefix(why, want) || err != nil {
		t.Errorf("%q, %v, want %q", why, err, want)
	}
}

// No drill begins while another one starts its cluster: what that will need of the machine
// has not shown.
func TestDrillsBeginOneByOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := farm(t, 4)
		carry := f.carry
		var began []time.Time
		f.carry = func(ctx context.Context, c night.Cell, folder string) (*int, string) {
			f.mu.Lock()
			began = append(began, time.Now())
			f.mu.Unlock()
			return carry(ctx, c, folder)
		}
		must(t, f.run(t.Context()))
		for i := range began[:len(began)-1] {
			if apart := began[i+1].Sub(began[i]); apart < startsWithin {
				t.Errorf("drill %d began %v behind the one before, whose cluster had not started", i+2, apart)
			}
		}
		if f.most != 4 {
			t.Errorf("%d drills ran at a time, want 4", f.most)
		}
	})
}

// A shard of which a cell has left no record ends so that an engine gives it out again.
func TestShardWithoutRecord(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := farm(t, 1)
		f.broken[f.cells[2].Name] = "no container engine answers"
		f.broken[f.cells[3].Name] = "the image is not here"
		err := f.run(t.Context())
		exit, _ := errors.AsType[*exitError](err) // what the command says is the first of these
		for _, want := range []string{
			f.cells[2].Name + " has left no record: no container engine answers",
			f.cells[3].Name + " has left no record: the image is not here",
		} {
			if codeOf(err) != exitEnvironment || !strings.Contains(exit.Error(), want) {
				t.Errorf("error = %v, want %q in it", exit, want)
			}
		}
		if f.file(t).Ended == nil {
			t.Error("it did not go on to the end")
		}
	})
}

// A shard that is interrupted begins no other cell, and does not say that it has ended.
func TestShardInterrupted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := farm(t, 1)
		ctx, stop := context.WithTimeout(t.Context(), 90*time.Second)
		defer stop()
		if err := f.run(ctx); err == nil {
			t.Error("it has ended well")
		}
		if len(f.began) != 2 || f.file(t).Ended != nil {
			t.Errorf("%d cells began, ended %v, want 2 and never", len(f.began), f.file(t).Ended)
		}
	})
}

func TestNightFlags(t *testing.T) {
	file := filepath.Join(t.TempDir(), "night.yaml")
	must(t, os.WriteFile(file, []byte(smallNight), 0o600))
	bad := filepath.Join(t.TempDir(), "bad.yaml")
	must(t, os.WriteFile(bad, []byte("night: x\ndrills: [{product: fake, tier: smoke}]\n"), 0o600))
	for _, tt := range []struct{ args, want string }{
		{"--night %s --shard 5/4", "no shard"},
		{"--night %s --shard 0/4", "no shard"},
		{"--night %s --shard x", "no shard"},
		{"--night %s --shard 1/4 --shards 4", "either --shard or --shards"},
		{"--night %s --shards 4", "which of the 4 shards"},
		{"--night %s --trials 3", "--trials: not with --night"},
		{"--night %s --consent ask", "--consent: not with --night"},
		{"--night %s postgres/lost-primary", "postgres/lost-primary: not with --night"},
		{"--night %s --parallel 0", "at least 1"},
		{"--night %s --like /nowhere", "--like"},
		{"--shard 1/4", "--shard: only with --night"},
		{"--parallel 2", "--parallel: only with --night"},
		{"--night /nowhere.yaml", "/nowhere.yaml"},
		{"--night " + bad, `the product "fake" has no runbooks`},
	} {
		args := tt.args
		if strings.Contains(args, "%s") {
			args = fmt.Sprintf(args, file)
		}
		code, _, stderr := command(t, append([]string{"run", "--out", t.TempDir()}, strings.Fields(args)...)...)
		if code != exitUsage || !strings.Contains(stderr, tt.want) {
			t.Errorf("run %s: exit code %d, %q, want %q", args, code, stderr, tt.want)
		}
	}
}

// What a version needs is in the environment of its runs, and of no other.
func TestEnvironmentOfCells(t *testing.T) {
	got := environmentOf(night.Cell{Product: "postgres", Image: "bookworm", Env: map[string]string{"B": "2", "A": "1"}})
	if want := "[DRILLBOOK_DEBIAN=bookworm A=1 B=2]"; fmt.Sprint(got) != want {
		t.Errorf("environment = %v, want %s", got, want)
	}
	if got := environmentOf(night.Cell{Product: "postgres"}); got != nil {
		t.Errorf("without a version it is %v", got)
	}
}
