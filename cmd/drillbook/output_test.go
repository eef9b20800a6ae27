package main

import (
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/creack/pty"

	"drillbook/harness/wait"
)

// outlet is where a run prints to and is answered from.
type outlet string

// The outlets.
const (
	terminalOutlet outlet = "terminal"
	pipeOutlet     outlet = "pipe"
	ciOutlet       outlet = "CI"   // nobody answers, and a file takes all
	dumbOutlet     outlet = "dumb" // a terminal that cannot move its cursor
)

// outlets are those in which what a run does may differ.
func outlets() []outlet { return []outlet{terminalOutlet, pipeOutlet, ciOutlet} }

// session is a command under way at an outlet.
type session struct {
	*exec.Cmd

	outlet outlet
	shown  func() string // so far
	person io.Writer     // where a person types, nil if there is none
	reader io.Closer     // what goes away when the reader does, nil if none can
	read   chan error    // ended once all has been read, nil if nobody reads
	ended  chan error
}

// endsWithin is how long a drill may take on a busy machine, and how long it may
// take after it was asked to end: Ginkgo alone would wait for 30 s for a step that
// does not listen.
const (
	endsWithin        = 5 * time.Minute
	interruptedWithin = 25 * time.Second
)

// start starts a command at the outlet.
func (o outlet) start(t *testing.T, c *exec.Cmd) *session {
	t.Helper()
	s := &session{Cmd: c, outlet: o, ended: make(chan error, 1)}
	switch o {
	case terminalOutlet:
		s.onTerminal(t, "xterm-256color")
	case dumbOutlet:
		s.onTerminal(t, "dumb")
	case pipeOutlet:
		c.SysProcAttr = &syscall.SysProcAttr{Setsid: true} // there is no terminal behind it either
		s.onPipe(t)
	case ciOutlet:
		c.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
		s.onFile(t)
	}
	go func() { s.ended <- c.Wait() }()
	return s
}

func (s *session) onTerminal(t *testing.T, name string) {
	t.Helper()
	s.Env = append(s.Env, "TERM="+name)
	master, err := pty.StartWithSize(s.Cmd, &pty.Winsize{Rows: 24, Cols: 80})
	must(t, err)
	var shown safe
	s.shown = shown.String
	s.person, s.reader, s.read = master, master, make(chan error, 1)
	go func() {
		_, err := io.Copy(io.MultiWriter(&shown, emulator{master}), master)
		s.read <- err
	}()
	t.Cleanup(func() { _ = master.Close() })
}

// emulator answers what a program asks a terminal before it draws.
type emulator struct{ person io.Writer }

func (e emulator) Write(b []byte) (int, error) {
	if strings.Contains(string(b), "\x1b[6n") {
		if _, err := io.WriteString(e.person, "\x1b[1;1R"); err != nil {
			return 0, err
		}
	}
	return len(b), nil
}

func (s *session) onPipe(t *testing.T) {
	t.Helper()
	reader, writer, err := os.Pipe()
	must(t, err)
	answered, person, err := os.Pipe()
	must(t, err)
	s.Stdout, s.Stderr, s.Stdin = writer, writer, answered
	must(t, s.Start())
	must(t, errors.Join(writer.Close(), answered.Close()))
	var shown safe
	s.shown = shown.String
	s.person, s.reader, s.read = person, reader, make(chan error, 1)
	go func() {
		_, err := io.Copy(&shown, reader)
		s.read <- err
	}()
	t.Cleanup(func() { _, _ = person.Close(), reader.Close() })
}

func (s *session) onFile(t *testing.T) {
	t.Helper()
	s.Env = append(s.Env, "CI=true", "TERM=dumb")
	path := filepath.Join(t.TempDir(), "log")
	file, err := os.Create(path)
	must(t, err)
	s.Stdout, s.Stderr = file, file
	must(t, s.Start())
	must(t, file.Close())
	s.shown = func() string {
		text, err := os.ReadFile(path)
		if err != nil {
			return err.Error()
		}
		return string(text)
	}
}

// sequences are what moves a cursor and sets colours.
var sequences = regexp.MustCompile(`\x1b(\[[0-9;?]*[a-zA-Z]|\][^\x07\x1b]*(\x07|\x1b\\))`)

// said is what a person has read so far, in lines as long as they were printed.
func (s *session) said() string {
	return strings.ReplaceAll(sequences.ReplaceAllString(s.shown(), ""), "\r\n", "\n")
}

// await waits until a text has come.
func (s *session) await(t *testing.T, text string) {
	t.Helper()
	look := time.NewTicker(20 * time.Millisecond)
	defer look.Stop()
	late := time.After(endsWithin)
	for !strings.Contains(s.said(), text) {
		select {
		case <-look.C:
		case err := <-s.ended:
			s.ended <- err
			if !strings.Contains(s.said(), text) {
				t.Fatalf("it ended without %q: %v\n%s", text, err, s.said())
			}
		case <-late:
			t.Fatalf("%q did not come within %s: %v\n%s", text, endsWithin,
				errors.Join(s.Process.Kill(), <-s.ended), s.said())
		}
	}
}

// code waits for the end and for all that was printed until then. What is left of
// the command must not keep the outlet open.
func (s *session) code(t *testing.T, within time.Duration) int {
	t.Helper()
	late := time.After(within)
	var err error
	select {
	case err = <-s.ended:
	case <-late:
		t.Fatalf("it did not end within %s: %v\n%s", within, errors.Join(s.Process.Kill(), <-s.ended), s.said())
	}
	if s.read != nil {
		select {
		case <-s.read: // with EIO, if it was a terminal
		case <-late:
			t.Errorf("somebody still holds the %s", s.outlet)
		}
	}
	return exitCode(t, err)
}

// interrupt is Ctrl-C, where that can be typed.
func (s *session) interrupt(t *testing.T) {
	t.Helper()
	if s.outlet == terminalOutlet {
		s.types(t, "\x03")
		return
	}
	s.signal(t, syscall.SIGINT)
}

func (s *session) types(t *testing.T, text string) {
	t.Helper()
	_, err := io.WriteString(s.person, text)
	must(t, err)
}

// hangUp is the end of a terminal, or what a shell sends when its own ends.
func (s *session) hangUp(t *testing.T) {
	t.Helper()
	if s.outlet == terminalOutlet {
		must(t, s.reader.Close())
		return
	}
	s.signal(t, syscall.SIGHUP)
}

// breakPipe is a reader that goes away, or the signal that says so.
func (s *session) breakPipe(t *testing.T) {
	t.Helper()
	if s.outlet == pipeOutlet {
		must(t, s.reader.Close())
		return
	}
	s.signal(t, syscall.SIGPIPE)
}

// signal sends signals, one soon after the other, but not so soon that the kernel
// makes one of them.
func (s *session) signal(t *testing.T, all ...os.Signal) {
	t.Helper()
	for _, one := range all {
		must(t, s.Process.Signal(one))
		must(t, wait.Duration(t.Context(), 2*time.Millisecond))
	}
}

// Where the terminal cannot move its cursor, nothing tries to.
func TestDumbTerminal(t *testing.T) {
	takesLong(t)
	p := newProgram(t, t.TempDir())
	for _, tt := range []struct {
		at      outlet
		args    []string
		escapes bool
	}{
		{dumbOutlet, []string{"run", "--host", "container"}, false},
		{dumbOutlet, []string{"calibrate", "--alone", "--trials", "1", "--rates", "100"}, false},
		{terminalOutlet, []string{"run", "--host", "container"}, true},
	} {
		s := tt.at.start(t, p.command(t, tt.args...))
		s.code(t, endsWithin) // which is not looked at
		if s.said() == "" {
			t.Errorf("%s: %v prints nothing", tt.at, tt.args)
		}
		if got := strings.Contains(s.shown(), "\x1b"); got != tt.escapes {
			t.Errorf("%s: %v prints escape codes: %t, want %t: %q", tt.at, tt.args, got, tt.escapes, s.shown())
		}
	}
}
