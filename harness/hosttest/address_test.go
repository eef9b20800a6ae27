package hosttest_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"strings"
	"testing"

	"drillbook/harness/host"
	"drillbook/harness/host/local"
	"drillbook/harness/hosttest"
)

// serving, when set, makes TestServer serve as a node's program.
const serving = "DRILLBOOK_TEST_SERVER"

// TestServer is the program of a node that listens at its port 7.
func TestServer(t *testing.T) {
	if os.Getenv(serving) == "" {
		t.Skip("only run in a node")
	}
	l, err := net.Listen("tcp", net.JoinHostPort(os.Getenv(host.EnvAddress), os.Getenv(host.EnvPort(7))))
	for err == nil {
		var c net.Conn
		if c, err = l.Accept(); err == nil {
			err = c.Close()
		}
	}
	t.Fatal(err)
}

// misleading is a host whose nodes do not know well where they are.
type misleading struct {
	host.Host

	addr func(ctx context.Context, n host.Node, port int) (string, error)
}

func (m misleading) Launch(ctx context.Context, spec host.Spec) (host.Node, error) {
	n, err := m.Host.Launch(ctx, spec)
	return misled{n, m}, err
}

type misled struct {
	host.Node

	m misleading
}

func (n misled) Addr(ctx context.Context, port int) (string, error) {
	return n.m.addr(ctx, n.Node, port)
}

// TestCheckAddress: a host that is well passes, and every defect is found.
func TestCheckAddress(t *testing.T) {
	for _, tt := range []struct {
		name string
		addr func(ctx context.Context, n host.Node, port int) (string, error)
		want string // in the error; "" for none
	}{
		{"well", func(ctx context.Context, n host.Node, port int) (string, error) { return n.Addr(ctx, port) }, ""},
		{"forgets a node that is down", func(ctx context.Context, n host.Node, port int) (string, error) {
			if s, err := n.(host.Stater).State(ctx); err != nil || s != host.Running {
				return "", fmt.Errorf("the node is down: %w", err)
			}
			return n.Addr(ctx, port)
		}, "address after Kill"},
		{"asks the place", func(ctx context.Context, n host.Node, port int) (string, error) {
			if err := ctx.Err(); err != nil {
				return "", err
			}
			return n.Addr(ctx, port)
		}, "address after Launch"},
		{"elsewhere", func(context.Context, host.Node, int) (string, error) {
			return "127.0.0.1:1", nil
		}, "the address after Launch"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			h, err := local.Open(t.Context(), local.Config{Run: fmt.Sprintf("test-%08x", rand.Uint32())})
			if err != nil {
				t.Fatal(err)
			}
			spec := host.Spec{
				Name: "a", Ports: []int{7}, Env: map[string]string{serving: "1"},
				Image: host.Image{Name: "server", Native: &host.Native{
					Command: []string{os.Args[0], "-test.run=^TestServer$", "-test.timeout=2m"},
				}},
			}
			err = hosttest.CheckAddress(t.Context(), misleading{h, tt.addr}, spec, host.Command{})
			switch {
			case tt.want == "" && err != nil:
				t.Errorf("CheckAddress = %v, want nothing wrong", err)
			case tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)):
				t.Errorf("CheckAddress = %v, want an error with %q", err, tt.want)
			}
			if err := h.Close(context.WithoutCancel(t.Context())); err != nil {
				t.Error(err)
			}
		})
	}
}
