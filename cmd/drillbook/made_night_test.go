package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"drillbook/harness/drill"
	"drillbook/harness/measure"
	"drillbook/harness/night"
	"drillbook/harness/record"
	"drillbook/runbooks"
)

var nightBegan = time.Date(2026, 11, 27, 2, 0, 0, 0, time.UTC)

// made is what is recorded of a drill: writes every 5 ms for three seconds to a database
// that is out for a while, and a step.
type made struct {
	out     time.Duration // of a promise of 500 ms
	cut     bool          // the journal ends in the middle
	refused bool          // the place could not carry it out
	none    string        // there is no record, and this is why
}

// write writes the record.
func (m made) write(t *testing.T, dir, run string, c night.Cell) {
	t.Helper()
	must(t, os.MkdirAll(dir, 0o750))
	f, err := os.Create(filepath.Join(dir, drill.RecordName))
	must(t, err)
	w, err := record.NewWriter(f, record.Head{
		Run: run, Runbook: c.Runbook, Title: record.Text{"en": "A drill"}, Product: c.Product, System: "A database",
		Host: "container", Trial: 1, Trials: 1, Params: c.Params, Promise: record.Promise{RTO: 500 * time.Millisecond},
		Steps: []record.Step{{Number: 1, Title: record.Text{"en": "Wait"}}}, Members: []string{"a"}, Began: nightBegan,
		Streams: []record.Stream{{
			Name: "write", Kind: record.Write, Interval: 5 * time.Millisecond, Connect: 100 * time.Millisecond,
			Reply: 250 * time.Millisecond, Sessions: 8,
		}},
		Settings: record.Settings{Settle: 200 * time.Millisecond, Baseline: 200 * time.Millisecond},
	})
	must(t, err)
	if m.refused {
		must(t, w.Close(record.Tail{At: time.Second, Err: "the disk is full"}))
		must(t, f.Close())
		return
	}
	w.Event(record.Event{Kind: record.Ready, Took: time.Second})
	w.Event(record.Event{At: time.Millisecond, Kind: record.Role, Member: "a", What: "primary"})
	w.Event(record.Event{At: time.Second, Kind: record.Began, Step: 1})
	held := record.Copy{At: 3 * time.Second, Member: "a", Role: "primary", Final: true, Synced: true}
	for seq := uint32(1); seq < 600; seq++ {
		at := time.Duration(seq) * 5 * time.Millisecond
		a := record.Attempt{
			Seq: seq, Intended: at, Sent: at, Done: at + time.Millisecond, Member: 1, Outcome: record.Acked,
		}
		cause := ""
		if at > 1500*time.Millisecond && at < 1500*time.Millisecond+m.out {
			a.Outcome, a.Member, cause = record.Refused, 0, "connection refused"
		} else {
			held.Tokens = append(held.Tokens, record.Stored{Seq: seq, Member: 1})
		}
		w.Attempt(a, cause)
	}
	w.Event(record.Event{At: 2900 * time.Millisecond, Kind: record.Ended, Step: 1})
	w.Copy(held)
	must(t, w.Close(record.Tail{At: 3 * time.Second}))
	must(t, f.Close())
	if m.cut {
		must(t, os.Truncate(filepath.Join(dir, drill.RecordName), 4000))
	}
}

// embedded are the runbooks that belong to the program.
func embedded(t *testing.T) runbooks.Library {
	t.Helper()
	lib, err := runbooks.Load(runbooks.Embedded())
	must(t, err)
	return lib
}

// dealt is a night on disk.
type dealt struct {
	cells []night.Cell
	dir   string
}

// nightOf are cells of a night without anything carried out.
func nightOf(t *testing.T, text string) []night.Cell {
	t.Helper()
	file := filepath.Join(t.TempDir(), "night.yaml")
	must(t, os.WriteFile(file, []byte(text), 0o600))
	n, err := readNight(embedded(t), file, "")
	must(t, err)
	return n.cells
}

const smallNight = `
night: small
drills:
  - {product: postgres, runbooks: [sync-check, lost-primary], params: {mode: [sync, async]}, trials: 2,
     versions: [{name: "15", image: bookworm}]}
  - {product: dm8, runbooks: [switchover]}
`

// turns says what is carried out of cells, by index; others are met.
type turns map[int][]made

// deal writes shards of a night; which shard has which cell is up to at.
func deal(t *testing.T, cells []night.Cell, n int, at func(i int) int, what turns) dealt {
	t.Helper()
	d := dealt{cells, t.TempDir()}
	shards := make([]night.Shard, n)
	ended := nightBegan.Add(time.Hour)
	for i := range shards {
		shards[i] = night.Shard{
			Schema: night.ShardSchema, Night: "small", Digest: night.Digest(cells), Index: i + 1, Of: n,
			Cells: []string{}, Machine: fmt.Sprint("machine ", i), Version: "drillbook", Begun: nightBegan,
			Ended: &ended, All: cells,
		}
	}
	for i, c := range cells {
		all, special := what[i]
		if !special {
			all = []made{{}}
		}
		s := at(i)
		shards[s].Cells = append(shards[s].Cells, c.Name)
		for k, m := range all {
			folder := filepath.Join(d.shard(s), c.Folder())
			if k > 0 {
				folder = filepath.Join(d.dir, fmt.Sprintf("%c-again-%d", "az"[n%2], k), c.Folder()) // before or behind
			}
			code := 0
			begun := nightBegan.Add(time.Duration(k) * time.Minute)
			turn := night.Turn{Cell: c.Name, Begun: begun, Code: &code, TookMS: 4000}
			must(t, os.MkdirAll(folder, 0o750))
			if turn.Said = m.none; m.none == "" {
				m.write(t, filepath.Join(folder, "2026-11-27", "drill"), fmt.Sprintf("run-%d-%d", i, k), c)
			}
			must(t, writeJSON(folder, night.CellFile, turn))
		}
	}
	for i, s := range shards {
		must(t, os.MkdirAll(d.shard(i), 0o750))
		must(t, writeJSON(d.shard(i), night.ShardFile, s))
	}
	return d
}

func (d dealt) shard(i int) string { return filepath.Join(d.dir, fmt.Sprintf("shard-%d", i)) }

// change changes a shard's file.
func (d dealt) change(t *testing.T, i int, how func(*night.Shard)) {
	t.Helper()
	file := filepath.Join(d.shard(i), night.ShardFile)
	text, err := os.ReadFile(file)
	must(t, err)
	var s night.Shard
	must(t, json.Unmarshal(text, &s))
	how(&s)
	must(t, writeJSON(d.shard(i), night.ShardFile, s))
}

// The records that these tests make have the verdicts that they rely on.
func TestMadeRecords(t *testing.T) {
	for _, tt := range []struct {
		made made
		want measure.Verdict
	}{
		{made{}, measure.Met},
		{made{out: time.Second}, measure.Missed},
		{made{cut: true}, measure.Unmeasurable},
		{made{refused: true}, measure.Unmeasurable},
	} {
		dir := t.TempDir()
		tt.made.write(t, dir, "run", night.Cell{Runbook: "x/y", Product: "x"})
		rec, err := record.ReadFile(filepath.Join(dir, drill.RecordName))
		if rec == nil {
			t.Fatal(err)
		}
		if got := measure.Of(rec); got.Verdict != tt.want {
			t.Errorf("%+v is %s, want %s: %v", tt.made, got.Verdict, tt.want, got.Reasons)
		}
	}
}
