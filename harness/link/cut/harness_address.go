package cut

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"time"

	"drillbook/harness/host"
	"drillbook/harness/link"
	"drillbook/harness/phrase"
	"drillbook/harness/wait"
)

// harnessAddresses returns the addresses under which the node sees the harness,
// which is outside of the cluster's networks. If the harness dials the node
// itself, it comes through the node's gateway, with the gateway's address, or from
// its own, if it has joined the node's network. If it dials a published port, the
// address is that of a proxy or of the harness itself, which only the node can tell.
func (p *path) harnessAddresses(ctx context.Context) ([]string, error) {
	if _, stays := p.network.host.(host.Leaser); stays {
		return p.ownAddress(ctx)
	}
	if pub, ok := p.network.host.(host.Publisher); ok && pub.Published() != "" {
		return p.observedPeers(ctx)
	}
	if j, ok := p.network.host.(host.Joiner); ok && j.Joined() != "" {
		return []string{j.Joined()}, nil
	}
	via, err := p.gateway(ctx)
	if err != nil {
		return nil, err
	}
	return []string{via.String()}, nil
}

// observedPeers returns the peers outside of the cluster's networks that are
// connected to the node's port while the harness is.
func (p *path) observedPeers(ctx context.Context) ([]string, error) {
	via, err := p.gateway(ctx)
	if err != nil {
		return nil, err
	}
	near, err := p.near(ctx)
	if err != nil {
		return nil, err
	}
	return p.whileConnected(ctx, func(_ net.Addr, listed string) ([]string, error) {
		found := outsidePeers(listed, via, near)
		if len(found) == 0 {
			return nil, phrase.Errorf("%s sees no connection from outside of the cluster", p.route.To)
		}
		return found, nil
	})
}

// ownAddress returns the address of the peer that is connected to the node's port from the
// port that the harness dials from. Where nodes stay, the harness may be on their network
// like everybody else.
func (p *path) ownAddress(ctx context.Context) ([]string, error) {
	return p.whileConnected(ctx, func(from net.Addr, listed string) ([]string, error) {
		own, err := netip.ParseAddrPort(from.String())
		if err != nil {
			return nil, err
		}
		found := fromPort(listed, own.Port())
		if len(found) == 0 {
			return nil, phrase.Errorf("%s sees no connection from port %d: something between changes where clients "+
				"come from, so that they cannot be told apart", p.route.To, own.Port())
		}
		return found, nil
	})
}

// whileConnected connects to the node's port, and returns the peers that see finds among the
// connections that the node lists then. It is given the address that the harness dials from.
func (p *path) whileConnected(
	ctx context.Context, see func(from net.Addr, listed string) ([]string, error),
) ([]string, error) {
	if p.route.Port == 0 {
		return nil, phrase.Errorf("the harness cannot tell under which address %s sees it without a port to dial: %w",
			p.route.To, link.ErrUnsupported)
	}
	c, err := p.dial(ctx)
	if err != nil {
		return nil, err
	}
	defer c.Close() //nolint:errcheck // nothing was said on it
	var found []string
	err = wait.For(ctx, phrase.Say("the node to see the harness"), seenWithin, func(ctx context.Context) error {
		listed, err := p.run(ctx, "", "ss", "-Hnt", "state", "established",
			fmt.Sprintf("( sport = :%d )", p.route.Port))
		if err == nil {
			found, err = see(c.LocalAddr(), listed)
		}
		return err
	})
	return found, err
}

// fromPort returns the addresses of peers, as ss lists them, whose port is the given one.
func fromPort(listed string, port uint16) []string {
	var all []string
	for line := range strings.Lines(listed) {
		words := strings.Fields(line)
		if len(words) < 4 {
			continue
		}
		peer, err := netip.ParseAddrPort(words[3])
		if err != nil || peer.Port() != port {
			continue
		}
		if ip := peer.Addr().Unmap(); ip.Is4() && !slices.Contains(all, ip.String()) {
			all = append(all, ip.String())
		}
	}
	return all
}

// outsidePeers returns the peers, as ss lists them, that are not on the networks
// near. The gateway counts as outside, since it stands for others.
func outsidePeers(listed string, via netip.Addr, near []netip.Prefix) []string {
	var all []string
	for line := range strings.Lines(listed) {
		words := strings.Fields(line)
		if len(words) < 4 {
			continue
		}
		peer, err := netip.ParseAddrPort(words[3])
		if err != nil {
			continue
		}
		ip := peer.Addr().Unmap()
		isNear := slices.ContainsFunc(near, func(n netip.Prefix) bool { return n.Contains(ip) })
		if ip.Is4() && !ip.IsLoopback() && (!isNear || ip == via) && !slices.Contains(all, ip.String()) {
			all = append(all, ip.String())
		}
	}
	slices.Sort(all)
	return all
}

// gateway is where the node's packets go that stay on none of its networks.
func (p *path) gateway(ctx context.Context) (netip.Addr, error) {
	said, err := p.run(ctx, "", "ip", "-4", "route", "show", "default")
	if err != nil {
		return netip.Addr{}, err
	}
	words := strings.Fields(said)
	via := slices.Index(words, "via")
	if via < 0 || via+1 == len(words) {
		return netip.Addr{}, phrase.Errorf("%s has no gateway by which the harness could reach it", p.route.To)
	}
	return netip.ParseAddr(words[via+1])
}

// near are the networks that the node is on.
func (p *path) near(ctx context.Context) ([]netip.Prefix, error) {
	said, err := p.run(ctx, "", "ip", "-4", "route", "show", "scope", "link")
	if err != nil {
		return nil, err
	}
	var all []netip.Prefix
	for line := range strings.Lines(said) {
		to, _, _ := strings.Cut(line, " ")
		if prefix, err := netip.ParsePrefix(to); err == nil {
			all = append(all, prefix)
		}
	}
	return all, nil
}

// tryConnectFromOutside connects as clients do. A proxy of the place may accept the
// connection without the node; waiting for a byte makes it contact the node.
func (p *path) tryConnectFromOutside(ctx context.Context) {
	c, err := p.dial(ctx)
	if err != nil {
		return
	}
	defer c.Close() //nolint:errcheck // nothing was said on it
	if c.SetReadDeadline(time.Now().Add(tryFor)) == nil {
		_, _ = c.Read(make([]byte, 1)) // the counters tell whether it was stopped
	}
}

// dial connects to where the harness dials the node now.
func (p *path) dial(ctx context.Context) (net.Conn, error) {
	to, err := p.network.node(p.route.To)
	if err != nil {
		return nil, err
	}
	addr, err := to.Addr(ctx, p.route.Port)
	if err != nil {
		return nil, err
	}
	return (&net.Dialer{Timeout: tryFor}).DialContext(ctx, "tcp", addr)
}
