package cluster

import (
	"context"
	"errors"
	"slices"
	"time"

	"drillbook/harness/driver"
	"drillbook/harness/host"
	"drillbook/harness/phrase"
)

// Auxiliaries are the nodes that a cluster of the members needs besides them: none, if
// the driver plans none.
func Auxiliaries(d driver.Driver, members []string) ([]driver.Auxiliary, error) {
	planner, ok := d.(driver.AuxiliaryPlanner)
	if !ok {
		return nil, nil
	}
	plans, err := planner.PlanAuxiliaries(members)
	if err != nil {
		return nil, phrase.Errorf("plan the auxiliary nodes: %w", err)
	}
	if len(plans) > driver.MaxAuxiliaries {
		return nil, phrase.Errorf("%d auxiliary nodes are planned, %d at most can be launched", len(plans),
			driver.MaxAuxiliaries)
	}
	names := slices.Clone(members)
	for _, p := range plans {
		if p.Spec.Name == "" || slices.Contains(names, p.Spec.Name) {
			return nil, phrase.Errorf("the auxiliary node for the %s needs a name of its own, not %q", p.Duty,
				p.Spec.Name)
		}
		names = append(names, p.Spec.Name)
	}
	return plans, nil
}

// publicAddr is where the other nodes reach the first port of an auxiliary; "" if it
// serves none.
func publicAddr(h host.Host, plan driver.Auxiliary) string {
	if len(plan.Spec.Ports) == 0 {
		return ""
	}
	return h.Address(plan.Spec.Name, host.Public, plan.Spec.Ports[0])
}

func launchAuxiliary(ctx context.Context, spec Spec, plan driver.Auxiliary) (driver.Member, error) {
	name := plan.Spec.Name
	node, err := spec.Host.Launch(ctx, plan.Spec)
	if err != nil {
		return driver.Member{}, phrase.Errorf("launch the auxiliary node %s (%s): %w", name, plan.Duty, err)
	}
	return driver.Member{Name: name, Node: node, OnCommand: spec.OnCommand, Public: publicAddr(spec.Host, plan)}, nil
}

// stateWithin is how long the place may take to tell the state of a node.
const stateWithin = 5 * time.Second

// CheckAuxiliaries reports the auxiliary nodes that do not run, as far as the place
// tells.
func (c *Cluster) CheckAuxiliaries(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, stateWithin)
	defer cancel()
	var wrong []error
	for i, x := range c.Auxiliaries {
		if state, err := host.StateOf(ctx, x.Node); err == nil && state != host.Running {
			wrong = append(wrong, phrase.Errorf("the auxiliary node %s (%s) is %s: find out why it does not run",
				x.Name, c.plans[i].Duty, state))
		}
	}
	return errors.Join(wrong...)
}

// Images are what the nodes of a cluster run from, whatever they are called, each once:
// the members' first.
func Images(d driver.Driver) ([]host.Image, error) {
	const member = "a"
	plan, err := d.Plan(driver.Seat{Name: member, First: true})
	if err != nil {
		return nil, phrase.Errorf("plan a member: %w", err)
	}
	plans, err := Auxiliaries(d, []string{member})
	if err != nil {
		return nil, err
	}
	all := []host.Image{plan.Image}
	for _, p := range plans {
		if !slices.ContainsFunc(all, func(i host.Image) bool { return i.Name == p.Spec.Image.Name }) {
			all = append(all, p.Spec.Image)
		}
	}
	return all, nil
}
