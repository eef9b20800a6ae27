package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/creack/pty"

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

// safe is a buffer that a program and a test may use at once.
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

// has reports that something was not written yet.
func (s *safe) has(text string) error {
	if said := s.String(); !strings.Contains(said, text) {
		return fmt.Errorf("%q is not in:\n%s", text, said)
	}
	return nil
}

func TestViewsGetNoForeignSequences(t *testing.T) {
	for _, kind := range []string{"plain", "live"} {
		out, err := os.Create(filepath.Join(t.TempDir(), "terminal"))
		if err != nil {
			t.Fatal(err)
		}
		v := newView(screen{out}, wordsIn("en"), true)
		if kind == "live" {
			v = newLiveView(out, &lines{words: wordsIn("en")})
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
		shown, err := os.ReadFile(out.Name())
		if err := errors.Join(err, out.Close()); err != nil {
			t.Fatal(err)
		}
		harmless(t, kind, string(shown))
	}
}

// What stands on the terminal before a run stays there: no line of the live view,
// however early, is printed by moving over it.
func TestLiveViewKeepsWhatIsAbove(t *testing.T) {
	master, terminal, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = master.Close() }()
	if err := pty.Setsize(terminal, &pty.Winsize{Rows: 24, Cols: 80}); err != nil {
		t.Fatal(err)
	}
	shown := make(chan string)
	go func() {
		text, _ := io.ReadAll(master) // fails when the terminal is closed
		shown <- string(text)
	}()
	v := newLiveView(terminal, &lines{words: wordsIn("en")})
	v.Say("first line")
	v.Say("second line")
	v.Close()
	if err := terminal.Close(); err != nil {
		t.Fatal(err)
	}
	text := <-shown
	before, _, ok := strings.Cut(text, "second line")
	if !ok || !strings.Contains(before, "first line") {
		t.Fatalf("the terminal gets %q, want both lines", text)
	}
	for _, move := range regexp.MustCompile(`\x1b\[(\d*)([ABHfd])`).FindAllStringSubmatch(before, -1) {
		if n, _ := strconv.Atoi(move[1]); n > 2 || strings.ContainsAny(move[2], "Hfd") {
			t.Errorf("the cursor moves by %q in %q", move[0], text)
		}
	}
}

// A terminal that is gone ends the moving line, and does not hold up the drill.
func TestLiveViewOutlivesItsTerminal(t *testing.T) {
	master, terminal, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = terminal.Close() }()
	v := newLiveView(terminal, &lines{words: wordsIn("en")})
	v.Say("first line")
	if err := master.Close(); err != nil {
		t.Fatal(err)
	}
	said := make(chan struct{})
	go func() {
		defer close(said)
		<-v.done // its size cannot be asked for
		v.Say("second line")
		v.Close()
	}()
	late := time.After(10 * time.Second)
	again := time.NewTicker(20 * time.Millisecond)
	defer again.Stop()
	for {
		select {
		case <-said:
			return
		case <-again.C: // it may not listen yet
			_ = syscall.Kill(os.Getpid(), syscall.SIGWINCH) // a signal to oneself arrives
		case <-late:
			t.Fatal("a line is still being printed")
		}
	}
}
