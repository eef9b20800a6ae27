package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"drillbook/harness/night"
)

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
