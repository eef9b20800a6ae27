package container

import (
	"context"
	"errors"
	"hash/fnv"
	"net"
	"net/netip"
	"slices"
	"sync"

	cerrdefs "github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/network"

	"drillbook/harness/host"
	"drillbook/harness/phrase"
	"drillbook/harness/wait"
)

const (
	// pool is where the subnets of clusters come from: the half of the range
	// reserved for tests of networks (RFC 2544) that no tool is known to use.
	pool = "198.19.0.0/16"
	// subnetBits leaves room for some fifty nodes in each of 1,024 subnets.
	subnetBits = 26
	subnets    = 1 << (subnetBits - 16)
	// firstSeat is the last byte of the first node's address, within its
	// subnet; those below are the gateway's, a joining harness's and the engine's.
	firstSeat = 10
	lastSeat  = 1<<(32-subnetBits) - 2
	// subnetTries is how many subnets may turn out to be taken.
	subnetTries = 8
)

// subnet is one of the two networks of a cluster. Its addresses are given out
// here and not by the engine, so that a node keeps its own whatever happens to
// it and to others.
type subnet struct {
	id, name string
	prefix   netip.Prefix
}

// slot is the address of the i-th node.
func (s subnet) slot(i int) netip.Addr {
	b := s.prefix.Addr().As4()
	b[3] += byte(firstSeat + i) //nolint:gosec // at most lastSeat, which fits
	return netip.AddrFrom4(b)
}

func (s subnet) gateway() netip.Addr { return s.prefix.Addr().Next() }

// guest is the address of a harness that joins.
func (s subnet) guest() netip.Addr { return s.gateway().Next() }

// makeNetworks makes both networks of a run at once.
func (e *engine) makeNetworks(ctx context.Context, run string, labels map[string]string,
) (map[host.Network]subnet, error) {
	taken, err := e.takenPrefixes(ctx)
	if err != nil {
		return nil, err
	}
	var mu sync.Mutex // guards made and errs
	made := map[host.Network]subnet{}
	var errs []error
	var making sync.WaitGroup
	for _, n := range []host.Network{host.Public, host.Private} {
		making.Go(func() {
			s, err := e.makeNetwork(ctx, "drillbook-"+run+"-"+string(n), n == host.Private, taken, labels)
			mu.Lock()
			defer mu.Unlock()
			made[n] = s
			errs = append(errs, err)
		})
	}
	making.Wait()
	return made, errors.Join(errs...)
}

// makeNetwork makes a bridge network on the first free subnet. Where to begin
// depends on the name, so that clusters that start together rarely collide.
func (e *engine) makeNetwork(ctx context.Context, name string, internal bool,
	taken []netip.Prefix, labels map[string]string,
) (subnet, error) {
	sum := fnv.New32a()
	_, _ = sum.Write([]byte(name)) // never fails
	var why error
	for i, tries := 0, 0; i < subnets && tries < subnetTries; i++ {
		s := subnet{name: name, prefix: nthSubnet(int(sum.Sum32()%subnets) + i)}
		if slices.ContainsFunc(taken, s.prefix.Overlaps) {
			continue
		}
		made, err := e.cli.NetworkCreate(ctx, name, network.CreateOptions{
			Driver:   network.NetworkBridge,
			Internal: internal,
			Labels:   labels,
			IPAM: &network.IPAM{Config: []network.IPAMConfig{{
				Subnet: s.prefix.String(), Gateway: s.gateway().String(),
			}}},
		})
		if err == nil {
			s.id = made.ID
			return s, nil
		}
		why = err
		if !cerrdefs.IsPermissionDenied(err) { // which is how the engine says that a subnet is taken
			break
		}
		tries++
	}
	if why == nil {
		why = phrase.Errorf("every subnet of " + pool + " is in use: `drillbook heal` removes what dead runs left")
	}
	return subnet{}, phrase.Errorf("make network %s: %w", name, why)
}

// nthSubnet counts round and round.
func nthSubnet(i int) netip.Prefix {
	b := netip.MustParsePrefix(pool).Addr().As4()
	at := (i % subnets) << (32 - subnetBits)
	b[2], b[3] = byte(at>>8), byte(at) //nolint:gosec // the two halves of 16 bits
	return netip.PrefixFrom(netip.AddrFrom4(b), subnetBits)
}

// takenPrefixes are the subnets of the engine's networks and of this machine's
// interfaces.
func (e *engine) takenPrefixes(ctx context.Context) ([]netip.Prefix, error) {
	networks, err := e.cli.NetworkList(ctx, network.ListOptions{})
	if err != nil {
		return nil, phrase.Errorf("list networks: %w", err)
	}
	var taken []netip.Prefix
	for _, n := range networks {
		for _, c := range n.IPAM.Config {
			if p, err := netip.ParsePrefix(c.Subnet); err == nil {
				taken = append(taken, p)
			}
		}
	}
	return append(taken, ownPrefixes()...), nil
}

// ownPrefixes are the networks of this machine's interfaces, with the
// machine's own address in each. What cannot be listed is left out.
func ownPrefixes() []netip.Prefix {
	addrs, err := net.InterfaceAddrs()
	if err != nil {
		return nil
	}
	var own []netip.Prefix
	for _, a := range addrs {
		if p, err := netip.ParsePrefix(a.String()); err == nil {
			own = append(own, p)
		}
	}
	return own
}

// isOurs reports whether an interface of this machine has the address.
func isOurs(addr netip.Addr) bool {
	for _, p := range ownPrefixes() {
		if p.Addr() == addr {
			return true
		}
	}
	return false
}

// removeNetwork removes a network of which all containers have been removed. An engine may
// take a moment to see that, and may keep the place of one that it had not disconnected.
func (e *engine) removeNetwork(ctx context.Context, n network.Summary) error {
	until := phrase.Say("the network to be free")
	err := wait.For(ctx, until, settleDeadline, func(ctx context.Context) error {
		err := e.cli.NetworkRemove(ctx, n.ID)
		if err == nil || cerrdefs.IsNotFound(err) {
			return nil
		}
		return errors.Join(err, e.disconnectAll(ctx, n.ID))
	})
	if err != nil {
		return phrase.Errorf("remove network %s: %w", n.Name, err)
	}
	return nil
}

// disconnectAll disconnects what the engine still sees on a network.
func (e *engine) disconnectAll(ctx context.Context, id string) error {
	seen, err := e.cli.NetworkInspect(ctx, id, network.InspectOptions{})
	if err != nil {
		return phrase.Errorf("look at network %.12s: %w", id, err)
	}
	for _, c := range seen.Containers {
		if err := e.cli.NetworkDisconnect(ctx, id, c.Name, true); err != nil && !cerrdefs.IsNotFound(err) {
			return phrase.Errorf("disconnect %s: %w", c.Name, err)
		}
	}
	return nil
}
