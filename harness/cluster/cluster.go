// Package cluster starts and holds the members of a database cluster.
package cluster

import (
	"context"
	"errors"
	"time"

	"golang.org/x/sync/errgroup"

	"drillbook/harness/driver"
	"drillbook/harness/host"
	"drillbook/harness/link"
	"drillbook/harness/phrase"
	"drillbook/harness/wait"
)

// ErrNotOne is wrapped when not exactly one member says that it has a role.
var ErrNotOne = phrase.Errorf("not exactly one")

// Spec says what to start. Driver, Host and Members must be set.
type Spec struct {
	Driver  driver.Driver
	Host    host.Host
	Members []string // the first starts as the primary
	// Kinds are those of members, by name, where that matters; a plain pair needs none.
	Kinds map[string]driver.Kind
	// Replication, if set, makes the links over which members replicate.
	// Without it they dial each other directly.
	Replication link.Network
	// Within is how long members may take to be ready.
	Within time.Duration
	// Alone says that only the first member serves at the start; see
	// [driver.Env].
	Alone bool
	// OnCommand, if set, is told of the commands that are run in members.
	OnCommand func(driver.CommandRun)
}

// Cluster is a set of members that replicate. Close ends what is run for it; its
// members end with their host, which is closed behind it.
type Cluster struct {
	Driver      driver.Driver
	Members     []driver.Member
	Seats       []driver.Seat   // of the members
	Auxiliaries []driver.Member // as the driver has planned them
	Facts       driver.Facts    // of one that was adopted

	plans []driver.Auxiliary
}

// Start launches all members and auxiliaries at once and waits until one member is
// primary and the others replicate from it. On error the host still holds what was launched,
// and nothing else is left.
func Start(ctx context.Context, spec Spec) (*Cluster, error) {
	if err := Check(spec.Driver.Product(), spec.Members, spec.Kinds); err != nil {
		return nil, err
	}
	plans, err := Auxiliaries(spec.Driver, spec.Members)
	if err != nil {
		return nil, err
	}
	c := &Cluster{
		Driver: spec.Driver, Members: make([]driver.Member, len(spec.Members)),
		Seats: make([]driver.Seat, len(spec.Members)), Auxiliaries: make([]driver.Member, len(plans)),
		plans: plans,
	}
	if err := c.start(ctx, spec); err != nil {
		return nil, errors.Join(err, c.Close(context.WithoutCancel(ctx)))
	}
	return c, nil
}

func (c *Cluster) start(ctx context.Context, spec Spec) error {
	group, launching := errgroup.WithContext(ctx)
	for i := range spec.Members {
		group.Go(func() error {
			s, err := seat(launching, spec, i, c.plans)
			if err == nil {
				c.Seats[i] = s
				c.Members[i], err = launch(launching, spec, s)
			}
			return err
		})
	}
	for i, plan := range c.plans {
		group.Go(func() error {
			m, err := launchAuxiliary(launching, spec, plan)
			c.Auxiliaries[i] = m
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	if f, ok := spec.Driver.(driver.Bootstrapper); ok {
		if err := f.Bootstrap(ctx, driver.Env{
			Host: spec.Host, Members: c.Members, Auxiliaries: c.Auxiliaries, Alone: spec.Alone,
		}); err != nil {
			return phrase.Errorf("form the cluster: %w", err)
		}
	}
	if spec.Alone {
		return c.wait(ctx, spec.Within, func(ctx context.Context) error { _, err := c.Primary(ctx); return err })
	}
	return c.WaitReady(ctx, spec.Within)
}

// WaitReady waits until one member is primary and the others replicate from it.
func (c *Cluster) WaitReady(ctx context.Context, within time.Duration) error {
	return c.wait(ctx, within, c.ready)
}

func (c *Cluster) wait(ctx context.Context, within time.Duration, ready func(context.Context) error) error {
	if err := wait.For(ctx, phrase.Say("every member ready"), within, ready); err != nil {
		return errors.Join(err, c.CheckAuxiliaries(ctx))
	}
	return nil
}

// Close ends what the driver runs for the cluster besides its members. Closing
// again is no error.
func (c *Cluster) Close(ctx context.Context) error {
	d, ok := c.Driver.(driver.ClusterCloser)
	if !ok {
		return nil
	}
	if err := d.CloseCluster(ctx); err != nil {
		return phrase.Errorf("close the cluster: %w", err)
	}
	return nil
}

// seat is a member's place in the cluster.
func seat(ctx context.Context, spec Spec, i int, plans []driver.Auxiliary) (driver.Seat, error) {
	name := spec.Members[i]
	s := driver.Seat{
		Name: name, Kind: spec.Kinds[name], First: i == 0, Dial: map[string]string{}, Auxiliaries: map[string]string{},
	}
	for _, p := range plans {
		if at := publicAddr(spec.Host, p); at != "" {
			s.Auxiliaries[p.Spec.Name] = at
		}
	}
	for _, peer := range spec.Members {
		if peer == name {
			continue
		}
		addr, err := replicationAddr(ctx, spec, name, peer)
		if err != nil {
			return s, err
		}
		s.Peers = append(s.Peers, peer)
		s.Dial[peer] = addr
	}
	return s, nil
}

func launch(ctx context.Context, spec Spec, seat driver.Seat) (driver.Member, error) {
	plan, err := spec.Driver.Plan(seat)
	if err != nil {
		return driver.Member{}, phrase.Errorf("plan member %s: %w", seat.Name, err)
	}
	node, err := spec.Host.Launch(ctx, plan)
	if err != nil {
		return driver.Member{}, phrase.Errorf("launch member %s: %w", seat.Name, err)
	}
	return member(spec, seat, node), nil
}

// member is who takes a seat in a node.
func member(spec Spec, seat driver.Seat, node host.Node) driver.Member {
	return driver.Member{
		Name: seat.Name, Kind: seat.Kind, Node: node, Dial: seat.Dial, OnCommand: spec.OnCommand,
		Public: spec.Host.Address(seat.Name, host.Public, spec.Driver.Product().Port),
	}
}

func replicationAddr(ctx context.Context, spec Spec, from, to string) (string, error) {
	port := spec.Driver.Product().ReplicationPort
	if spec.Replication == nil {
		return spec.Host.Address(to, host.Private, port), nil
	}
	l, err := spec.Replication.Link(ctx, link.Route{From: from, To: to, Over: host.Private, Port: port})
	if err != nil {
		return "", phrase.Errorf("link %s to %s: %w", from, to, err)
	}
	return l.Addr(), nil
}

// ready reports whether roles are as they should be and every standby
// streams, as far as the driver can tell.
func (c *Cluster) ready(ctx context.Context) error {
	primary, err := c.Primary(ctx)
	if err != nil {
		return err
	}
	reporter, ok := c.Driver.(driver.LagReporter)
	for _, m := range c.Members {
		if m.Name == primary.Name || m.Kind == driver.Witness || !ok {
			continue
		}
		lag, err := reporter.Lag(ctx, m, primary)
		if err != nil {
			return err
		}
		if !lag.Streaming {
			return phrase.Errorf("%s does not replicate: %s", m.Name, lag.Detail)
		}
	}
	return nil
}
