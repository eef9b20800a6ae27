package dsl

import (
	"context"
	"slices"
	"strings"

	"drillbook/harness/cluster"
	"drillbook/harness/driver"
	"drillbook/harness/fault"
	"drillbook/harness/host"
	"drillbook/harness/link"
	"drillbook/harness/phrase"
	"drillbook/harness/record"
	"drillbook/runbooks"
)

// Foreseen is a cluster as it is before the first step.
type Foreseen struct {
	Cluster  *cluster.Cluster
	Links    link.Network
	Params   map[string]string
	Primary  driver.Member
	Standbys []driver.Member
}

// StepFault is a fault that a step injects.
type StepFault struct {
	Step  string // its title
	Fault fault.Fault
}

// NoFaults are those of a scenario that injects none.
func NoFaults(context.Context, Foreseen) ([]StepFault, error) { return nil, nil }

// Foresee finds out who is who.
func Foresee(
	ctx context.Context, c *cluster.Cluster, links link.Network, params map[string]string,
) (Foreseen, error) {
	f := Foreseen{Cluster: c, Links: links, Params: params}
	var err error
	if f.Primary, err = c.Primary(ctx); err != nil {
		return f, err
	}
	f.Standbys, err = c.Standbys(ctx)
	return f, err
}

// Link is the fault that imposes a condition on what one member opens to another.
func (f Foreseen) Link(ctx context.Context, r link.Route, kind link.Kind) (fault.Fault, error) {
	l, err := f.Links.Link(ctx, r)
	if err != nil {
		return nil, err
	}
	return fault.Impair(l, link.Condition{Kind: kind}), nil
}

// Held is the fault of [Drill.HoldReplication].
func (f Foreseen) Held(ctx context.Context, standby, primary driver.Member) (fault.Fault, error) {
	port := f.Cluster.Driver.Product().Port
	return f.Link(ctx, replication(standby, primary, port), link.Drop)
}

// CutOff is the fault of [Drill.CutOff].
func (f Foreseen) CutOff(ctx context.Context, m, from driver.Member) (fault.Fault, error) {
	return cutOff(ctx, f.Links, m, from, f.Cluster.Driver.Product().Port)
}

// RejectClients is the fault of [Drill.RejectClients].
func (f Foreseen) RejectClients(m driver.Member) (fault.Fault, error) {
	g, ok := f.Cluster.Driver.(driver.Gate)
	if !ok {
		return nil, phrase.Errorf("turn clients away from %s: %w", m.Name, host.ErrUnsupported)
	}
	return fault.RejectClients(g, f.Cluster.Driver, m), nil
}

// StopServer is the fault of [Drill.StopServer].
func (f Foreseen) StopServer(m driver.Member) (fault.Fault, error) {
	s, ok := f.Cluster.Driver.(driver.Server)
	if !ok {
		return nil, phrase.Errorf("stop the server of %s: %w", m.Name, host.ErrUnsupported)
	}
	return fault.StopServer(s, m), nil
}

// foresee finds out which faults the steps of a drill inject, by the number of the step.
// Only those are allowed from then on.
func (d *Drill) foresee(ctx context.Context, c *cluster.Cluster) error {
	if d.scenario.Faults == nil {
		return nil
	}
	f, err := Foresee(ctx, c, d.Links, d.Params)
	if err != nil {
		return err
	}
	if d.suite.opts.Place.Stays {
		d.RecordFinding(phrase.Say("who is who on the page"), pageNames(f), nil)
		d.RecordFinding(phrase.Say("SHA-256 of the plan"), phrase.Quote(d.suite.opts.Plan), nil)
	}
	d.foreseen, err = ByStep(ctx, d.Book, d.scenario, f)
	return err
}

// sayStanding says where a cluster that stays was left, and where its page goes on.
func (d *Drill) sayStanding() {
	if !d.suite.opts.Place.Stays {
		return
	}
	said := phrase.Say("where the cluster stands: %s; faults were healed, roles are as they are. "+
		"Go on by hand, on the page %s, where it stopped: step %d", d.Standing(), d.Book.Name, d.at)
	if left := d.InForce(); left.Text != "" {
		said = phrase.Say("where the cluster stands: %s; still in force is %s: run drillbook heal. Roles are as they "+
			"are. Then go on by hand, on the page %s, where it stopped: step %d", d.Standing(), left, d.Book.Name, d.at)
	}
	d.suite.opts.View.Event(record.Event{Kind: record.Progress, What: said.Text}, said) // the record is closed
}

// onPage are the members by what a page calls them: a is the primary, and b, c, … the others.
func (f Foreseen) onPage() []pageMember {
	all := make([]pageMember, 0, 1+len(f.Standbys))
	for i, m := range append([]driver.Member{f.Primary}, f.Standbys...) {
		all = append(all, pageMember{Member: m, page: string(rune('a' + i))})
	}
	return all
}

// pageMember is a member with what the page calls it.
type pageMember struct {
	driver.Member

	page string
}

// pageNames says what a page calls the members.
func pageNames(f Foreseen) phrase.Phrase {
	said := make([]phrase.Phrase, 0, 1+len(f.Standbys))
	for _, m := range f.onPage() {
		said = append(said, phrase.Say("%s is %s at %s", m.page, m.Name, m.Public))
	}
	return phrase.Join(said, ", ")
}

// ByStep are the faults that a scenario injects, by the number of the step.
func ByStep(ctx context.Context, book runbooks.Runbook, sc Scenario, f Foreseen) (map[int][]fault.Fault, error) {
	all, err := sc.Faults(ctx, f)
	if err != nil {
		return nil, phrase.Errorf("find out which faults %s injects: %w", book.Name, err)
	}
	by := map[int][]fault.Fault{}
	for _, s := range all {
		step, err := book.Step(s.Step)
		if err != nil {
			return nil, err
		}
		by[step.Number] = append(by[step.Number], s.Fault)
	}
	return by, nil
}

// allow refuses a fault that nobody was told of before.
func (d *Drill) allow(step int, f fault.Fault) error {
	if d.scenario.Faults == nil {
		return nil
	}
	same := func(g fault.Fault) bool { return g.String() == f.String() }
	if !slices.ContainsFunc(d.foreseen[step], same) {
		return phrase.Errorf("%s was not foreseen in step %d, so nobody has consented to it", f, step)
	}
	return nil
}

// Forbidden are those of the kinds of a fault that must never be done.
func Forbidden(f fault.Fault, never []string) string {
	var found []string
	for _, k := range fault.KindsOf(f) {
		if slices.Contains(never, k) {
			found = append(found, k)
		}
	}
	return strings.Join(found, ", ")
}
