package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"drillbook/harness/record"
)

const nasty = "\x1b]0;pwned\x07\x1b[2Jx\u202ey\u200bz\xff\u009b31m\rmet"

// harmless makes sure that a terminal shows the text, and does nothing else.
func harmless(t *testing.T, what, shown string) {
	t.Helper()
	for _, bad := range []string{"\x1b]", "\x1b[2J", "\u202e", "\u200b", "\xff", "\u009b", "\rmet"} {
		if strings.Contains(shown, bad) {
			t.Errorf("%s: the terminal gets %q in %q", what, bad, shown)
		}
	}
	if !strings.Contains(shown, "xyz\ufffd") {
		t.Errorf("%s: %q does not show the text", what, shown)
	}
}

// TestTerminalGetsNoForeignSequences: names, answers of consoles, messages of
// databases and files of others come to the terminal as text.
func TestTerminalGetsNoForeignSequences(t *testing.T) {
	dir := filepath.Join(t.TempDir(), nasty)
	for _, args := range [][]string{
		{"show", nasty},
		{"report", dir},
		{"run", "--set", nasty, "postgres/lost-primary"},
		{"list", "--runbooks", dir},
		{nasty},
		{"--" + nasty},
	} {
		var out bytes.Buffer
		if code := run(t.Context(), args, &out, &out); code == 0 {
			t.Errorf("%q works", args)
		}
		if shown := out.String(); strings.Contains(shown, "xyz") {
			harmless(t, args[0], shown)
		} else if strings.Contains(shown, "\x1b") {
			t.Errorf("%q: %q", args, shown)
		}
	}
	page := "---\nrto: 30s\nrpo: 10\nsource: a test\n---\n# A title " + strings.ReplaceAll(nasty, "\r", "") +
		"\n\nWhat it is about.\n\n## 1. A step\n\nDo it.\n"
	books := t.TempDir()
	if err := os.Mkdir(filepath.Join(books, "fake"), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"page.md", "page.zh.md"} {
		if err := os.WriteFile(filepath.Join(books, "fake", name), []byte(page), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, args := range [][]string{{"list", "--runbooks", books}, {"show", "--runbooks", books, "fake/page"}} {
		var out bytes.Buffer
		if code := run(t.Context(), args, &out, &out); code != 0 {
			t.Fatalf("%q: %d: %s", args, code, out.String())
		}
		harmless(t, args[0], out.String())
	}
}

// safe is a buffer that a live view and a test may use at once.
type safe struct {
	mu  sync.Mutex // guards buf
	buf bytes.Buffer
}

func (s *safe) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.buf.Write(b)
}

func (s *safe) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.buf.String()
}

func TestViewsGetNoForeignSequences(t *testing.T) {
	for _, kind := range []string{"plain", "live"} {
		var out safe
		v := view(newLiveView(&out, &lines{words: wordsIn("en"), lang: "en"}))
		if kind == "plain" {
			v.Close()
			out = safe{}
			v = newView(screen{&out}, screen{&out}, "en", true)
		}
		head := record.Head{Runbook: nasty, Title: record.Text{"en": nasty}, System: nasty, StandIn: nasty}
		v.DrillBegins(head, nil)
		v.Event(record.Event{Kind: record.Healthy})
		for _, k := range []record.Kind{
			record.Ready, record.Began, record.Ended, record.Confirm, record.Held,
			record.Healed, record.Role, record.Progress,
		} {
			v.Event(record.Event{Kind: k, Step: 1, Member: nasty, Fault: nasty, What: nasty, Answer: nasty, Err: nasty})
		}
		v.Say(nasty)
		v.Close()
		harmless(t, kind, out.String())
	}
}
