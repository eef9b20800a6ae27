package container

import (
	"context"
	"net"
	"net/netip"
	"strconv"
	"sync"

	"github.com/docker/go-connections/nat"

	"drillbook/harness/host"
	"drillbook/harness/phrase"
)

// published is where the harness dials the ports of a node where they are
// published. They are read from the engine whenever they may have changed, and
// remembered: asking the engine takes time, which would be measured as the
// database's, and a node that is down has no published port, though its clients
// still know the last one.
type published struct {
	mu sync.Mutex // guards at
	at map[int]string
}

// Addr is the node's public address, which it keeps for life, or, where the
// networks are not this machine's own, the port that was published when the
// node was last started or plugged in. It asks nobody.
func (n *node) Addr(_ context.Context, port int) (string, error) {
	if n.host.direct {
		return net.JoinHostPort(n.ips[host.Public].String(), strconv.Itoa(port)), nil
	}
	n.published.mu.Lock()
	defer n.published.mu.Unlock()
	if at, ok := n.published.at[port]; ok {
		return at, nil
	}
	return "", phrase.Errorf("find port %d of node %s: it is not published, since its Spec lacks it: %w",
		port, n.name, host.ErrUnsupported)
}

// readAddresses has Addr know what the engine publishes now. A port that it
// does not publish, as those of a node that is down or unplugged, stays known
// as it was.
func (n *node) readAddresses(ctx context.Context) error {
	if n.host.direct {
		return nil
	}
	seen, err := n.inspect(ctx)
	if err != nil {
		return phrase.Errorf("find the published ports of node %s: %w", n.name, err)
	}
	n.published.mu.Lock()
	defer n.published.mu.Unlock()
	if n.published.at == nil {
		n.published.at = map[int]string{}
	}
	for port, bound := range seen.NetworkSettings.Ports {
		if at := n.host.publishedPort(bound); at != "" {
			n.published.at[port.Int()] = net.JoinHostPort(n.host.daemon, at)
		}
	}
	return nil
}

// publishedPort is the bound port of the family of the address at which the
// engine publishes: old engines give the two families two different ports.
func (h *Host) publishedPort(bound []nat.PortBinding) string {
	daemon, err := netip.ParseAddr(h.daemon)
	six := err == nil && daemon.Is6()
	for _, b := range bound {
		if at, err := netip.ParseAddr(b.HostIP); err == nil && at.Is6() == six {
			return b.HostPort
		}
	}
	if len(bound) == 0 {
		return ""
	}
	return bound[0].HostPort
}

// Published says where the harness dials the nodes' published ports, "" if it
// dials the nodes themselves.
func (h *Host) Published() string {
	if h.direct {
		return ""
	}
	return h.daemon
}
