package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"drillbook/harness/drill"
	"drillbook/harness/measure"
	"drillbook/harness/night"
	"drillbook/harness/record"
	"drillbook/reports"
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

// digest is a digest of all files below a folder, with their names.
func digest(t *testing.T, dir string) string {
	t.Helper()
	h := sha256.New()
	must(t, filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		below, _ := filepath.Rel(dir, path)
		fmt.Fprintf(h, "%s %d\n%s", below, len(text), text)
		return err
	}))
	return hex.EncodeToString(h.Sum(nil))
}

// TestMergeIsTheSame: one set of records gives the same files, byte for byte, whatever
// folders they were dealt to, and whether these are archives.
func TestMergeIsTheSame(t *testing.T) {
	cells := nightOf(t, smallNight)
	what := turns{1: {{out: time.Second}}, 2: {{cut: true}, {}}, 3: {{out: time.Second}, {}}, 4: {{none: "no engine"}}}
	rng := rand.New(rand.NewPCG(20, 3))
	want := ""
	for n := 1; n <= 6; n++ {
		d := deal(t, cells, n, func(i int) int {
			if i < n {
				return i
			}
			return rng.IntN(n)
		}, what)
		for _, packed := range []string{"", ".tar", ".tar.gz"} {
			if packed != "" && n != 3 {
				continue
			}
			arg := d.dir
			if packed != "" {
				arg = filepath.Join(t.TempDir(), "night"+packed)
				pack(t, d.dir, arg)
			}
			out := filepath.Join(t.TempDir(), "night")
			code, stdout, stderr := command(t, "merge", arg, d.dir, "--out", out) // copies did not run twice
			if code != exitMissed {
				t.Fatalf("exit code %d, want %d\n%s%s", code, exitMissed, stdout, stderr)
			}
			got := digest(t, out)
			if want == "" {
				want = got
			}
			if got != want {
				t.Errorf("%d shards%s give other files", n, packed)
			}
		}
	}
}

// pack packs a folder as tar does.
func pack(t *testing.T, dir, file string) {
	t.Helper()
	var packed bytes.Buffer
	w := tar.NewWriter(&packed)
	must(t, w.AddFS(os.DirFS(dir)))
	must(t, w.Close())
	if strings.HasSuffix(file, ".gz") {
		var small bytes.Buffer
		z := gzip.NewWriter(&small)
		_, err := z.Write(packed.Bytes())
		must(t, err)
		must(t, z.Close())
		packed = small
	}
	must(t, os.WriteFile(file, packed.Bytes(), 0o600))
}

func TestMergeEnds(t *testing.T) {
	cells := nightOf(t, smallNight)
	nothing := func(*testing.T, dealt) {}
	for _, tt := range []struct {
		name  string
		what  turns
		spoil func(t *testing.T, d dealt)
		code  int
		state night.State // of cell 0
		said  string
	}{
		{"met", nil, nothing, 0, night.Met, "9 cells: 9 met"},
		{"missed", turns{0: {{out: time.Second}}}, nothing, exitMissed, night.Missed, "1 missed"},
		{"missed and met", turns{0: {{out: time.Second}, {}}}, nothing, exitMissed, night.Missed, "Ran more than once"},
		{"given out again", turns{0: {{cut: true}, {}}}, nothing, 0, night.Met, "cut short"},
		{"cut off", turns{0: {{cut: true}}}, nothing, exitUnmeasurable, night.Unmeasurable, "1 unmeasurable"},
		{"refused", turns{0: {{refused: true}}}, nothing, exitUnmeasurable, night.NotRun, "the disk is full"},
		{"no engine", turns{0: {{none: "no engine here"}}}, nothing, exitUnmeasurable, night.NotRun, "no engine here"},
		{"a shard missing", nil, func(t *testing.T, d dealt) {
			t.Helper()
			must(t, os.RemoveAll(d.shard(0)))
		}, exitUnmeasurable, night.NotRun, "Shard 1/3 is missing"},
		{"a shard killed", nil, func(t *testing.T, d dealt) {
			t.Helper()
			must(t, os.RemoveAll(filepath.Join(d.shard(0), cells[0].Folder())))
			d.change(t, 0, func(s *night.Shard) { s.Ended = nil })
		}, exitUnmeasurable, night.NotRun, "did not get to its end"},
		{"a cell lacking", nil, func(t *testing.T, d dealt) {
			t.Helper()
			must(t, os.RemoveAll(filepath.Join(d.shard(0), cells[0].Folder())))
		}, exitUnmeasurable, night.NotRun, "has ended, but lacks a cell"},
		{"another night", nil, func(t *testing.T, d dealt) {
			t.Helper()
			d.change(t, 1, func(s *night.Shard) { s.Night = "another" })
		}, exitUsage, "", "merge one night at a time"},
		{"changed by hand", nil, func(t *testing.T, d dealt) {
			t.Helper()
			d.change(t, 1, func(s *night.Shard) { s.All = s.All[1:] })
		}, exitUsage, "", "not those of its digest"},
		{"another drillbook", nil, func(t *testing.T, d dealt) {
			t.Helper()
			d.change(t, 1, func(s *night.Shard) { s.Version = "drillbook 9" })
		}, 0, night.Met, "different versions: drillbook, drillbook 9"},
		{"clocks apart", nil, func(t *testing.T, d dealt) {
			t.Helper()
			d.change(t, 1, func(s *night.Shard) { s.Begun = s.Begun.Add(-time.Hour) })
		}, 0, night.Met, "9 met"},
		{"a cell that the night lacks", nil, func(t *testing.T, d dealt) {
			t.Helper()
			folder := filepath.Join(d.shard(0), "strange")
			made{}.write(t, folder, "strange", night.Cell{Runbook: "strange"})
			must(t, writeJSON(folder, night.CellFile, night.Turn{Cell: "strange#1"}))
		}, exitEnvironment, night.Met, "strange#1"},
		{"a file that cannot be read", nil, func(t *testing.T, d dealt) {
			t.Helper()
			must(t, os.WriteFile(filepath.Join(d.shard(0), cells[0].Folder(), night.CellFile), []byte("{"), 0o600))
		}, exitEnvironment, night.NotRun, "cell.json in"},
		{"no shard", nil, func(t *testing.T, d dealt) {
			t.Helper()
			for i := range 3 {
				must(t, os.Remove(filepath.Join(d.shard(i), night.ShardFile)))
			}
		}, exitUsage, "", "there is no shard.json"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d := deal(t, cells, 3, func(i int) int { return i % 3 }, tt.what)
			tt.spoil(t, d)
			out := filepath.Join(t.TempDir(), "night")
			code, stdout, stderr := command(t, "merge", d.dir, "--out", out)
			if code != tt.code || !strings.Contains(stdout+stderr, tt.said) {
				t.Errorf("exit code %d, want %d, and %q in\n%s%s", code, tt.code, tt.said, stdout, stderr)
			}
			if tt.state == "" {
				return
			}
			earlier, err := readEarlier(out)
			must(t, err)
			if got := earlier[cells[0].Name].State; got != tt.state {
				t.Errorf("the cell is %s, want %s", got, tt.state)
			}
		})
	}
}

func TestMergeSaysWhatIsNew(t *testing.T) {
	cells := nightOf(t, smallNight)
	at := func(i int) int { return i % 2 }
	nights := t.TempDir()
	for name, what := range map[string]turns{"first": nil, "second": {0: {{out: time.Second}}}} {
		args := []string{"merge", deal(t, cells, 2, at, what).dir, "--out", filepath.Join(nights, name)}
		command(t, args...)
	}
	d := deal(t, cells, 2, at, turns{0: {{out: time.Second}}})
	const worse = "✔\u00a0Met   ✘\u00a0Missed"
	_, stdout, _ := command(t, "merge", d.dir, "--out", filepath.Join(nights, "third"),
		"--like", filepath.Join(nights, "first"))
	if !strings.Contains(stdout, worse) {
		t.Errorf("it does not say what is new:\n%s", stdout)
	}
	_, stdout, _ = command(t, "merge", d.dir, "--out", filepath.Join(nights, "fourth"),
		"--like", filepath.Join(nights, "second"))
	if strings.Contains(stdout, worse) {
		t.Errorf("what was missed before is new:\n%s", stdout)
	}
	if code, _, stderr := command(t, "merge", d.dir, "--out", nights); code != exitUsage {
		t.Errorf("a folder that is not empty: exit code %d, %s", code, stderr)
	}
	code, stdout, stderr := command(t, "cells", "../../night.yaml", "--like", filepath.Join(nights, "first"))
	if code != 0 {
		t.Errorf("cells --like: exit code %d\n%s%s", code, stdout, stderr)
	}
}

// TestMergeOfManyRecords merges as many records as DRILLBOOK_NIGHT says. 800 must take
// less than a minute and 1 GiB, and the night's page less than 5 MB.
func TestMergeOfManyRecords(t *testing.T) {
	if testing.Short() {
		t.Skip("it measures time")
	}
	n := 80
	if text := os.Getenv("DRILLBOOK_NIGHT"); text != "" {
		var err error
		n, err = strconv.Atoi(text)
		must(t, err)
	}
	cells := nightOf(t, fmt.Sprintf("night: many\ndrills: [{product: postgres, tier: nightly, trials: %d}]\n", n/8))
	d := deal(t, cells, 10, func(i int) int { return i % 10 }, turns{0: {{out: time.Second}}})
	for i := range 10 {
		d.change(t, i, func(s *night.Shard) { s.Night = "many" })
	}
	if real := os.Getenv("DRILLBOOK_RECORD"); real != "" { // a record of a real drill in the place of each
		text, err := os.ReadFile(real)
		must(t, err)
		must(t, filepath.WalkDir(d.dir, func(path string, e fs.DirEntry, err error) error {
			if err == nil && e.Name() == drill.RecordName {
				err = os.WriteFile(path, text, 0o600)
			}
			return err
		}))
	}
	out := filepath.Join(t.TempDir(), "night")
	began := time.Now()
	code, stdout, stderr := command(t, "merge", d.dir, "--out", out)
	took := time.Since(began)
	var mem runtime.MemStats
	runtime.ReadMemStats(&mem)
	page, err := os.Stat(filepath.Join(out, reports.PageFile))
	must(t, err)
	t.Logf("%d records: %s, %d MiB from the system, a page of %d kB, exit code %d", len(cells), took, mem.Sys>>20,
		page.Size()>>10, code)
	if took > time.Minute || mem.Sys > 1<<30 || page.Size() > 5<<20 {
		t.Errorf("that is too much:\n%s%s", stdout[:min(len(stdout), 500)], stderr)
	}
}

// A night that is cut as docs/farm.md says has shards of about the same length.
func TestOwnNight(t *testing.T) {
	n, err := readNight(embedded(t), filepath.Join("..", "..", "night.yaml"), "")
	must(t, err)
	for of := 1; of <= 8; of++ {
		var longest, total time.Duration
		for _, shard := range night.Deal(n.cells, n.times, of) {
			took := time.Duration(0)
			for _, c := range shard {
				took += n.times.Of(c)
			}
			longest, total = max(longest, took), total+took
		}
		if ratio := float64(longest) * float64(of) / float64(total); ratio > 1.15 {
			t.Errorf("of %d shards the longest is %.2f times the mean", of, ratio)
		}
	}
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
