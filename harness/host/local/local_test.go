package local_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"drillbook/harness/host"
	"drillbook/harness/host/local"
	"drillbook/harness/host/roster"
	"drillbook/harness/wait"
)

// open opens a host of its own for the test and closes it after.
func open(t *testing.T) *local.Host {
	t.Helper()
	h, err := local.Open(t.Context(), local.Config{Run: runName(), Progress: func(line string) { t.Log(line) }})
	must(t, err)
	t.Cleanup(func() { must(t, h.Close(context.WithoutCancel(t.Context()))) })
	return h
}

func runName() string { return fmt.Sprintf("test-%08x", rand.Uint32()) }

// shell is an image whose main process is a line of shell.
func shell(line string) host.Image {
	return host.Image{Name: "shell", Native: &host.Native{Command: []string{"sh", "-c", line}}}
}

// idle runs until it is told to end.
func idle() host.Image { return shell("exec sleep 600") }

func launch(t *testing.T, h *local.Host, spec host.Spec) host.Node {
	t.Helper()
	if spec.Image.Name == "" {
		spec.Image = idle()
	}
	n, err := h.Launch(t.Context(), spec)
	must(t, err)
	return n
}

// run runs a command that must end well, and returns what it printed.
func run(t *testing.T, n host.Node, argv ...string) string {
	t.Helper()
	answer, err := n.Exec(t.Context(), host.Command{Argv: argv})
	must(t, err)
	if answer.Code != 0 {
		t.Fatalf("%q ended with code %d: %s", argv, answer.Code, answer.Stderr)
	}
	return strings.TrimSpace(answer.Stdout)
}

func expectState(t *testing.T, n host.Node, want host.State) {
	t.Helper()
	got, err := n.(host.Stater).State(t.Context())
	if err != nil || got != want {
		t.Errorf("state = %s, %v, want %s", got, err, want)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// count is how many processes belong to a folder.
func count(t *testing.T, folder string) int {
	t.Helper()
	n, err := local.Count(t.Context(), folder)
	must(t, err)
	return n
}

// eventually tries until there is no error, for ten seconds.
func eventually(t *testing.T, try func() error) {
	t.Helper()
	must(t, wait.For(t.Context(), "what is tested", 10*time.Second, func(context.Context) error { return try() }))
}

// serving, when set, makes TestServer serve as a node's program.
const serving = "DRILLBOOK_TEST_SERVER"

// TestServer is the program of nodes that listen: it holds every connection.
func TestServer(t *testing.T) {
	if os.Getenv(serving) == "" {
		t.Skip("only run in a node")
	}
	l, err := net.Listen("tcp", net.JoinHostPort(os.Getenv(host.EnvAddress), os.Getenv(host.EnvPort(7))))
	must(t, err)
	var held []net.Conn
	for {
		c, err := l.Accept()
		must(t, err)
		held = append(held, c)
		t.Logf("%d connections", len(held))
	}
}

// server is a node that listens at its port 7.
func server(name string) host.Spec {
	return host.Spec{
		Name: name, Ports: []int{7}, Env: map[string]string{serving: "1"},
		Image: host.Image{Name: "server", Native: &host.Native{
			Command: []string{os.Args[0], "-test.run=^TestServer$", "-test.timeout=2m"},
		}},
	}
}

func addr(t *testing.T, n host.Node) string {
	t.Helper()
	at, err := n.Addr(t.Context(), 7)
	must(t, err)
	return at
}

func TestAddresses(t *testing.T) {
	t.Parallel()
	one, two := open(t), open(t)
	shared := open(t)
	must(t, local.Share(shared))
	seen := map[string]string{}
	for i, h := range []*local.Host{one, two, shared} {
		for _, name := range []string{"a", "b"} {
			before := h.Address(name, host.Private, 7)
			n := launch(t, h, server(name))
			if after := addr(t, n); after != before || h.Address(name, host.Public, 7) != before {
				t.Errorf("address = %s after the launch, want %s as before", after, before)
			}
			if other, taken := seen[before]; taken {
				t.Errorf("%s of host %d has the address of %s", name, i, other)
			}
			seen[before] = fmt.Sprintf("%s of host %d", name, i)
			if at := strings.HasPrefix(before, "127.0.0.1:"); at != (h == shared) {
				t.Errorf("%s of host %d is at %s", name, i, before)
			}
			c, err := net.Dial("tcp", before)
			must(t, err)
			must(t, c.Close())
		}
	}
}

// A port at which somebody else listens on every address is not the node's.
func TestTakenPort(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "0.0.0.0:0")
	must(t, err)
	defer l.Close()
	taken := l.Addr().(*net.TCPAddr).Port
	h := open(t)
	if got := h.Address("a", host.Public, taken); strings.HasSuffix(got, fmt.Sprintf(":%d", taken)) {
		t.Errorf("address = %s, where another program listens", got)
	}
}

// A kill tells the peers, and the node says so.
func TestKill(t *testing.T) {
	t.Parallel()
	n := launch(t, open(t), server("a"))
	c, err := net.Dial("tcp", addr(t, n))
	must(t, err)
	defer c.Close()
	expectState(t, n, host.Running)
	for range 2 { // twice is no error
		must(t, n.Kill(t.Context()))
		expectState(t, n, host.Ended)
	}
	must(t, c.SetReadDeadline(time.Now().Add(5*time.Second)))
	if _, err := c.Read(make([]byte, 1)); !errors.Is(err, syscall.ECONNRESET) && !errors.Is(err, io.EOF) {
		t.Errorf("read from a killed node = %v, want the end of the connection", err)
	}
	if said := n.(host.MechanismReporter).KillMechanism().Text; !strings.Contains(said, "reset") {
		t.Errorf("the mechanism is %q, which does not say that peers are told", said)
	}
	if _, err := n.Exec(t.Context(), host.Command{Argv: []string{"true"}}); err == nil {
		t.Error("a command ran in a node that is down")
	}
	for range 2 {
		must(t, n.Start(t.Context()))
		expectState(t, n, host.Running)
	}
	eventually(t, func() error {
		c, err := net.Dial("tcp", addr(t, n))
		if err == nil {
			err = c.Close()
		}
		return err
	})
}

// What a node has started dies with it, wherever it has gone.
func TestNothingEscapes(t *testing.T) {
	t.Parallel()
	h := open(t)
	daemons := `(sleep 601 &); (cd / && exec sleep 602) & (env -u DRILL_ROOT sleep 603 &); touch up; exec sleep 604`
	n := launch(t, h, host.Spec{Name: "a", Image: shell(daemons)})
	run(t, n, "sh", "-c", "sleep 605 >/dev/null 2>&1 &") // as pg_ctl leaves a server behind
	folder := filepath.Join(local.Folder(h), "a")
	eventually(t, func() error {
		if got := count(t, folder); got < 5 {
			return fmt.Errorf("%d processes, want 5", got)
		}
		return nil
	})
	must(t, n.Kill(t.Context()))
	if got := count(t, folder); got != 0 {
		t.Errorf("%d processes outlived their node", got)
	}
	run := "test -e up && rm up && (sleep 606 &); exit 3"
	b := launch(t, h, host.Spec{Name: "b", Image: shell("touch up; " + run)})
	eventually(t, func() error { // a main process that ends takes the rest along
		if s, err := b.(host.Stater).State(t.Context()); err != nil || s != host.Ended {
			return fmt.Errorf("state = %s, %w", s, err)
		}
		return nil
	})
	if got := count(t, filepath.Join(local.Folder(h), "b")); got != 0 {
		t.Errorf("%d processes outlived the main process", got)
	}
}

// A node stops when its program wants to, and keeps its data but not what was
// in its memory.
func TestStop(t *testing.T) {
	t.Parallel()
	const line = `test -e dev/shm/memory && echo "memory is left"; echo "boot"; touch dev/shm/memory
trap 'echo goodbye; exit 0' TERM; touch dev/shm/up; while :; do sleep 0.05; done`
	img := shell(line)
	img.Native.Booted = "test -e dev/shm/up"
	n := launch(t, open(t), host.Spec{Name: "a", Image: img})
	run(t, n, "sh", "-c", `echo kept > $HOME/data; echo "by a command" >> $DRILL_LOG`)
	for range 2 {
		must(t, n.Stop(t.Context()))
		expectState(t, n, host.Ended)
	}
	must(t, n.Start(t.Context()))
	if got := run(t, n, "cat", "data"); got != "kept" {
		t.Errorf("data after a stop = %q", got)
	}
	logs, err := n.Logs(t.Context())
	must(t, err)
	text, err := io.ReadAll(logs)
	must(t, errors.Join(err, logs.Close()))
	if got, want := string(text), "boot\nby a command\ngoodbye\nboot\n"; got != want {
		t.Errorf("log = %q, want %q", got, want)
	}
}

func TestFreeze(t *testing.T) {
	t.Parallel()
	h := open(t)
	n := launch(t, h, host.Spec{Name: "a", Image: shell("(while :; do date +%N > tick; sleep 0.01; done) & wait")})
	tick := filepath.Join(local.Folder(h), "a", "tick")
	read := func() string {
		text, _ := os.ReadFile(tick)
		return string(text)
	}
	moves := func() {
		t.Helper()
		before := read()
		eventually(t, func() error {
			if now := read(); now == before || now == "" {
				return errors.New("it does not tick")
			}
			return nil
		})
	}
	moves()
	z := n.(host.Freezer)
	for range 2 { // twice is no error
		must(t, z.Freeze(t.Context()))
		expectState(t, n, host.Frozen)
	}
	before := read()
	<-time.After(100 * time.Millisecond)
	if got := read(); got != before {
		t.Errorf("it ticks while it is frozen: %q, then %q", before, got)
	}
	if _, err := n.Exec(t.Context(), host.Command{Argv: []string{"true"}}); err == nil {
		t.Error("a command ran in a frozen node")
	}
	for range 2 {
		must(t, z.Thaw(t.Context()))
		expectState(t, n, host.Running)
	}
	moves()
	must(t, z.Freeze(t.Context()))
	must(t, n.Kill(t.Context()))
	expectState(t, n, host.Ended)
	must(t, n.Start(t.Context()))
	must(t, z.Freeze(t.Context())) // and Close removes a frozen one
}

func TestLaunchFailures(t *testing.T) {
	t.Parallel()
	h := open(t)
	launch(t, h, host.Spec{Name: "a"})
	for _, tt := range []struct {
		name string
		spec host.Spec
		want string // in the error
	}{
		{"name taken", host.Spec{Name: "a", Image: idle()}, "name is taken"},
		{"bad name", host.Spec{Name: "../b", Image: idle()}, "name is not made of"},
		{"only in a container", host.Spec{Name: "b", Image: host.Image{Name: "x"}}, "without a container engine"},
		{"nothing to run", host.Spec{Name: "b", Image: host.Image{Name: "x", Native: &host.Native{}}}, "what to run"},
		{
			"ends at once",
			host.Spec{Name: "b", Image: shell("echo out; echo no license key >&2; exit 7"), Ports: []int{1}},
			"no license key",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			n, err := h.Launch(t.Context(), tt.spec)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("Launch = %v, %v, want an error with %q", n, err, tt.want)
			}
		})
	}
	t.Run("cancelled", func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
		defer cancel()
		_, err := h.Launch(ctx, host.Spec{Name: "b", Image: idle(), Ports: []int{1}})
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Launch = %v, want the deadline's error", err)
		}
	})
	if left, _ := filepath.Glob(filepath.Join(local.Folder(h), "b*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
	launch(t, h, host.Spec{Name: "b"}) // the name is free again
}

func TestClosed(t *testing.T) {
	t.Parallel()
	h := open(t)
	launch(t, h, host.Spec{Name: "a", Image: shell("trap '' TERM; while :; do sleep 0.1; done")})
	ctx, cancel := context.WithCancel(t.Context())
	cancel() // it closes all the same
	for range 2 {
		must(t, h.Close(ctx))
	}
	if _, err := os.Stat(local.Folder(h)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the run's folder is still there: %v", err)
	}
	if got := count(t, local.Folder(h)); got != 0 {
		t.Errorf("%d processes are left", got)
	}
	if _, err := h.Launch(t.Context(), host.Spec{Name: "b", Image: idle()}); !errors.Is(err, roster.ErrClosed) {
		t.Errorf("Launch on a closed host = %v, want ErrClosed", err)
	}
}

func TestOpenRejectsNames(t *testing.T) {
	for _, name := range []string{"", "A", "a_b", "-a", "a/b", ".."} {
		if h, err := local.Open(t.Context(), local.Config{Run: name}); err == nil {
			t.Errorf("Open with run %q: no error", name)
			must(t, h.Close(t.Context()))
		}
	}
}
