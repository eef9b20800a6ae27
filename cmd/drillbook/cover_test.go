package main

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"drillbook/harness/drill"
	"drillbook/reports"
	"drillbook/reports/paper"
)

// runOf is the folder of a run with one drill of an older schema.
func runOf(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "harness", "record", "testdata", "schema1.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "one"), 0o750); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "one", drill.RecordName), text, 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

func written(t *testing.T, text string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "cover.yaml")
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

func namesIn(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	names := make([]string, 0, len(entries))
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

// TestCover: the template that is printed is taken as it is, and what is filled in stands
// on the sheet.
func TestCover(t *testing.T) {
	dir := runOf(t)
	for _, lang := range []string{"en", "zh"} {
		code, template, stderr := command(t, "cover", "--lang", lang)
		if code != 0 || !strings.Contains(template, "organisation:") {
			t.Fatalf("cover --lang %s: exit code %d, %s", lang, code, stderr)
		}
		if code, _, stderr = command(t, "report", dir, "--cover", written(t, template)); code != exitUnmeasurable {
			t.Errorf("the template as it is: exit code %d, want %d: %s", code, exitUnmeasurable, stderr)
		}
	}
	filled := written(t, "number: DR-7\norganisation: 某医院 <b>\nmembers: {a: server01}\n"+
		"window: {from: 2000-01-01, to: 2000-01-01}\n")
	code, _, stderr := command(t, "report", dir, "--lang", "zh", "--cover", filled, "--format", "csv,xlsx,docx")
	if code != exitUnmeasurable {
		t.Fatalf("exit code %d, want %d: %s", code, exitUnmeasurable, stderr)
	}
	got := namesIn(t, filepath.Join(dir, "one"))
	for _, want := range []string{"sheet.csv", "sheet.docx", "sheet.html", "sheet.xlsx"} {
		if !slices.Contains(got, want) {
			t.Errorf("there is no %s: %v", want, got)
		}
	}
	html, err := os.ReadFile(filepath.Join(dir, "one", "sheet.html"))
	if err != nil {
		t.Fatal(err)
	}
	sum := "86e088494fa2bd380d99dcf1fa12fca72f3eb3d373735f934a6ce3255c2f5078" // of schema1.jsonl
	for _, want := range []string{"DR-7", "某医院 &lt;b&gt;", "server01（a）", sum} {
		if !bytes.Contains(html, []byte(want)) {
			t.Errorf("the sheet does not say %q", want)
		}
	}
}

// TestCoverRefused: what is wrong with a cover takes one line and writes nothing.
func TestCoverRefused(t *testing.T) {
	dir := runOf(t)
	for name, tt := range map[string]struct{ cover, want string }{
		"an unknown key":      {"nubmer: 7", "nubmer"},
		"another date":        {"window: {from: 2026-11-26, to: 2026-11-26}", "2000-01-01"},
		"a looser objective":  {"objectives: {rto: 1h}", "looser"},
		"a member of no name": {"members: {z: server09}", "there is no z"},
		"a date that is none": {"window: {from: yesterday}", "yesterday"},
		"several at once":     {"objectives: {rto: 1h}\nmembers: {z: server09}", "looser"},
	} {
		for _, args := range [][]string{{"report", dir}, {"run", "postgres/lost-primary", "--out", t.TempDir()}} {
			code, _, stderr := command(t, append(args, "--cover", written(t, tt.cover))...)
			want := tt.want
			if args[0] == "run" && name == "another date" {
				want = "2026-11-26"
			}
			if code != exitUsage || !strings.Contains(stderr, want) || strings.Count(stderr, "\n") != 1 {
				t.Errorf("%s, %s: exit code %d, %q; want %d and one line with %q", args[0], name, code, stderr,
					exitUsage, want)
			}
		}
		if got := namesIn(t, dir); len(got) != 1 {
			t.Errorf("%s: reports are written: %v", name, got)
		}
	}
	if code, _, _ := command(t, "report", dir, "--format", "odt"); code != exitUsage {
		t.Errorf("--format odt: exit code %d, want %d", code, exitUsage)
	}
}

// TestReportWithoutBrowser: if nothing can print, or what prints fails, all else is
// written, and the exit code and one line say so.
func TestReportWithoutBrowser(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a process")
	}
	crashing := filepath.Join(t.TempDir(), "browser")
	if err := os.WriteFile(crashing, []byte("#!/bin/sh\nkill -SEGV $$\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	for browser, want := range map[string]string{"/no/such": "no Chromium found", crashing: "segmentation fault"} {
		t.Setenv(paper.Variable, browser)
		dir := runOf(t)
		old := filepath.Join(dir, "one", "sheet.pdf")
		if err := os.WriteFile(old, []byte("old"), 0o600); err != nil {
			t.Fatal(err)
		}
		code, _, stderr := command(t, "report", dir, "--format", "all")
		if code != exitEnvironment || !strings.Contains(stderr, want) {
			t.Errorf("%s: exit code %d, %q; want %d and %q", browser, code, stderr, exitEnvironment, want)
		}
		got := namesIn(t, filepath.Join(dir, "one"))
		for _, name := range []string{"sheet.csv", "sheet.docx", "sheet.html", "sheet.xlsx"} {
			if !slices.Contains(got, name) {
				t.Errorf("%s: there is no %s: %v", browser, name, got)
			}
		}
		if text, err := os.ReadFile(old); err != nil || string(text) != "old" {
			t.Errorf("the old PDF is %q, %v", text, err)
		}
		if !slices.Contains(namesIn(t, dir), reports.PageFile) {
			t.Error("there is no page")
		}
	}
}
