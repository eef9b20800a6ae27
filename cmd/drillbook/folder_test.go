package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"drillbook/fixtures/fake"
	"drillbook/harness/drill"
	"drillbook/harness/record"
	"drillbook/reports"
)

// played leaves the record of a drill in a folder, carried out on a database of
// goroutines. A drill that is not fair ends before there is anything to measure.
func played(t *testing.T, dir string, fair bool) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		db := fake.New(fake.Config{Latency: 2 * time.Millisecond, Delay: 5 * time.Millisecond})
		d, err := drill.Begin(t.Context(), drill.Config{
			Head: record.Head{
				Run: filepath.Base(dir), Runbook: "fake/page", Promise: record.Promise{RTO: time.Second},
				Steps: []record.Step{{Number: 1}},
			},
			Driver: db, Host: db, Members: []string{"a", "b"}, Links: db.Links(), Dir: dir,
		})
		if err != nil {
			t.Fatal(err)
		}
		d.StepBegan(1)
		<-time.After(3 * time.Second)
		d.StepEnded(nil)
		if err := d.End(t.Context(), !fair); err != nil {
			t.Fatal(err)
		}
		if err := db.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
	})
}

// Runs that begin in the same second do not share a folder.
func TestMakeFolderIsExclusive(t *testing.T) {
	const runs = 20
	wanted := filepath.Join(t.TempDir(), "reports", "out", "2026-01-02T03-04-05")
	var made sync.Map
	var all sync.WaitGroup
	for range runs {
		all.Go(func() {
			dir, err := makeFolder(wanted, wordsIn("en"))
			if err != nil {
				t.Error(err)
			}
			if _, taken := made.LoadOrStore(dir, true); taken {
				t.Errorf("%s is the folder of two runs", dir)
			}
		})
	}
	all.Wait()
	if _, ok := made.Load(wanted); !ok {
		t.Errorf("no run has %s", wanted)
	}
	if left, _ := filepath.Glob(wanted + "*/*"); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestMakeFolderSaysWhere(t *testing.T) {
	file := filepath.Join(t.TempDir(), "a-file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := makeFolder(filepath.Join(file, "run"), wordsIn("en"))
	if err == nil || !strings.Contains(err.Error(), "a-file") || !strings.Contains(err.Error(), "--out") {
		t.Errorf("makeFolder below a file = %v, want where and what to do", err)
	}
}

// Whatever stands at latest, the reports are written and their path is printed.
func TestPublishWithoutALink(t *testing.T) {
	for _, tt := range []struct {
		name string
		put  func(latest string) error
		link bool
	}{
		{"nothing", func(string) error { return nil }, true},
		{"another run", func(latest string) error { return os.Symlink("before", latest) }, true},
		{"a folder", func(latest string) error { return os.MkdirAll(filepath.Join(latest, "x"), 0o700) }, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			out := filepath.Join(t.TempDir(), "out", "run")
			played(t, filepath.Join(out, "fake-page"), true)
			latest := filepath.Join(filepath.Dir(out), "latest")
			if err := tt.put(latest); err != nil {
				t.Fatal(err)
			}
			rec, err := record.ReadFile(filepath.Join(out, "fake-page", drill.RecordName))
			if err != nil {
				t.Fatal(err)
			}
			var said strings.Builder
			run := reports.Run{Drills: []reports.Drill{reports.Of(rec, "fake-page")}}
			if err := publish(&said, run, out, wordsIn("en")); err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(said.String(), filepath.Join(out, reports.PageFile)) {
				t.Errorf("it does not say where the reports are:\n%s", said.String())
			}
			if says := strings.Contains(said.String(), latest+" does not lead to this run: ") &&
				strings.Contains(said.String(), "move what stands there away"); says == tt.link {
				t.Errorf("it speaks of the link: %t, want %t:\n%s", says, !tt.link, said.String())
			}
			if to, err := os.Readlink(latest); tt.link && (err != nil || to != "run") {
				t.Errorf("latest leads to %q, %v", to, err)
			}
			left, err := filepath.Glob(filepath.Join(filepath.Dir(out), ".*"))
			if err != nil || len(left) > 0 {
				t.Errorf("left behind: %v, %v", left, err)
			}
		})
	}
}

// A folder of any name is one of records, and a record that cannot be read does
// not keep the others from being reported.
func TestReport(t *testing.T) {
	good := func(t *testing.T, dir string) { t.Helper(); played(t, dir, true) }
	cut := func(t *testing.T, dir string) { t.Helper(); played(t, dir, false) }
	text := func(what string) func(*testing.T, string) {
		return func(t *testing.T, dir string) {
			t.Helper()
			must(t, os.MkdirAll(dir, 0o700))
			must(t, os.WriteFile(filepath.Join(dir, drill.RecordName), []byte(what), 0o600))
		}
	}
	for _, tt := range []struct {
		name   string
		drills map[string]func(*testing.T, string)
		code   int
		drawn  bool // there are reports
		said   string
	}{
		{"met", map[string]func(*testing.T, string){"a": good}, 0, true, ""},
		{"interrupted", map[string]func(*testing.T, string){"a": good, "b": cut}, exitUnmeasurable, true, ""},
		{
			"an empty one among others",
			map[string]func(*testing.T, string){"a": text(""), "b": good, "c": good},
			exitEnvironment, true, filepath.Join("a", drill.RecordName) + ": ",
		},
		{
			"a headless one among others",
			map[string]func(*testing.T, string){"a": good, "b": text("what\never\n")},
			exitEnvironment, true, filepath.Join("b", drill.RecordName) + ": ",
		},
		{
			"nothing that can be read",
			map[string]func(*testing.T, string){"a": text("")},
			exitEnvironment, true, filepath.Join("a", drill.RecordName) + ": ",
		},
		{"nothing", nil, exitUsage, false, "holds no records"},
	} {
		for _, folder := range []string{"run", "runs [1]", "*?"} {
			t.Run(tt.name+" in "+folder, func(t *testing.T) {
				dir := filepath.Join(t.TempDir(), folder)
				must(t, os.Mkdir(dir, 0o700))
				readable := 0
				for name, make := range tt.drills {
					make(t, filepath.Join(dir, name))
					if rec, _ := record.ReadFile(filepath.Join(dir, name, drill.RecordName)); rec != nil {
						readable++
					}
				}
				code, stdout, stderr := command(t, "report", dir)
				if code != tt.code || !strings.Contains(stderr, tt.said) {
					t.Errorf("report = %d, %q, want %d and %q", code, stderr, tt.code, tt.said)
				}
				if n := strings.Count(stdout, "fake/page · · "); tt.drawn && n != readable {
					t.Errorf("the table has %d drills, want %d:\n%s", n, readable, stdout)
				}
				_, err := fs.Stat(os.DirFS(dir), reports.JUnitFile)
				if drawn := err == nil; drawn != tt.drawn {
					t.Errorf("there are reports: %t, want %t", drawn, tt.drawn)
				}
			})
		}
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
