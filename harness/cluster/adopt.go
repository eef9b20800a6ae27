package cluster

import (
	"context"

	"drillbook/harness/driver"
	"drillbook/harness/host"
	"drillbook/harness/phrase"
)

// Adopt returns the cluster that the members on a host's nodes are already, and the facts
// of it, wrong ones too: whoever drills it looks at those. Nothing is launched or changed.
// The host must be a [host.Finder], and the driver a [driver.Adopter]. Needs are the
// abilities that the runbook needs.
func Adopt(ctx context.Context, spec Spec, needs []string) (*Cluster, error) {
	adopter, can := spec.Driver.(driver.Adopter)
	nodes, found := spec.Host.(host.Finder)
	if !can || !found {
		return nil, phrase.Errorf("adopt a cluster of %s on a %s host: %w", spec.Driver.Product().Title,
			spec.Host.Name(), host.ErrUnsupported)
	}
	if err := Check(spec.Driver.Product(), spec.Members, spec.Kinds); err != nil {
		return nil, err
	}
	c := &Cluster{Driver: spec.Driver}
	for i, name := range spec.Members {
		node, ok := nodes.Node(name)
		if !ok {
			return nil, phrase.Errorf("there is no node %q", name)
		}
		s, err := seat(ctx, spec, i, nil)
		if err != nil {
			return nil, err
		}
		c.Seats = append(c.Seats, s)
		c.Members = append(c.Members, member(spec, s, node))
	}
	var err error
	if c.Facts, err = adopter.Adopt(ctx, c.Members, needs); err != nil {
		return nil, phrase.Errorf("look at the cluster: %w", err)
	}
	return c, nil
}
