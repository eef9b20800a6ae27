package container_test

import (
	"errors"
	"net"
	"strings"
	"testing"
	"time"

	"drillbook/fixtures/images"
	"drillbook/fixtures/postgres/image"
	"drillbook/harness/host"
	"drillbook/harness/host/container"
	"drillbook/harness/hosttest"
)

// TestKillIsSilent: whoever is connected to a node is not told of its death.
func TestKillIsSilent(t *testing.T) {
	t.Parallel()
	n := launch(t, open(t), host.Spec{Name: "a", Image: image.Server(), Ports: []int{5432}})
	c, err := net.Dial("tcp", addr(t, n))
	must(t, err)
	defer c.Close()
	if said := n.(host.MechanismReporter).KillMechanism().Text; !strings.HasSuffix(said, "nobody is told") {
		t.Errorf("Killing = %q, and nobody is told", said)
	}
	began := time.Now()
	must(t, n.Kill(t.Context()))
	t.Logf("killed in %s", time.Since(began).Round(time.Millisecond))
	must(t, c.SetReadDeadline(time.Now().Add(500*time.Millisecond)))
	_, err = c.Read(make([]byte, 1))
	if timeout, ok := errors.AsType[net.Error](err); !ok || !timeout.Timeout() {
		t.Errorf("read from a killed node = %v, want nothing at all", err)
	}
	must(t, n.Start(t.Context()))
	run(t, n, "pg_ctl", "start", "-w", "-l", "/proc/1/fd/1")
	again, err := net.Dial("tcp", addr(t, n))
	must(t, err)
	must(t, again.Close())
}

func TestUnplug(t *testing.T) {
	t.Parallel()
	h := open(t)
	h.Address("b", host.Private, 1) // known to a before it is launched
	a := launch(t, h, host.Spec{Name: "a"})
	b := launch(t, h, host.Spec{Name: "b"})
	u := b.(host.Unplugger)
	interfaces := "ip -4 -o address show scope global | awk '{print $4}' | sort"
	before := run(t, b, "bash", "-c", interfaces)
	ips, err := b.(host.Addresser).IPs(t.Context())
	must(t, err)
	for _, which := range []host.Network{host.Private, host.Public} {
		for range 2 {
			must(t, u.Unplug(t.Context(), which))
		}
		if got := run(t, b, "bash", "-c", interfaces); strings.Contains(got, ips[which]) {
			t.Errorf("%s unplugged: b still has %s", which, got)
		}
		if got := run(t, a, "getent", "hosts", name(h, "b", which)); !strings.HasPrefix(got, ips[which]+" ") {
			t.Errorf("%s unplugged: a resolves b to %q, want %s", which, got, ips[which])
		}
		for range 2 {
			must(t, u.Plug(t.Context(), which))
		}
		if got := run(t, b, "bash", "-c", interfaces); got != before {
			t.Errorf("%s plugged again: addresses = %q, want %q", which, got, before)
		}
		run(t, b, "getent", "hosts", name(h, "a", which))
	}
	if err := u.Unplug(t.Context(), "management"); !errors.Is(err, host.ErrUnsupported) {
		t.Errorf("Unplug of an unknown network = %v, want ErrUnsupported", err)
	}

	// A cable that is out stays out when the power comes back.
	must(t, u.Unplug(t.Context(), host.Private))
	must(t, b.Kill(t.Context()))
	must(t, b.Start(t.Context()))
	if got := run(t, b, "bash", "-c", interfaces); strings.Contains(got, ips[host.Private]) {
		t.Errorf("unplugged and started again: b has %s", got)
	}
	must(t, b.Kill(t.Context()))
	must(t, u.Plug(t.Context(), host.Private))
	must(t, b.Start(t.Context()))
	if got := run(t, b, "bash", "-c", interfaces); got != before {
		t.Errorf("plugged while down, then started: addresses = %q, want %q", got, before)
	}
}

func TestNetExec(t *testing.T) {
	t.Parallel()
	n := launch(t, open(t), host.Spec{Name: "a"})
	admin := n.(host.NetAdmin)
	inNet := func(argv ...string) host.Answer {
		t.Helper()
		answer, err := admin.NetExec(t.Context(), host.Command{Argv: argv})
		must(t, err)
		return answer
	}
	if got := inNet("nft", "add", "table", "ip", "leftover"); got.Code != 0 {
		t.Fatalf("nft add table = %+v, want code 0", got)
	}
	got, err := n.Exec(t.Context(), host.Command{Argv: []string{"nft", "list", "tables"}, User: "root"})
	if err != nil || got.Code == 0 {
		t.Errorf("nft in the node itself = %+v, %v, want a refusal", got, err)
	}
	if got := inNet("nft", "list", "tables").Stdout; !strings.Contains(got, "leftover") {
		t.Errorf("tables = %q, want the one that was added among them", got)
	}
	must(t, n.Kill(t.Context()))
	_, err = admin.NetExec(t.Context(), host.Command{Argv: []string{"true"}})
	if !errors.Is(err, host.ErrUnsupported) {
		t.Errorf("NetExec on a node that is down = %v, want ErrUnsupported", err)
	}
	must(t, n.Start(t.Context()))
	if got := inNet("nft", "list", "tables"); got.Code != 0 || strings.Contains(got.Stdout, "leftover") {
		t.Errorf("tables after a second boot = %+v, want none of the boot before", got)
	}
	ip, err := host.IP(t.Context(), n, host.Private)
	must(t, err)
	if got := inNet("ip", "-4", "-o", "address").Stdout; !strings.Contains(got, ip) {
		t.Errorf("the helper sees %s, want the node's %s", got, ip)
	}
}

// published opens a host whose ports are dialled as they are where the engine
// runs elsewhere.
func published(t *testing.T) *container.Host {
	t.Helper()
	return openWith(t, container.Config{NetAdmin: images.NetAdmin(), Publish: true})
}

func TestAddress(t *testing.T) {
	t.Parallel()
	serve := host.Command{Argv: []string{"pg_ctl", "start", "-w", "-l", "/proc/1/fd/1"}}
	for _, tt := range []struct {
		name string
		open func(*testing.T) *container.Host
	}{{"direct", open}, {"published", published}} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			h := tt.open(t)
			spec := host.Spec{Name: "a", Image: image.Server(), Ports: []int{5432}}
			must(t, hosttest.CheckAddress(t.Context(), h, spec, serve))
			n, _ := h.Node("a")
			if direct := strings.HasSuffix(addr(t, n), ":5432"); direct == (h.Published() != "") {
				t.Errorf("it is dialled at %s, and ports are published at %q", addr(t, n), h.Published())
			}
		})
	}
}

// TestKillOfPublished: where ports are published, clients that send or dial are
// told of a node's death at once, and the host says so. TestKillIsSilent is the other case.
func TestKillOfPublished(t *testing.T) {
	t.Parallel()
	n := launch(t, published(t), host.Spec{Name: "a", Image: image.Server(), Ports: []int{5432}})
	if at, err := n.Addr(t.Context(), 5433); err == nil {
		t.Errorf("address of a port that is not published = %s, want an error", at)
	}
	c, err := net.Dial("tcp", addr(t, n))
	must(t, err)
	defer c.Close()
	must(t, n.Kill(t.Context()))
	if said := n.(host.MechanismReporter).KillMechanism().Text; strings.Contains(said, "nobody is told") ||
		!strings.Contains(said, "whoever dials is refused at once") {
		t.Errorf("Killing = %q, and clients are told", said)
	}
	must(t, c.SetDeadline(time.Now().Add(500*time.Millisecond)))
	_, sent := c.Write([]byte{0})
	_, err = c.Read(make([]byte, 1))
	if timeout, ok := errors.AsType[net.Error](err); err == nil || ok && timeout.Timeout() {
		t.Errorf("whoever sends to a killed node (%v) then reads %v, want an end at once", sent, err)
	}
	again, err := net.DialTimeout("tcp", addr(t, n), 500*time.Millisecond)
	if err == nil || !strings.Contains(err.Error(), "refused") {
		t.Errorf("dialling a killed node = %v, %v, want a refusal", again, err)
	}
}

// name is how other nodes on a network call a node.
func name(h *container.Host, node string, on host.Network) string {
	at, _, _ := strings.Cut(h.Address(node, on, 1), ":")
	return at
}
