package local

import (
	"context"
	"errors"
	"math/rand/v2"
	"net"
	"net/netip"
	"runtime"
	"strconv"
	"sync"

	"drillbook/harness/phrase"
)

const (
	// claimPort is where a run listens, at the first address of its range, so
	// that no other run takes the same range. The kernel gives it back when
	// the process dies.
	claimPort = 20026
	// claimTries is how many ranges may turn out to be taken.
	claimTries = 32
	// firstSeat is the last byte of the first node's address.
	firstSeat = 10
	lastSeat  = 254
	// Ports are chosen from here where a node cannot have its own: below
	// those that kernels give to whoever dials.
	firstPort = 20100
	portCount = 9000
	portTries = 100
)

// shared is the address of all nodes where there is only one.
var shared = netip.AddrFrom4([4]byte{127, 0, 0, 1})

// addresses are those of a run's nodes.
type addresses struct {
	claimed net.Listener // nil: all nodes share one address
	prefix  [3]byte      // of the range, if it is claimed

	mu    sync.Mutex     // guards all below
	slots map[string]int // by name of node
	ports map[place]int  // at which a node really listens, by the port of its Spec
	taken map[int]bool   // ports at the shared address
}

// place is a port of a node.
type place struct {
	node string
	port int
}

// claim takes a range of loopback addresses for a run. Only Linux has more
// than one.
func claim(ctx context.Context) (*addresses, error) {
	a := &addresses{slots: map[string]int{}, ports: map[place]int{}, taken: map[int]bool{}}
	if runtime.GOOS != "linux" {
		return a, nil
	}
	var why error
	for range claimTries {
		// The lowest and highest ranges are used by name services and tests.
		prefix := [3]byte{127, byte(32 + rand.IntN(192)), byte(rand.IntN(256))} //nolint:gosec // no secret
		at := netip.AddrPortFrom(netip.AddrFrom4([4]byte{prefix[0], prefix[1], prefix[2], 1}), claimPort)
		l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", at.String())
		if err == nil {
			a.claimed, a.prefix = l, prefix
			return a, nil
		}
		why = err
	}
	return nil, phrase.Errorf("find a free range of loopback addresses: %w", why)
}

// release gives the range back. It may be called again.
func (a *addresses) release() error {
	if a == nil || a.claimed == nil {
		return nil
	}
	if err := a.claimed.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
		return phrase.Errorf("give the loopback addresses back: %w", err)
	}
	return nil
}

// admit gives a node its address, if there is room.
func (a *addresses) admit(node string) error {
	a.ip(node)
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.slots[node] > lastSeat-firstSeat {
		return phrase.Errorf("there is room for %d nodes only", lastSeat-firstSeat+1)
	}
	return nil
}

// ip is the address of a node. There is room for all that admit lets in.
func (a *addresses) ip(node string) netip.Addr {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.claimed == nil {
		return shared
	}
	slot, ok := a.slots[node]
	if !ok {
		slot = len(a.slots)
		a.slots[node] = slot
	}
	last := byte(firstSeat + slot) //nolint:gosec // at most lastSeat, which fits
	return netip.AddrFrom4([4]byte{a.prefix[0], a.prefix[1], a.prefix[2], last})
}

// port is where a node really listens for a port of its Spec: there, if it has
// an address of its own at which nobody else listens, else at another.
func (a *addresses) port(node string, port int) int {
	ip := a.ip(node)
	a.mu.Lock()
	defer a.mu.Unlock()
	at := place{node, port}
	if chosen, ok := a.ports[at]; ok {
		return chosen
	}
	chosen := port
	if ip == shared || !free(ip, port) {
		chosen = a.another(ip)
	}
	a.ports[at], a.taken[chosen] = chosen, true
	return chosen
}

// another is a port that is free at an address; mu is held. If none is found,
// the node itself will say that it cannot listen.
func (a *addresses) another(ip netip.Addr) int {
	var port int
	for range portTries {
		port = firstPort + rand.IntN(portCount) //nolint:gosec // no secret
		if !a.taken[port] && free(ip, port) {
			break
		}
	}
	return port
}

// free reports whether a port can be listened at.
func free(ip netip.Addr, port int) bool {
	at := netip.AddrPortFrom(ip, uint16(port)) //nolint:gosec // a port number
	l, err := net.ListenTCP("tcp", net.TCPAddrFromAddrPort(at))
	return err == nil && l.Close() == nil
}

// of is where a port of a node is dialled.
func (a *addresses) of(node string, port int) string {
	return net.JoinHostPort(a.ip(node).String(), strconv.Itoa(a.port(node, port)))
}
