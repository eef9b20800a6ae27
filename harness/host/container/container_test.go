package container_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"drillbook/fixtures/images"
	"drillbook/fixtures/postgres/image"
	"drillbook/harness/host"
	"drillbook/harness/host/container"
	"drillbook/harness/host/roster"
	"drillbook/harness/wait"
)

// open opens a host of its own for the test and closes it after.
func open(t *testing.T) *container.Host {
	t.Helper()
	return openWith(t, container.Config{NetAdmin: images.NetAdmin()})
}

func openWith(t *testing.T, cfg container.Config) *container.Host {
	t.Helper()
	if testing.Short() {
		t.Skip("needs a container engine, which -short does without")
	}
	cfg.Run, cfg.Progress = runName(), func(line string) { t.Log(line) }
	h, err := container.Open(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := h.Close(t.Context()); err != nil {
			t.Error(err)
		}
	})
	return h
}

func runName() string { return fmt.Sprintf("test-%08x", rand.Uint32()) }

// launch launches a node that does nothing, or what the spec says.
func launch(t *testing.T, h *container.Host, spec host.Spec) host.Node {
	t.Helper()
	if spec.Image.Name == "" {
		spec.Image = images.NetAdmin()
	}
	n, err := h.Launch(t.Context(), spec)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// run runs a command that must end well, and returns what it printed.
func run(t *testing.T, n host.Node, argv ...string) string {
	t.Helper()
	answer, err := n.Exec(t.Context(), host.Command{Argv: argv})
	if err != nil {
		t.Fatal(err)
	}
	if answer.Code != 0 {
		t.Fatalf("%q ended with code %d: %s", argv, answer.Code, answer.Stderr)
	}
	return strings.TrimSpace(answer.Stdout)
}

func state(t *testing.T, n host.Node) host.State {
	t.Helper()
	s, err := n.(host.Stater).State(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestOpenWithoutEngine(t *testing.T) {
	for _, tt := range []struct{ name, address string }{
		{"no socket", "unix:///nowhere/docker.sock"},
		{"nobody listens", "tcp://127.0.0.1:1"},
		{"by ssh", "ssh://root@nobody.invalid:2222"},
		{"no such kind of address", "carrier-pigeon://loft"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Setenv("DOCKER_HOST", tt.address)
			_, err := container.Open(t.Context(), container.Config{Run: runName()})
			if !errors.Is(err, container.ErrNoEngine) {
				t.Fatalf("Open = %v, want ErrNoEngine", err)
			}
			if !strings.Contains(err.Error(), tt.address) || strings.Contains(err.Error(), "\n") {
				t.Errorf("Open = %q, want one line with %s", err, tt.address)
			}
			way := "ssh must reach it with a key that asks for nothing"
			if strings.HasPrefix(tt.address, "ssh:") != strings.Contains(err.Error(), way) {
				t.Errorf("Open = %q, want it to say what ssh needs, and only there", err)
			}
		})
	}
}

func TestOpenRejectsNames(t *testing.T) {
	for _, name := range []string{"", "A", "a_b", "-a", "a-private"} {
		if h, err := container.Open(t.Context(), container.Config{Run: name}); err == nil {
			t.Errorf("Open with run %q: no error", name)
			must(t, h.Close(t.Context()))
		}
	}
}

// TestCluster launches a primary and its standby at once, as drills do, and
// follows a row from one to the other.
func TestCluster(t *testing.T) {
	t.Parallel()
	h := open(t)
	specs := []host.Spec{
		{Name: "a", Env: map[string]string{"DRILL_SETTINGS": "cluster_name = 'a'\nmax_connections = 50"}},
		{Name: "b", Env: map[string]string{
			"DRILL_SETTINGS":         "wal_retrieve_retry_interval = 100ms",
			"DRILL_PRIMARY_CONNINFO": "host=" + name(h, "a", host.Private) + " application_name=it's",
		}},
	}
	nodes := make([]host.Node, len(specs))
	errs := make([]error, len(specs))
	began := time.Now()
	var launching sync.WaitGroup
	for i, spec := range specs {
		spec.Image, spec.Ports = image.Server(), []int{5432}
		launching.Go(func() { nodes[i], errs[i] = h.Launch(t.Context(), spec) })
	}
	launching.Wait()
	must(t, errors.Join(errs...))
	t.Logf("both accept after %s", time.Since(began).Round(time.Millisecond))
	a, b := nodes[0], nodes[1]
	for _, n := range nodes { // the port accepts before the server is ready
		eventually(t, func() error {
			answer, err := n.Exec(t.Context(), host.Command{Argv: []string{"pg_isready", "-q"}})
			if err == nil && answer.Code != 0 {
				err = fmt.Errorf("pg_isready in %s ended with code %d", n.Name(), answer.Code)
			}
			return err
		})
	}
	t.Logf("both are ready after %s", time.Since(began).Round(time.Millisecond))

	for _, tt := range []struct {
		node      host.Node
		sql, want string
	}{
		{a, "SHOW cluster_name", "a"},
		{a, "SHOW max_connections", "50"},
		{a, "SHOW data_checksums", "on"},
		{a, "SHOW jit", "off"},
		{a, "SELECT pg_is_in_recovery()", "f"},
		{b, "SELECT pg_is_in_recovery()", "t"},
		{b, "SELECT current_setting('primary_conninfo')", "host=a-private application_name=it's"},
	} {
		if got := run(t, tt.node, "psql", "-tAc", tt.sql); got != tt.want {
			t.Errorf("%s: %s = %q, want %q", tt.node.Name(), tt.sql, got, tt.want)
		}
	}
	system := "SELECT system_identifier FROM pg_control_system()"
	if got, want := run(t, b, "psql", "-tAc", system), run(t, a, "psql", "-tAc", system); got != want {
		t.Errorf("system identifier of b = %s, want a's %s", got, want)
	}
	run(t, a, "psql", "-c", "CREATE TABLE t AS SELECT 1 AS one")
	eventually(t, func() error {
		answer, err := b.Exec(t.Context(), host.Command{Argv: []string{"psql", "-tAc", "SELECT one FROM t"}})
		if err == nil && answer.Code != 0 {
			err = errors.New(answer.Stderr)
		}
		return err
	})
	checkSecondBoot(t, a)
}

// checkSecondBoot: a killed member keeps its data, does not serve when its
// host is up again, and does once somebody starts it.
func checkSecondBoot(t *testing.T, a host.Node) {
	t.Helper()
	before := addr(t, a)
	must(t, a.Kill(t.Context()))
	if got := state(t, a); got != host.Ended {
		t.Errorf("state after Kill = %s, want %s", got, host.Ended)
	}
	must(t, a.Kill(t.Context()))
	must(t, a.Start(t.Context()))
	answer, err := a.Exec(t.Context(), host.Command{Argv: []string{"pg_ctl", "status"}})
	if err != nil || answer.Code == 0 {
		t.Errorf("pg_ctl status after a second boot = %+v, %v, want a code other than 0", answer, err)
	}
	run(t, a, "pg_ctl", "start", "-w", "-l", "/proc/1/fd/1")
	if got := run(t, a, "psql", "-tAc", "SELECT one FROM t"); got != "1" {
		t.Errorf("row after Kill = %q, want 1", got)
	}
	if got := addr(t, a); got != before {
		t.Logf("the address changed from %s to %s", before, got)
	}
	c, err := net.Dial("tcp", addr(t, a))
	must(t, err)
	must(t, c.Close())
	run(t, a, "pg_ctl", "stop", "-m", "fast")
	if got := run(t, a, "bash", "-c", "grep -sl '^State:.*zombie' /proc/[0-9]*/status || true"); got != "" {
		t.Errorf("zombies after pg_ctl stop: %s", got)
	}
	must(t, a.Stop(t.Context()))
	if got := state(t, a); got != host.Ended {
		t.Errorf("state after Stop = %s, want %s", got, host.Ended)
	}
	if text := output(t, a); strings.Count(text, "ready to accept connections") != 2 {
		t.Errorf("the log does not say twice that the server is ready:\n%s", text)
	}
}

// output is what a node's main process has printed.
func output(t *testing.T, n host.Node) string {
	t.Helper()
	logs, err := n.Logs(t.Context())
	must(t, err)
	text, err := io.ReadAll(logs)
	must(t, errors.Join(err, logs.Close()))
	return string(text)
}

// addr is where the test dials a member's server.
func addr(t *testing.T, n host.Node) string {
	t.Helper()
	at, err := n.Addr(t.Context(), 5432)
	must(t, err)
	return at
}

// eventually tries until there is no error, for ten seconds.
func eventually(t *testing.T, try func() error) {
	t.Helper()
	must(t, wait.For(t.Context(), "what is tested", 10*time.Second, func(context.Context) error { return try() }))
}

func TestLaunchFailures(t *testing.T) {
	t.Parallel()
	h := open(t)
	idle := images.NetAdmin()
	launch(t, h, host.Spec{Name: "a"})
	for _, tt := range []struct {
		name string
		spec host.Spec
		want string // in the error
	}{
		{"name taken", host.Spec{Name: "a", Image: idle}, "name is taken"},
		{"bad name", host.Spec{Name: "B", Image: idle}, "name is not made of"},
		{"no such image", host.Spec{Name: "b", Image: host.Image{Name: "registry.invalid/x"}}, "registry.invalid/x"},
		{"ends at once", host.Spec{
			Name: "b", Image: idle, Ports: []int{1},
			Command: []string{"bash", "-c", "echo out; echo no license key >&2; exit 7"},
		}, "no license key"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			n, err := h.Launch(t.Context(), tt.spec)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("Launch = %v, %v, want an error with %q", n, err, tt.want)
			}
		})
	}
	t.Run("cancelled", func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 700*time.Millisecond)
		defer cancel()
		began := time.Now()
		_, err := h.Launch(ctx, host.Spec{Name: "b", Image: idle, Ports: []int{1}})
		if !errors.Is(err, context.DeadlineExceeded) || time.Since(began) > 5*time.Second {
			t.Errorf("Launch = %v after %s, want the deadline's error soon", err, time.Since(began))
		}
		if _, there := h.Node("b"); there {
			t.Error("the host still knows the node")
		}
	})
	launch(t, h, host.Spec{Name: "b"}) // the name is free again
}

func TestClosed(t *testing.T) {
	t.Parallel()
	h := open(t)
	launch(t, h, host.Spec{Name: "a"})
	ctx, cancel := context.WithCancel(t.Context())
	cancel() // it closes all the same
	must(t, h.Close(ctx))
	_, err := h.Launch(t.Context(), host.Spec{Name: "b", Image: images.NetAdmin()})
	if !errors.Is(err, roster.ErrClosed) {
		t.Errorf("Launch on a closed host = %v, want ErrClosed", err)
	}
}
