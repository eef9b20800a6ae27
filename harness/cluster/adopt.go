package cluster

import (
	"context"
	"errors"

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
	plans, err := Auxiliaries(spec.Driver, spec.Members)
	if err != nil {
		return nil, err
	}
	there := func(name string) (host.Node, error) {
		node, ok := nodes.Node(name)
		if !ok {
			return nil, phrase.Errorf("there is no node %q", name)
		}
		return node, nil
	}
	c := &Cluster{Driver: spec.Driver, plans: plans}
	for i, name := range spec.Members {
		node, err := there(name)
		if err != nil {
			return nil, err
		}
		s, err := seat(ctx, spec, i, plans)
		if err != nil {
			return nil, err
		}
		c.Seats = append(c.Seats, s)
		c.Members = append(c.Members, member(spec, s, node))
	}
	for _, p := range plans {
		node, err := there(p.Spec.Name)
		if err != nil {
			return nil, err
		}
		c.Auxiliaries = append(c.Auxiliaries, driver.Member{
			Name: p.Spec.Name, Node: node, OnCommand: spec.OnCommand, Public: publicAddr(spec.Host, p),
		})
	}
	env := driver.Env{Host: spec.Host, Members: c.Members, Auxiliaries: c.Auxiliaries}
	c.Facts, err = adopter.Adopt(ctx, env, needs)
	if err != nil {
		return nil, errors.Join(phrase.Errorf("look at the cluster: %w", err), c.Close(context.WithoutCancel(ctx)))
	}
	return c, nil
}
