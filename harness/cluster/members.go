package cluster

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"drillbook/harness/driver"
	"drillbook/harness/phrase"
)

// Check reports what is wrong with the members of a cluster and their kinds, before
// anything is launched: there are none or too many, two have a name, one has a kind that
// members of the product cannot have, or the first one could not be primary.
func Check(product driver.Description, members []string, kinds map[string]driver.Kind) error {
	if n := len(members); n == 0 || n > driver.MaxMembers {
		return phrase.Errorf("a cluster of %d members: there must be 1 to %d", n, driver.MaxMembers)
	}
	for i, m := range members {
		if m == "" || slices.Contains(members[:i], m) {
			return phrase.Errorf("each member needs a name of its own, not %q", m)
		}
	}
	for m, kind := range kinds {
		switch {
		case !slices.Contains(members, m):
			return phrase.Errorf("%q is to be %s, and is none of the members %v", m, kind, members)
		case kind != "" && !slices.Contains(product.Kinds, kind):
			return phrase.Errorf("member %s cannot be %s: the kinds of %s are %v, as its driver's "+
				"Description.Kinds says",
				m, kind, product.Title, product.Kinds)
		case kind == driver.Witness && m == members[0]:
			return phrase.Errorf("member %s is the first primary: it cannot be a %s", m, kind)
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

// Standby is the only member that says it is a standby. Where there are several it is an
// error that says so: see [Cluster.Standbys].
func (c *Cluster) Standby(ctx context.Context) (driver.Member, error) {
	return c.only(ctx, driver.Standby)
}

// Standbys are the members that say they are a standby, in their order, of whatever kind.
// Members that do not answer are passed over; that there is none at all is an error.
func (c *Cluster) Standbys(ctx context.Context) ([]driver.Member, error) {
	found, said := c.in(ctx, driver.Standby)
	if len(found) == 0 {
		return nil, phrase.Errorf("no member says that it is %s: %w", driver.Standby, errors.Join(said...))
	}
	return found, nil
}

// Of are the members of a kind, in their order, whatever their role.
func (c *Cluster) Of(kind driver.Kind) []driver.Member {
	return slices.DeleteFunc(slices.Clone(c.Members), func(m driver.Member) bool { return m.Kind != kind })
}

// Holders are the members that hold data: all but witnesses.
func (c *Cluster) Holders() []driver.Member {
	return slices.DeleteFunc(slices.Clone(c.Members), func(m driver.Member) bool { return m.Kind == driver.Witness })
}

func (c *Cluster) only(ctx context.Context, role driver.Role) (driver.Member, error) {
	found, said := c.in(ctx, role)
	if len(found) == 1 {
		return found[0], nil
	}
	err := phrase.Errorf("%w: %d members say they are %s: %w", ErrNotOne, len(found), role, errors.Join(said...))
	if len(found) > 1 && role == driver.Standby {
		err = phrase.Errorf("there are several standbys, and a page about a pair does not say which one is "+
			"meant: %w", err)
	}
	return driver.Member{}, err
}

// in are the members that say they have a role, and what each has said.
func (c *Cluster) in(ctx context.Context, role driver.Role) (found []driver.Member, said []error) {
	roles, said := make([]driver.Role, len(c.Members)), make([]error, len(c.Members))
	var asking sync.WaitGroup
	for i, m := range c.Members {
		asking.Go(func() { roles[i], said[i] = c.askBriefly(ctx, m) })
	}
	asking.Wait()
	for i, m := range c.Members {
		if said[i] != nil {
			said[i] = phrase.Errorf("%s: %w", m.Name, said[i])
			continue
		}
		said[i] = phrase.Errorf("%s is %s", m.Name, roles[i])
		if roles[i] == role {
			found = append(found, m)
		}
	}
	return found, said
}

// askWithin bounds the wait for a member that may be dead.
const askWithin = 500 * time.Millisecond

func (c *Cluster) askBriefly(ctx context.Context, m driver.Member) (driver.Role, error) {
	ctx, cancel := context.WithTimeout(ctx, askWithin)
	defer cancel()
	return c.Role(ctx, m)
}
