package toxi

import (
	"context"
	"errors"
	"net"
	"net/http"
	"strconv"
	"time"

	"github.com/Shopify/toxiproxy/v2"
	"github.com/rs/zerolog"

	"drillbook/harness/host"
	"drillbook/harness/link"
	"drillbook/harness/phrase"
)

const (
	// nodeName is what the Toxiproxy of a cluster is called on its host.
	nodeName = "toxiproxy"
	apiPort  = 8474
	// firstPort is that of the first link of a cluster, and maxLinks how many
	// there can be: their ports are published where nodes cannot be dialled
	// directly.
	firstPort = 20001
	maxLinks  = 16
	// apiTimeout is how long a request to the server in our process may take
	// to arrive.
	apiTimeout = 10 * time.Second
)

// Launch runs Toxiproxy as a node of the host, from an image whose API listens
// on port 8474. The node belongs to the host: closing the network leaves it.
// The far ends of links are dialled by their names on the host, so their
// addresses should have been asked for before.
func Launch(ctx context.Context, h host.Host, img host.Image) (*Network, error) {
	spec := host.Spec{Name: nodeName, Image: img, Ports: []int{apiPort}}
	for i := range maxLinks {
		spec.Ports = append(spec.Ports, firstPort+i)
	}
	n, err := h.Launch(ctx, spec)
	if err != nil {
		return nil, err
	}
	api, err := n.Addr(ctx, apiPort)
	if err != nil {
		return nil, err
	}
	return newNetwork(h, onNode{h, n}, api), nil
}

// onNode is a Toxiproxy that is a node like those that dial through it.
type onNode struct {
	host host.Host
	node host.Node
}

func (onNode) listen(i int) (string, error) {
	if i >= maxLinks {
		return "", phrase.Errorf("a toxiproxy has room for %d links", maxLinks)
	}
	return net.JoinHostPort("0.0.0.0", strconv.Itoa(firstPort+i)), nil
}

func (p onNode) upstream(_ context.Context, r link.Route) (string, error) {
	return p.host.Address(r.To, over(r), r.Port), nil
}

func (p onNode) dial(ctx context.Context, r link.Route, port int) (near, ours string, err error) {
	ours, err = p.node.Addr(ctx, port)
	if r.From == "" {
		return ours, ours, err
	}
	return p.host.Address(nodeName, over(r), port), ours, err
}

func (onNode) close(context.Context) error { return nil }

// InProcess runs Toxiproxy inside this process, on loopback addresses, for
// links of the harness itself and between nodes that share its addresses.
// Closing the network stops it.
func InProcess(ctx context.Context, h host.Host) (*Network, error) {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, phrase.Errorf("start toxiproxy: %w", err)
	}
	// Some toxics log to zerolog's own global logger, which writes to stderr.
	// Nothing else in this program uses it.
	zerolog.SetGlobalLevel(zerolog.Disabled)
	relay := toxiproxy.NewServer(toxiproxy.NewMetricsContainer(nil), zerolog.Nop())
	p := &inProcess{
		host:  h,
		relay: relay,
		api:   &http.Server{Handler: relay.Routes(), ReadHeaderTimeout: apiTimeout},
		ended: make(chan error, 1),
	}
	go func() { p.ended <- p.api.Serve(listener) }() // joined by close
	return newNetwork(h, p, listener.Addr().String()), nil
}

type inProcess struct {
	host  host.Host
	relay *toxiproxy.ApiServer
	api   *http.Server
	ended chan error // what Serve returned; closed once that was taken
}

func (*inProcess) listen(int) (string, error) { return "127.0.0.1:0", nil }

// upstream is where the harness dials the node, since it is the harness that
// does; a node that is not there yet is expected at its address.
func (p *inProcess) upstream(ctx context.Context, r link.Route) (string, error) {
	if finder, ok := p.host.(host.Finder); ok {
		if n, ok := finder.Node(r.To); ok {
			return n.Addr(ctx, r.Port)
		}
	}
	return p.host.Address(r.To, over(r), r.Port), nil
}

func (*inProcess) dial(_ context.Context, _ link.Route, port int) (near, ours string, err error) {
	at := net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
	return at, at, nil
}

func (p *inProcess) close(ctx context.Context) error {
	err := errors.Join(p.api.Shutdown(ctx), p.relay.Collection.Clear())
	ended, running := <-p.ended
	if !running || errors.Is(ended, http.ErrServerClosed) {
		ended = nil
	}
	if running {
		close(p.ended)
	}
	return errors.Join(err, ended)
}
