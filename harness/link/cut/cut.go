// Package cut is the network whose links are really cut: packets are dropped,
// or refused, by nftables rules in the network stack of a node.
//
// A cut imitates a broken cable, switch or firewall between two machines that
// both stay up. Whoever dials hears nothing, and waits as long as his own
// timeouts make him; connections that were open stay open on both sides, send
// into the void and retransmit. When the cut is cleared they go on where they
// stopped, unless one side has given up by then: nobody is reset by the
// clearing. The kernel retransmits ever more rarely, so a connection may need
// up to as long again as the cut lasted. New connections work at once.
//
// A refusal imitates a firewall that rejects, or a machine on which nothing
// listens: connecting fails at once, and connections that were open are reset
// on both sides when they next send.
//
// What it does not imitate: the interface stays up and the node keeps its
// addresses, so nothing inside can see a lost carrier ([host.Unplugger] does
// that); and packets are either dropped or not, never late or few.
//
// The rules of a link are in the stack of the node that dials. Both directions
// of its connections are covered, and connections that the other node opens
// are not, unless the route's port is 0: then everything between the two is
// cut. A route from nobody ("") is that of the harness itself, and its rules
// are in the stack of the node that is dialled. Rules die with the node's
// stack: a node that was started again has to be cut again.
package cut

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"

	"drillbook/harness/host"
	"drillbook/harness/link"
	"drillbook/harness/phrase"
)

// Network makes links that can be cut, between the nodes of one host. It
// implements [link.Network]. Links may be made before the nodes they join; a
// link from the harness needs its node.
type Network struct {
	host  host.Host
	nodes host.Finder
	table string // what the names of our tables begin with

	mu    sync.Mutex // guards links
	links map[link.Route]*path
}

// New returns the network of a host, which must be a [host.Finder] whose nodes
// are [host.NetAdmin] and [host.Addresser].
func New(h host.Host) (*Network, error) {
	nodes, ok := h.(host.Finder)
	if !ok {
		return nil, phrase.Errorf("cut links of a %s host: %w", h.Name(), host.ErrUnsupported)
	}
	table := fmt.Sprintf("drillbook_%08x", rand.Uint32()) //nolint:gosec // a name, not a secret
	return &Network{host: h, nodes: nodes, table: table, links: map[link.Route]*path{}}, nil
}

// Link returns the link of a route.
func (n *Network) Link(ctx context.Context, r link.Route) (link.Link, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if p, ok := n.links[r]; ok {
		return p, nil
	}
	addr, err := n.addr(ctx, r)
	if err != nil {
		return nil, phrase.Errorf("make link to %s: %w", r.To, err)
	}
	p := &path{network: n, route: r, addr: addr, table: fmt.Sprintf("%s_%d", n.table, len(n.links))}
	n.links[r] = p
	return p, nil
}

// addr is where the near end dials the far one: nothing is in between.
func (n *Network) addr(ctx context.Context, r link.Route) (string, error) {
	if r.From == "" {
		if r.Over == host.Private {
			return "", phrase.Errorf("the harness is not on the private network: %w", link.ErrUnsupported)
		}
		to, err := n.node(r.To)
		if err != nil {
			return "", err
		}
		return to.Addr(ctx, r.Port)
	}
	over := r.Over
	if over == "" {
		over = host.Public
	}
	return n.host.Address(r.To, over, r.Port), nil
}

func (n *Network) node(name string) (host.Node, error) {
	node, ok := n.nodes.Node(name)
	if !ok {
		return nil, phrase.Errorf("there is no node %q", name)
	}
	return node, nil
}

// admin is the named node's network stack.
func (n *Network) admin(name string) (host.NetAdmin, error) {
	node, err := n.node(name)
	if err != nil {
		return nil, err
	}
	admin, ok := node.(host.NetAdmin)
	if !ok {
		return nil, phrase.Errorf("change the network of %s: %w", name, host.ErrUnsupported)
	}
	return admin, nil
}

// Close clears all links. It may be called again.
func (n *Network) Close(ctx context.Context) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	errs := make([]error, 0, len(n.links))
	for _, p := range n.links {
		errs = append(errs, p.Clear(ctx))
	}
	return errors.Join(errs...)
}
