package container

import (
	"context"

	"github.com/docker/docker/client"

	"drillbook/harness/host"
	"drillbook/harness/host/roster"
	"drillbook/harness/lock"
)

// Lost is a host with a node "lost" on the engine at an address, which is asked
// nothing. The host holds the lock.
func Lost(ctx context.Context, address, held string) (*Host, host.Node, error) {
	l, err := lock.Try(held)
	if err != nil {
		return nil, nil, err
	}
	cli, err := client.NewClientWithOpts(client.WithHost(address), client.WithVersion("1.41"))
	if err != nil {
		return nil, nil, err
	}
	h := &Host{
		cfg: Config{Run: "lost"}, engine: &engine{Engine: Engine{Address: address}, cli: cli}, lock: l,
		nodes: roster.New(ctx), networks: map[host.Network]subnet{host.Public: {}, host.Private: {}},
	}
	n, err := h.nodes.Launch(ctx, "lost", func(context.Context) (host.Node, error) {
		return &node{host: h, name: "lost", id: "lost"}, nil
	})
	return h, n, err
}
