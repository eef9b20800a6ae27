package reports_test

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"drillbook/reports"
	"drillbook/reports/paper"
)

// TestBrokenBrowserIsTriedOnce: a browser that crashes is not tried with every drill of a
// night, all that needs none is written, and the error is one line.
func TestBrokenBrowserIsTriedOnce(t *testing.T) {
	if testing.Short() {
		t.Skip("starts processes")
	}
	note := filepath.Join(t.TempDir(), "note")
	path := filepath.Join(t.TempDir(), "chromium")
	if err := os.WriteFile(path, []byte("#!/bin/sh\necho x >> "+note+"\nkill -SEGV $$\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv(paper.Variable, path)
	dir, r := t.TempDir(), run(trials()...)
	if err := reports.Write(dir, r, "en"); err != nil {
		t.Fatal(err)
	}
	how := reports.Sheets{Lang: "en", Formats: []reports.Format{reports.PDF, reports.XLSX}}
	err := reports.WriteSheets(t.Context(), dir, r, how)
	if !errors.Is(err, paper.ErrBroken) || strings.Contains(err.Error(), "\n") {
		t.Errorf("WriteSheets = %v, want one line that wraps ErrBroken", err)
	}
	if tries, err := os.ReadFile(note); err != nil || string(tries) != "x\n" {
		t.Errorf("the browser was tried %q, %v, want once", tries, err)
	}
	for _, d := range r.Drills {
		if _, err := os.Stat(filepath.Join(dir, d.Name, "sheet.xlsx")); err != nil {
			t.Error(err)
		}
	}
}

// TestFullDiskIsSaidOnce: a disk that is full while a report is rendered is told of in one
// line, and the old report stays whole.
func TestFullDiskIsSaidOnce(t *testing.T) {
	dir := t.TempDir()
	old := filepath.Join(dir, "page.html")
	if err := os.WriteFile(old, []byte("old"), 0o600); err != nil {
		t.Fatal(err)
	}
	var limit syscall.Rlimit
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(syscall.Getrlimit(syscall.RLIMIT_FSIZE, &limit))
	small := syscall.Rlimit{Cur: 1 << 10, Max: limit.Max} // a file may not grow further: writing fails
	must(syscall.Setrlimit(syscall.RLIMIT_FSIZE, &small))
	err := reports.WriteWhole(dir, "page.html", func(w io.Writer) error {
		for range 1000 {
			if _, err := io.WriteString(w, strings.Repeat("x", 1<<10)); err != nil {
				return err
			}
		}
		return nil
	})
	must(syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit))
	if !errors.Is(err, syscall.EFBIG) || strings.Contains(err.Error(), "\n") {
		t.Errorf("WriteWhole = %v, want one line that says the file is too large", err)
	}
	if got := names(t, dir); len(got) != 1 {
		t.Errorf("the folder holds %v, want the old file alone", got)
	}
	if text, err := os.ReadFile(old); err != nil || string(text) != "old" {
		t.Errorf("the old file holds %q, %v", text, err)
	}
}
