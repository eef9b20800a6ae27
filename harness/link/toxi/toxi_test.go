package toxi_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"drillbook/fixtures/images"
	"drillbook/fixtures/postgres/image"
	"drillbook/harness/host"
	"drillbook/harness/host/container"
	"drillbook/harness/link"
	"drillbook/harness/link/toxi"
	"drillbook/harness/linktest"
)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// loopback is a host whose every node is at 127.0.0.1.
type loopback struct{ host.Host }

func (loopback) Address(_ string, _ host.Network, port int) string {
	return net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
}

// echo is a server that sends back every line it gets. It returns its port.
func echo(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	var serving sync.WaitGroup
	serving.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			serving.Go(func() {
				_, _ = io.Copy(c, c)
				_ = c.Close()
			})
		}
	})
	t.Cleanup(func() {
		must(t, l.Close())
		serving.Wait()
	})
	return l.Addr().(*net.TCPAddr).Port
}

func inProcess(t *testing.T) *toxi.Network {
	t.Helper()
	n, err := toxi.InProcess(t.Context(), loopback{})
	must(t, err)
	t.Cleanup(func() { must(t, n.Close(context.WithoutCancel(t.Context()))) })
	return n
}

// client is one connection to an echo server.
type client struct {
	net.Conn
	in *bufio.Reader
}

func dial(t *testing.T, addr string) *client {
	t.Helper()
	c, err := net.DialTimeout("tcp", addr, time.Second)
	must(t, err)
	t.Cleanup(func() { _ = c.Close() })
	return &client{c, bufio.NewReader(c)}
}

// say sends a line and returns how long the echo took.
func (c *client) say(line string, within time.Duration) (time.Duration, error) {
	began := time.Now()
	if err := c.SetDeadline(began.Add(within)); err != nil {
		return 0, err
	}
	if _, err := io.WriteString(c, line+"\n"); err != nil {
		return 0, err
	}
	got, err := c.in.ReadString('\n')
	if err == nil && got != line+"\n" {
		err = fmt.Errorf("echo = %q, want %q", got, line)
	}
	return time.Since(began), err
}

func isTimeout(err error) bool {
	e, ok := errors.AsType[net.Error](err)
	return ok && e.Timeout()
}

// TestEffects imposes every condition and sees what clients see, on a
// connection that was open before and on a new one.
func TestEffects(t *testing.T) {
	n := inProcess(t)
	r := link.Route{To: "b", Port: echo(t)}
	for _, tt := range []struct {
		name string
		c    link.Condition
		old  func(took time.Duration, err error) bool
		neu  func(took time.Duration, err error) bool
		note string // in the evidence
	}{
		{
			"latency",
			link.Condition{Kind: link.Latency, Delay: 60 * time.Millisecond},
			func(took time.Duration, err error) bool { return err == nil && took >= 120*time.Millisecond },
			func(took time.Duration, err error) bool { return err == nil && took >= 120*time.Millisecond },
			"latency 60ms",
		},
		{
			"jitter",
			link.Condition{Kind: link.Latency, Delay: 50 * time.Millisecond, Jitter: 10 * time.Millisecond},
			func(took time.Duration, err error) bool { return err == nil && took >= 80*time.Millisecond },
			func(took time.Duration, err error) bool { return err == nil && took >= 80*time.Millisecond },
			"±10ms",
		},
		{
			"bandwidth",
			link.Condition{Kind: link.Bandwidth, Rate: 1}, // 200 bytes there, and the last 100 back
			func(took time.Duration, err error) bool { return err == nil && took >= 280*time.Millisecond },
			func(took time.Duration, err error) bool { return err == nil && took >= 280*time.Millisecond },
			"bandwidth 1 kB/s",
		},
		{
			"half-open",
			link.Condition{Kind: link.HalfOpen},
			func(_ time.Duration, err error) bool { return isTimeout(err) },
			func(_ time.Duration, err error) bool { return isTimeout(err) },
			"neither an answer nor an end",
		},
		{
			"reset",
			link.Condition{Kind: link.Reset},
			func(_ time.Duration, err error) bool { return errors.Is(err, io.EOF) }, // as documented
			func(_ time.Duration, err error) bool { return errors.Is(err, syscall.ECONNRESET) },
			"was reset",
		},
		{
			"refuse",
			link.Condition{Kind: link.Refuse},
			func(_ time.Duration, err error) bool { return err != nil && !isTimeout(err) },
			func(_ time.Duration, err error) bool { return errors.Is(err, syscall.ECONNREFUSED) },
			"was refused",
		},
		{
			"slow close",
			link.Condition{Kind: link.SlowClose, Delay: 100 * time.Millisecond},
			func(_ time.Duration, err error) bool { return err == nil },
			func(_ time.Duration, err error) bool { return err == nil },
			"slow-close after 100ms",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			l, err := n.Link(t.Context(), r)
			must(t, err)
			line := strings.Repeat("x", 199)
			old := dial(t, l.Addr())
			if _, err := old.say(line, time.Second); err != nil {
				t.Fatalf("before: %v", err)
			}
			must(t, l.Impose(t.Context(), tt.c))
			evidence, err := l.Confirm(t.Context())
			if err != nil || !strings.Contains(evidence.Text, tt.note) {
				t.Errorf("Confirm = %q, %v, want %q in it", evidence, err, tt.note)
			}
			if took, err := old.say(line, 700*time.Millisecond); !tt.old(took, err) {
				t.Errorf("open connection: %s, %v", took, err)
			}
			took, err := time.Duration(0), error(nil)
			conn, err := net.DialTimeout("tcp", l.Addr(), time.Second)
			if err == nil {
				neu := &client{conn, bufio.NewReader(conn)}
				took, err = neu.say(line, 700*time.Millisecond)
				defer neu.Close()
			}
			if !tt.neu(took, err) {
				t.Errorf("new connection: %s, %v", took, err)
			}
			must(t, l.Clear(t.Context()))
			if _, err := l.Cleared(t.Context()); err != nil {
				t.Error(err)
			}
			if took, err := dial(t, l.Addr()).say(line, time.Second); err != nil || took > 50*time.Millisecond {
				t.Errorf("cleared: %s, %v", took, err)
			}
		})
	}
}

func TestSlowClose(t *testing.T) {
	n := inProcess(t)
	l, err := n.Link(t.Context(), link.Route{To: "b", Port: echo(t)})
	must(t, err)
	must(t, l.Impose(t.Context(), link.Condition{Kind: link.SlowClose, Delay: 150 * time.Millisecond}))
	c := dial(t, l.Addr())
	began := time.Now()
	must(t, c.Conn.(*net.TCPConn).CloseWrite())
	must(t, c.SetDeadline(began.Add(5*time.Second)))
	if _, err := c.in.ReadByte(); !errors.Is(err, io.EOF) {
		t.Errorf("read = %v, want the end", err)
	}
	if took := time.Since(began); took < 300*time.Millisecond {
		t.Errorf("the end came after %s, want twice 150ms: once in each direction", took)
	}
}

// TestReplace: a condition takes the place of the one before.
func TestReplace(t *testing.T) {
	n := inProcess(t)
	l, err := n.Link(t.Context(), link.Route{To: "b", Port: echo(t)})
	must(t, err)
	for _, c := range []link.Condition{
		{Kind: link.Refuse},
		{Kind: link.Latency, Delay: time.Second},
		{Kind: link.HalfOpen},
		{Kind: link.Refuse},
		{Kind: link.Latency, Delay: 20 * time.Millisecond},
	} {
		must(t, l.Impose(t.Context(), c))
	}
	took, err := dial(t, l.Addr()).say("x", time.Second)
	if err != nil || took < 40*time.Millisecond || took > 500*time.Millisecond {
		t.Errorf("echo after %s, %v, want the last condition only", took, err)
	}
}

func TestRejects(t *testing.T) {
	n := inProcess(t)
	if _, err := n.Link(t.Context(), link.Route{To: "b"}); !errors.Is(err, link.ErrUnsupported) {
		t.Errorf("Link without a port = %v, want ErrUnsupported", err)
	}
	l, err := n.Link(t.Context(), link.Route{To: "b", Port: echo(t)})
	must(t, err)
	for _, tt := range []struct {
		name string
		c    link.Condition
	}{
		{"no delay", link.Condition{Kind: link.Latency}},
		{"delay too small", link.Condition{Kind: link.Latency, Delay: time.Microsecond}},
		{"negative jitter", link.Condition{Kind: link.Latency, Delay: time.Second, Jitter: -1}},
		{"no rate", link.Condition{Kind: link.Bandwidth}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if err := l.Impose(t.Context(), tt.c); err == nil || errors.Is(err, link.ErrUnsupported) {
				t.Errorf("Impose = %v, want an error about the values", err)
			}
		})
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := l.Impose(ctx, link.Condition{Kind: link.HalfOpen}); !errors.Is(err, context.Canceled) {
		t.Errorf("Impose when cancelled = %v, want context.Canceled", err)
	}
}

func TestConformanceInProcess(t *testing.T) {
	conform(t, inProcess(t), link.Route{To: "b", Port: echo(t)})
}

func conform(t *testing.T, n link.Network, r link.Route) {
	t.Helper()
	err := linktest.Check(t.Context(), n, linktest.Case{
		Route: r,
		Can: []link.Condition{
			{Kind: link.Refuse},
			{Kind: link.Reset, Delay: 20 * time.Millisecond},
			{Kind: link.HalfOpen},
			{Kind: link.Latency, Delay: 10 * time.Millisecond, Jitter: 5 * time.Millisecond},
			{Kind: link.Bandwidth, Rate: 100},
			{Kind: link.SlowClose, Delay: 10 * time.Millisecond},
		},
		CannotDo:   []link.Kind{link.Drop, "no such kind"},
		WantWithin: 5 * time.Second,
	})
	if err != nil {
		t.Error(err)
	}
}

// TestLaunch runs Toxiproxy as a node, between two others and before clients.
func TestLaunch(t *testing.T) {
	if testing.Short() {
		t.Skip("needs a container engine, which -short does without")
	}
	const port = 5432
	run := fmt.Sprintf("test-%08x", rand.Uint32())
	h, err := container.Open(t.Context(), container.Config{Run: run})
	must(t, err)
	t.Cleanup(func() { must(t, h.Close(t.Context())) })
	for _, name := range []string{"a", "b"} {
		h.Address(name, host.Private, port)
	}
	var n *toxi.Network
	errs := make([]error, 3)
	var launching sync.WaitGroup
	for i, name := range []string{"a", "b"} {
		launching.Go(func() {
			_, errs[i] = h.Launch(t.Context(), host.Spec{Name: name, Image: image.Server(), Ports: []int{port}})
		})
	}
	launching.Go(func() { n, errs[2] = toxi.Launch(t.Context(), h, images.Toxiproxy()) })
	launching.Wait()
	must(t, errors.Join(errs...))

	a, _ := h.Node("a")
	l, err := n.Link(t.Context(), link.Route{From: "a", To: "b", Over: host.Private, Port: port})
	must(t, err)
	at, p, err := net.SplitHostPort(l.Addr())
	must(t, err)
	if at != "toxiproxy-private" {
		t.Errorf("Addr = %s, want it on the private network", l.Addr())
	}
	query := func() (host.Answer, time.Duration) {
		t.Helper()
		began := time.Now()
		answer, err := a.Exec(t.Context(), host.Command{
			Argv: []string{"psql", "-h", at, "-p", p, "-tAc", "SELECT inet_server_addr()"},
		})
		must(t, err)
		return answer, time.Since(began)
	}
	b, _ := h.Node("b")
	ips, err := b.(host.Addresser).IPs(t.Context())
	must(t, err)
	answer, _ := query()
	for range 20 { // the port accepts before the server is ready
		if answer.Code == 0 {
			break
		}
		answer, _ = query()
	}
	if got := strings.TrimSpace(answer.Stdout); got != ips[host.Private] {
		t.Errorf("the query reached %q (%s), want b at %s", got, answer.Stderr, ips[host.Private])
	}
	must(t, l.Impose(t.Context(), link.Condition{Kind: link.Latency, Delay: 200 * time.Millisecond}))
	if answer, took := query(); answer.Code != 0 || took < 800*time.Millisecond {
		t.Errorf("with latency the query took %s, %+v, want two round trips at least", took, answer)
	}
	must(t, l.Clear(t.Context()))

	clients, err := n.Link(t.Context(), link.Route{To: "b", Port: port})
	must(t, err)
	if _, p, _ := net.SplitHostPort(clients.Addr()); p == strconv.Itoa(port) {
		t.Errorf("Addr for clients = %s, want the relay's", clients.Addr())
	}
	conform(t, n, link.Route{To: "b", Port: port})
}
