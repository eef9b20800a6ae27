package container

import (
	"context"
	"maps"
	"slices"

	"github.com/docker/docker/api/types/network"

	"drillbook/harness/host"
	"drillbook/harness/phrase"
	"drillbook/harness/wait"
)

// Unplug disconnects the container from a network: the interface vanishes from
// inside, and what the others send finds nobody.
func (n *node) Unplug(ctx context.Context, which host.Network) error {
	n.networkMu.Lock()
	defer n.networkMu.Unlock()
	if err := n.plug(ctx, which, ""); err != nil {
		return phrase.Errorf("unplug node %s from the %s network: %w", n.name, which, err)
	}
	delete(n.disconnected, which) // a later Start does not reconnect it
	return nil
}

// Plug undoes Unplug: the interface is back, with the address and the names
// that it had.
func (n *node) Plug(ctx context.Context, which host.Network) error {
	n.networkMu.Lock()
	defer n.networkMu.Unlock()
	err := n.plug(ctx, which, n.ips[which].String())
	if err == nil {
		err = n.readAddresses(ctx)
	}
	if err != nil {
		return phrase.Errorf("plug node %s into the %s network: %w", n.name, which, err)
	}
	return nil
}

// disconnectNetworks disconnects the node from both networks at once. It remembers
// which it was on, also those that an earlier kill which failed disconnected.
func (n *node) disconnectNetworks(ctx context.Context) error {
	n.networkMu.Lock()
	defer n.networkMu.Unlock()
	if n.disconnected == nil {
		n.disconnected = map[host.Network]string{}
	}
	for which := range n.ips {
		at, err := n.address(ctx, which)
		if err != nil {
			return err
		}
		if at != "" {
			n.disconnected[which] = at
		}
	}
	return forEach(slices.Collect(maps.Keys(n.disconnected)), func(which host.Network) error {
		return n.plug(ctx, which, "")
	})
}

// reconnectNetworks undoes disconnectNetworks.
func (n *node) reconnectNetworks(ctx context.Context) error {
	n.networkMu.Lock()
	defer n.networkMu.Unlock()
	for which, at := range n.disconnected {
		if err := n.plug(ctx, which, at); err != nil {
			return err
		}
		delete(n.disconnected, which)
	}
	return nil
}

// plug has the engine connect or disconnect the node, unless all is as it
// shall be, and returns once the engine says that the node has the wanted
// address on the network, none if that is "".
func (n *node) plug(ctx context.Context, which host.Network, want string) error {
	if _, ok := n.host.networks[which]; !ok {
		return phrase.Errorf("no network %q: %w", which, host.ErrUnsupported)
	}
	has, err := n.address(ctx, which)
	if err != nil || has == want {
		return err
	}
	if want == "" {
		err = n.host.engine.cli.NetworkDisconnect(ctx, n.host.networks[which].id, n.id, false)
	} else {
		err = n.connect(ctx, which)
	}
	if err != nil {
		return wrapGone(err)
	}
	return wait.For(ctx, phrase.Say("the interface to change"), settleDeadline, func(ctx context.Context) error {
		has, err := n.address(ctx, which)
		if err == nil && has != want {
			err = phrase.Errorf("the engine says that its address is %q, not %q", has, want)
		}
		return err
	})
}

// address is what the engine says that the node has on a network, "" if it is
// not plugged in. A node that is down has its address only as a wish.
func (n *node) address(ctx context.Context, which host.Network) (string, error) {
	seen, err := n.inspect(ctx)
	if err != nil {
		return "", err
	}
	there, ok := seen.NetworkSettings.Networks[n.host.networks[which].name]
	if !ok {
		return "", nil
	}
	if stateOf(seen) == host.Ended && there.IPAMConfig != nil {
		return there.IPAMConfig.IPv4Address, nil
	}
	return there.IPAddress, nil
}

func (n *node) connect(ctx context.Context, which host.Network) error {
	return n.host.engine.cli.NetworkConnect(ctx, n.host.networks[which].id, n.id, n.endpoint(which))
}

// endpoint is how the node is connected to a network.
func (n *node) endpoint(which host.Network) *network.EndpointSettings {
	return &network.EndpointSettings{
		NetworkID:  n.host.networks[which].id,
		IPAMConfig: &network.EndpointIPAMConfig{IPv4Address: n.ips[which].String()},
		Aliases:    []string{alias(n.name, which)},
	}
}
