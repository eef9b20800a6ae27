package cut_test

import (
	"errors"
	"net"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"drillbook/harness/host"
	"drillbook/harness/host/container"
	"drillbook/harness/link"
	"drillbook/harness/link/cut"
)

// answers reports whether the server behind an address answers. That something
// accepts says nothing where ports are published.
func answers(addr string) error {
	const within = time.Second
	c, err := net.DialTimeout("tcp", addr, within)
	if err != nil {
		return err
	}
	defer c.Close()
	if err := c.SetDeadline(time.Now().Add(within)); err != nil {
		return err
	}
	if _, err := c.Write([]byte{0, 0, 0, 8, 4, 210, 22, 47}); err != nil { // PostgreSQL's request for TLS
		return err
	}
	_, err = c.Read(make([]byte, 1))
	return err
}

// TestClientsOfPublished cuts off the harness, and nobody else, where it dials
// published ports. Whether the node then sees the engine's machine or the
// harness' own address depends on where the engine is.
func TestClientsOfPublished(t *testing.T) {
	t.Parallel()
	h := pairOn(t, container.Config{Publish: true})
	network, err := cut.New(h)
	must(t, err)
	l, err := network.Link(t.Context(), link.Route{To: "b", Over: host.Public, Port: port})
	must(t, err)
	clients := func() error {
		at, err := node(t, h, "b").Addr(t.Context(), port)
		must(t, err)
		return answers(at)
	}
	must(t, clients())
	for _, kind := range []link.Kind{link.Drop, link.Refuse} {
		must(t, l.Impose(t.Context(), link.Condition{Kind: kind}))
		evidence, err := l.Confirm(t.Context())
		must(t, err)
		t.Log(evidence)
		err = clients()
		timeout, ok := errors.AsType[net.Error](err)
		if silent := ok && timeout.Timeout(); err == nil || silent != (kind == link.Drop) {
			t.Errorf("%s: clients hear %v", kind, err)
		}
		for _, over := range []string{"b", "b-private"} {
			if got := dial(t, h, "a", over); got != connects {
				t.Errorf("%s: a to %s %s, want %s", kind, over, got, connects)
			}
		}
		must(t, l.Clear(t.Context()))
		must(t, clients())
	}
	all, err := network.Link(t.Context(), link.Route{To: "b", Over: host.Public})
	if err == nil {
		err = all.Impose(t.Context(), link.Condition{Kind: link.Drop})
	}
	if !errors.Is(err, link.ErrUnsupported) && !errors.Is(err, host.ErrUnsupported) {
		t.Errorf("a cut of all that the harness opens = %v, want ErrUnsupported", err)
	}
	must(t, network.Close(t.Context()))
}

// TestOutsiders: members are no clients, a proxy comes under the gateway's
// address, and others keep their own.
func TestOutsiders(t *testing.T) {
	near := []netip.Prefix{netip.MustParsePrefix("198.19.1.0/26"), netip.MustParsePrefix("198.19.2.0/26")}
	const listed = `0 0 198.19.1.10:5432 198.19.1.11:40000
0 0 [::ffff:198.19.1.10]:5432 [::ffff:198.19.2.12]:40001
0 0 198.19.1.10:5432 198.19.1.1:40002
0 0 [::ffff:198.19.1.10]:5432 [::ffff:203.0.113.7]:40003
0 0 198.19.1.10:5432 203.0.113.7:40004
0 0 127.0.0.1:5432 127.0.0.1:40005
0 0 [2001:db8::1]:5432 [2001:db8::2]:40006
nonsense
`
	got := cut.Outsiders(listed, netip.MustParseAddr("198.19.1.1"), near)
	if want := []string{"198.19.1.1", "203.0.113.7"}; !slices.Equal(got, want) {
		t.Errorf("outsiders = %v, want %v", got, want)
	}
	for port, want := range map[uint16]string{40001: "198.19.2.12", 40004: "203.0.113.7", 40006: "", 5432: ""} {
		if got := strings.Join(cut.FromPort(listed, port), " "); got != want {
			t.Errorf("from port %d comes %q, want %q", port, got, want)
		}
	}
}
