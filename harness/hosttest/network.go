package hosttest

import (
	"context"
	"errors"

	"drillbook/harness/host"
)

// changesNetwork: a node may change its own network if its spec asks for that, and
// no other may. A host that cannot allow it refuses, and leaves nothing. Nodes have
// the program ip where it can.
func (k *checker) changesNetwork(ctx context.Context, h host.Host, spec host.Spec) {
	spec.Name, spec.NetAdmin = spec.Name+"-admin", true
	n, err := h.Launch(ctx, spec)
	if errors.Is(err, host.ErrUnsupported) {
		spec.NetAdmin = false
		_, err = h.Launch(ctx, spec)
		k.must("a node of the name of one that was refused", err)
		return
	}
	if err != nil {
		k.broken("a node that may change its network: %w", err)
		return
	}
	const forDocuments = "192.0.2.1/32"
	add := host.Command{Argv: []string{"ip", "address", "add", forDocuments, "dev", "lo"}, User: "root"}
	if got, err := n.Exec(ctx, add); err != nil || got.Code != 0 {
		k.broken("a node that may change its network: ip address add = %+v, %w, want code 0", got, err)
	}
	if got, err := k.n.Exec(ctx, add); err == nil && got.Code == 0 {
		k.broken("a node that has not asked for it changes its network")
	}
}
