// Package cluster starts and holds the members of a database cluster.
package cluster

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"drillbook/harness/driver"
	"drillbook/harness/host"
	"drillbook/harness/link"
	"drillbook/harness/wait"
)

// ErrNotOne is wrapped when not exactly one member says that it has a role.
var ErrNotOne = errors.New("not exactly one")

// Spec says what to start. Driver, Host and Members must be set.
type Spec struct {
	Driver  driver.Driver
	Host    host.Host
	Members []string // the first starts as the primary
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
}

// Start launches all members and auxiliaries at once and waits until one member is
// primary and the others replicate from it. On error the host still holds what was launched,
// and nothing else is left.
func Start(ctx context.Context, spec Spec) (*Cluster, error) {
	plans, err := Auxiliaries(spec.Driver, spec.Members)
	if err != nil {
		return nil, err
	}
	c := &Cluster{
		Driver: spec.Driver, Members: make([]driver.Member, len(spec.Members)),
		Seats: make([]driver.Seat, len(spec.Members)), Auxiliaries: make([]driver.Member, len(plans)),
	}
	if err := c.start(ctx, spec, plans); err != nil {
		return nil, errors.Join(err, c.Close(context.WithoutCancel(ctx)))
	}
	return c, nil
}

func (c *Cluster) start(ctx context.Context, spec Spec, plans []driver.Auxiliary) error {
	group, launching := errgroup.WithContext(ctx)
	for i := range spec.Members {
		group.Go(func() error {
			s, err := seat(launching, spec, i, plans)
			if err == nil {
				c.Seats[i] = s
				c.Members[i], err = launch(launching, spec, s)
			}
			return err
		})
	}
	for i, plan := range plans {
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
			return fmt.Errorf("form the cluster: %w", err)
		}
	}
	ready := c.ready
	if spec.Alone {
		ready = func(ctx context.Context) error { _, err := c.Primary(ctx); return err }
	}
	return wait.For(ctx, "every member ready", spec.Within, ready)
}

// Close ends what the driver runs for the cluster besides its members. Closing
// again is no error.
func (c *Cluster) Close(ctx context.Context) error {
	d, ok := c.Driver.(driver.ClusterCloser)
	if !ok {
		return nil
	}
	if err := d.CloseCluster(ctx); err != nil {
		return fmt.Errorf("close the cluster: %w", err)
	}
	return nil
}

// seat is a member's place in the cluster.
func seat(ctx context.Context, spec Spec, i int, plans []driver.Auxiliary) (driver.Seat, error) {
	name := spec.Members[i]
	s := driver.Seat{Name: name, First: i == 0, Dial: map[string]string{}, Auxiliaries: map[string]string{}}
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
		return driver.Member{}, fmt.Errorf("plan member %s: %w", seat.Name, err)
	}
	node, err := spec.Host.Launch(ctx, plan)
	if err != nil {
		return driver.Member{}, fmt.Errorf("launch member %s: %w", seat.Name, err)
	}
	return driver.Member{
		Name: seat.Name, Node: node, Dial: seat.Dial, OnCommand: spec.OnCommand,
		Public: spec.Host.Address(seat.Name, host.Public, spec.Driver.Product().Port),
	}, nil
}

func replicationAddr(ctx context.Context, spec Spec, from, to string) (string, error) {
	port := spec.Driver.Product().ReplicationPort
	if spec.Replication == nil {
		return spec.Host.Address(to, host.Private, port), nil
	}
	l, err := spec.Replication.Link(ctx, link.Route{From: from, To: to, Over: host.Private, Port: port})
	if err != nil {
		return "", fmt.Errorf("link %s to %s: %w", from, to, err)
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
	lagger, ok := c.Driver.(driver.LagReporter)
	for _, m := range c.Members {
		if m.Name == primary.Name || !ok {
			continue
		}
		lag, err := lagger.Lag(ctx, m, primary)
		if err != nil {
			return err
		}
		if !lag.Streaming {
			return fmt.Errorf("%s does not replicate: %s", m.Name, lag.Detail)
		}
	}
	return nil
}

// Member returns the named member.
func (c *Cluster) Member(name string) (driver.Member, bool) { return named(c.Members, name) }

// Auxiliary returns the named auxiliary node.
func (c *Cluster) Auxiliary(name string) (driver.Member, bool) { return named(c.Auxiliaries, name) }

func named(all []driver.Member, name string) (driver.Member, bool) {
	i := slices.IndexFunc(all, func(m driver.Member) bool { return m.Name == name })
	if i < 0 {
		return driver.Member{}, false
	}
	return all[i], true
}

// Role asks a member what it takes itself to be, over a session of its own.
func (c *Cluster) Role(ctx context.Context, m driver.Member) (driver.Role, error) {
	s, err := c.Driver.Open(ctx, driver.Target{Members: []driver.Member{m}})
	if err != nil {
		return "", err
	}
	role, err := s.Role(ctx)
	return role, errors.Join(err, s.Close())
}

// Primary is the only member that says it is primary. Members that do not
// answer are passed over.
func (c *Cluster) Primary(ctx context.Context) (driver.Member, error) {
	return c.only(ctx, driver.Primary)
}

// Standby is the only member that says it is a standby.
func (c *Cluster) Standby(ctx context.Context) (driver.Member, error) {
	return c.only(ctx, driver.Standby)
}

func (c *Cluster) only(ctx context.Context, role driver.Role) (driver.Member, error) {
	roles, said := make([]driver.Role, len(c.Members)), make([]error, len(c.Members))
	var asking sync.WaitGroup
	for i, m := range c.Members {
		asking.Go(func() { roles[i], said[i] = c.askBriefly(ctx, m) })
	}
	asking.Wait()
	var found []driver.Member
	for i, m := range c.Members {
		if said[i] != nil {
			said[i] = fmt.Errorf("%s: %w", m.Name, said[i])
			continue
		}
		said[i] = fmt.Errorf("%s is %s", m.Name, roles[i])
		if roles[i] == role {
			found = append(found, m)
		}
	}
	if len(found) == 1 {
		return found[0], nil
	}
	return driver.Member{}, fmt.Errorf("%w: %d members say they are %s: %w", ErrNotOne, len(found), role,
		errors.Join(said...))
}

// askWithin bounds the wait for a member that may be dead.
const askWithin = 500 * time.Millisecond

func (c *Cluster) askBriefly(ctx context.Context, m driver.Member) (driver.Role, error) {
	ctx, cancel := context.WithTimeout(ctx, askWithin)
	defer cancel()
	return c.Role(ctx, m)
}
