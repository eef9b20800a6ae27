// Package toxi is the network whose links run through a Toxiproxy, which
// relays TCP and spoils it on the way: late, slow, half-open, reset, refused
// and slowly closed connections.
//
// It is a relay and not a wire, and reports must say so:
//
//   - It accepts a connection before it dials the far end. With the far end
//     dead, connecting through it succeeds all the same, and then ends. So a
//     connect proves nothing here; an answer does. It never makes
//     [link.Drop]: package cut does.
//   - It dials the far end of one connection after the other. After a far end
//     that did not answer at all, new connections through it come back later
//     than they would on the wire.
//   - [link.HalfOpen] swallows bytes, but new connections still open. Clearing
//     it ends the connections that it held, where a real network would let
//     them go on.
//   - [link.Reset] resets connections that are opened after it was imposed.
//     Those that were open before it only closes, when they next send.
//   - [link.Refuse] also closes all open connections.
//   - [link.Latency], [link.Bandwidth] and [link.SlowClose] hold for each
//     direction by itself: a latency adds twice its delay to a round trip.
//
// What confirms a condition is, first, that Toxiproxy says it has it. Of a
// refusal, a reset and a half-open link, a test connection of our own shows
// the effect as well, which is proof. Of the others it cannot without speaking
// the product's language: there the proof is in the latencies that the probe
// measures.
package toxi

import (
	"context"
	"errors"
	"net"
	"strconv"
	"strings"
	"sync"

	toxiproxy "github.com/Shopify/toxiproxy/v2/client"

	"drillbook/harness/host"
	"drillbook/harness/link"
	"drillbook/harness/phrase"
)

// Network makes links through one Toxiproxy. It implements [link.Network].
type Network struct {
	host  host.Host
	place place
	api   client

	mu    sync.Mutex // guards links
	links map[link.Route]*path
}

// place is where a Toxiproxy runs.
type place interface {
	// listen is the address at which the i-th link shall listen.
	listen(i int) (string, error)
	// upstream is where the proxy dials the far end of a route.
	upstream(ctx context.Context, r link.Route) (string, error)
	// dial is where the route's near end, and where the harness itself, dials
	// a link that listens on a port.
	dial(ctx context.Context, r link.Route, port int) (near, ours string, err error)
	// close stops what was started for the network.
	close(ctx context.Context) error
}

func newNetwork(h host.Host, p place, api string) *Network {
	return &Network{host: h, place: p, api: newClient(api), links: map[link.Route]*path{}}
}

// Link returns the link of a route, which must have a port.
func (n *Network) Link(ctx context.Context, r link.Route) (link.Link, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if p, ok := n.links[r]; ok {
		return p, nil
	}
	p, err := n.create(ctx, r)
	if err != nil {
		return nil, phrase.Errorf("make link to %s: %w", r.To, err)
	}
	n.links[r] = p
	return p, nil
}

func (n *Network) create(ctx context.Context, r link.Route) (*path, error) {
	if r.Port == 0 {
		return nil, phrase.Errorf("a relay needs a port: %w", link.ErrUnsupported)
	}
	listen, err := n.place.listen(len(n.links))
	if err != nil {
		return nil, err
	}
	upstream, err := n.place.upstream(ctx, r)
	if err != nil {
		return nil, err
	}
	p := &path{network: n, route: r}
	p.name = strings.NewReplacer(" ", "-", ",", "").Replace(p.String()) + "-" + strconv.Itoa(r.Port)
	made, err := n.api.create(ctx, toxiproxy.Proxy{Name: p.name, Listen: listen, Upstream: upstream, Enabled: true})
	if err != nil {
		return nil, err
	}
	_, at, err := net.SplitHostPort(made.Listen)
	if err != nil {
		return nil, err
	}
	port, err := strconv.Atoi(at)
	if err != nil {
		return nil, err
	}
	p.near, p.ours, err = n.place.dial(ctx, r, port)
	return p, err
}

// Close clears and removes all links. It may be called again.
func (n *Network) Close(ctx context.Context) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	var errs []error
	for r, p := range n.links {
		err := n.api.remove(ctx, p.name)
		if err != nil {
			errs = append(errs, phrase.Errorf("remove link %s: %w", p, err))
			continue
		}
		delete(n.links, r)
	}
	return errors.Join(append(errs, n.place.close(ctx))...)
}

// over is the network that a route runs over; the public one if it does not
// say.
func over(r link.Route) host.Network {
	if r.Over == "" {
		return host.Public
	}
	return r.Over
}
