package main

import (
	"bufio"
	"io"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"drillbook/harness/wait"
	"drillbook/runbooks"
)

// TestStoppedHarnessIsNoOutage: what a harness that is stopped in the middle of a
// drill makes longer, or uses up of the time to wait, is not the service's doing.
func TestStoppedHarnessIsNoOutage(t *testing.T) {
	p := onlyLocal(t)
	books := strict(t)
	for _, tt := range []struct{ name, after string }{
		{"after the loss", "✔ 2."},
		{"after the takeover", "✔ 3."},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := program{path: p.path, dir: t.TempDir()}
			c, lines := p.begin(t, tt.after, "run", "postgres/lost-primary", "--host", "local", "--runbooks", books)
			if err := c.Process.Signal(syscall.SIGSTOP); err != nil {
				t.Fatal(err)
			}
			stopped := wait.Out(t.Context(), 8*time.Second)
			if err := c.Process.Signal(syscall.SIGCONT); err != nil || stopped != nil {
				t.Fatal(err, stopped)
			}
			said := rest(lines)
			if code := exitCode(t, c.Wait()); code != exitUnmeasurable || strings.Contains(said, "✘") {
				t.Errorf("exit code = %d, want %d and no step that failed:\n%s", code, exitUnmeasurable, said)
			}
		})
	}
}

// strict is a folder of runbooks that promise less than the harness is stopped for.
func strict(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(dir, runbooks.Embedded()); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"lost-primary.md", "lost-primary.zh.md"} {
		path := filepath.Join(dir, "postgres", name)
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		short := strings.NewReplacer("rto: 60s", "rto: 5s", "rto: 1m", "rto: 5s", "downtime=60s", "downtime=5s",
			"downtime=1m", "downtime=5s").Replace(string(text))
		if short == string(text) {
			t.Fatalf("%s has no promise that can be made stricter", path)
		}
		if err := os.WriteFile(path, []byte(short), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// rest is what is left of an output.
func rest(lines *bufio.Scanner) string {
	var all strings.Builder
	for lines.Scan() {
		all.WriteString(lines.Text() + "\n")
	}
	return all.String()
}

// TestEngineGoneInTheMiddle: an engine that ends while a drill is under way is for
// the environment to answer for. What is left is named, with the command that
// removes it.
func TestEngineGoneInTheMiddle(t *testing.T) {
	p := build(t)
	way := between(t, "/var/run/docker.sock")
	c := p.command(t, "run", "postgres/lost-primary", "--rate", "50")
	c.Env = append(os.Environ(), "DOCKER_HOST=tcp://"+way.Addr().String())
	lines, said := bufio.NewScanner(started(t, c)), ""
	for !strings.Contains(said, "✔ 2.") && lines.Scan() {
		said += lines.Text() + "\n"
	}
	way.cut()
	gone := time.Now()
	said += rest(lines)
	if code := exitCode(t, c.Wait()); code != exitEnvironment {
		t.Errorf("exit code = %d, want %d", code, exitEnvironment)
	}
	if took := time.Since(gone); took > time.Minute {
		t.Errorf("it ended after %s", took)
	}
	for _, part := range []string{"has broken", " a b", "`drillbook heal` removes them"} {
		if !strings.Contains(said, part) {
			t.Errorf("it does not say %q", part)
		}
	}
	run := regexp.MustCompile(`close host (\S+):`).FindStringSubmatch(said)
	if run == nil || leftOf(t, run[1]) == "" {
		t.Fatalf("nothing is left, so nothing was tested:\n%s", said)
	}
	if out, err := p.command(t, "heal").CombinedOutput(); err != nil {
		t.Errorf("heal: %v\n%s", err, out)
	}
	if l := leftOf(t, run[1]); l != "" {
		t.Errorf("left after heal: %s", l)
	}
	if t.Failed() {
		t.Log(said)
	}
}

// passage passes connections on to an engine.
type passage struct {
	net.Listener

	mu   sync.Mutex // guards open
	open []io.Closer
}

// between makes a passage to a socket. It ends with the test.
func between(t *testing.T, socket string) *passage {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &passage{Listener: l}
	var passing sync.WaitGroup
	passing.Go(func() {
		for {
			from, err := l.Accept()
			if err != nil {
				return
			}
			to, err := net.Dial("unix", socket)
			if err != nil {
				_ = from.Close()
				return
			}
			p.keep(from, to)
			passing.Go(func() { pass(to, from) })
			passing.Go(func() { pass(from, to) })
		}
	})
	t.Cleanup(func() {
		p.cut()
		passing.Wait()
	})
	return p
}

// pass passes one way on until it ends, and says so to the other side.
func pass(to, from net.Conn) {
	_, _ = io.Copy(to, from)
	if half, ok := to.(interface{ CloseWrite() error }); ok {
		_ = half.CloseWrite()
	}
}

func (p *passage) keep(c ...io.Closer) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.open = append(p.open, c...)
}

// cut ends the passage and all that passes through it.
func (p *passage) cut() {
	_ = p.Close()
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range p.open {
		_ = c.Close()
	}
}
