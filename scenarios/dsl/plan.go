package dsl

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"drillbook/harness/cluster"
	"drillbook/harness/drill"
	"drillbook/harness/driver"
	"drillbook/harness/fault"
	"drillbook/harness/host"
	"drillbook/harness/phrase"
	"drillbook/harness/plan"
	"drillbook/harness/record"
	"drillbook/harness/site"
	"drillbook/runbooks"
)

// Planning is what a plan is made of. Without a Site, a cluster is made for the drill.
type Planning struct {
	Library  runbooks.Library
	Scenario Scenario // as [Scenario.Adopting] makes it
	Site     site.Site
	Place    Place
	Params   map[string]string
	Commands Commands
	Probe    drill.Probe
	Harness  string
}

// Plan looks at the site and says what a drill of the scenario is going to do there. It
// changes nothing but a folder of its own below /run/drillbook, which it removes. Why the
// drill would be refused stands in the plan; an error is that nobody could look.
func (p Planning) Plan(ctx context.Context) (made plan.Plan, err error) {
	made, book, drv, err := p.begin()
	if err != nil {
		return made, err
	}
	if why := p.Place.whyNot(p.Scenario, made.Params); why != "" {
		return made, phrase.Errorf("%s cannot be drilled there: %s", book.Name, why)
	}
	made.Probe = p.tellProbe(drv.Product())
	run := fmt.Sprintf("plan-%08x", rand.Uint32()) //nolint:gosec // a name, not a secret
	h, links, err := p.Place.Open(ctx, run, drv, func(string) {})
	if err != nil {
		return made, err
	}
	defer func() {
		ctx := context.WithoutCancel(ctx)
		err = errors.Join(err, links.Close(ctx), h.Close(ctx))
	}()
	c, err := cluster.Adopt(ctx, cluster.Spec{Driver: drv, Host: h, Members: p.Scenario.Members}, book.Needs)
	if err != nil {
		return made, err
	}
	defer func() { err = errors.Join(err, c.Close(context.WithoutCancel(ctx))) }()
	for _, f := range c.Facts.All {
		made.Facts = append(made.Facts, plan.Fact{Member: f.Member, What: f.What, Value: f.Value, Moves: f.Moves})
	}
	for _, wrong := range c.Facts.Wrong {
		made.Wrong = append(made.Wrong, phrase.Of(wrong))
	}
	foreseen, err := Foresee(ctx, c, links, made.Params)
	if err != nil {
		made.Wrong = append(made.Wrong, phrase.Of(err))
		made.Members, made.Steps = p.members(nil), p.steps(book, nil)
		return made, nil
	}
	made.Wrong = append(made.Wrong, p.unseen(ctx, c)...)
	made.Members = p.members(foreseen.onPage())
	made.Before = p.commands(made, 0)
	return made, p.fill(ctx, &made, book, foreseen, h)
}

// begin is what a plan has of its page, and the driver for its parameters.
func (p Planning) begin() (made plan.Plan, book runbooks.Runbook, drv driver.Driver, err error) {
	if book, err = p.Library.Get(p.Scenario.Runbook); err != nil {
		return made, book, nil, err
	}
	params, err := book.ResolveParams(p.Params, "")
	if err != nil {
		return made, book, nil, err
	}
	made = plan.Plan{
		Schema: plan.Schema, Harness: p.Harness, Runbook: book.Name, Title: record.Text(book.Title), Sums: book.Sums,
		Params: params,
	}
	drv, err = p.Scenario.Driver(params)
	return made, book, drv, err
}

// unseen is which members could not be seen while their clients are cut off.
func (p Planning) unseen(ctx context.Context, c *cluster.Cluster) []phrase.Phrase {
	if !p.Scenario.DirectOverPrivate {
		return nil
	}
	var all []phrase.Phrase
	for _, m := range drill.Over(host.Private, c.Members...) {
		ctx, done := context.WithTimeout(ctx, lookWithin)
		if _, err := c.Role(ctx, m); err != nil {
			all = append(all, phrase.Say("%s does not answer from here at its private address, which this page "+
				"needs: %v", m.Name, err))
		}
		done()
	}
	return all
}

// lookWithin bounds a question to a member.
const lookWithin = 5 * time.Second

// tellProbe says what the probe asks a second, and how many sessions that takes.
func (p Planning) tellProbe(product driver.Description) string {
	q := p.Probe
	return fmt.Sprintf("%g writes, %g reads, %g new connections, %g direct writes a member, deadlines %s and %s; "+
		"up to %d sessions with one member, as many where commits hang",
		q.Writes, q.Reads, q.Connects, q.Direct, q.Connect, q.Reply, q.Sessions(p.Scenario.Members, product))
}

// fill adds the steps with their faults, and what the drill leaves.
func (p Planning) fill(
	ctx context.Context, made *plan.Plan, book runbooks.Runbook, f Foreseen, h host.Host,
) error {
	by, err := ByStep(ctx, book, p.Scenario, f)
	if err != nil {
		return err
	}
	told := map[int][]plan.Fault{}
	for step, all := range by {
		for _, one := range all {
			t, err := tellFault(ctx, one, h)
			if err != nil {
				return err
			}
			if kinds := Forbidden(one, p.Site.Never); kinds != "" {
				made.Wrong = append(made.Wrong, phrase.Say("step %d injects %s, which the site file says is never "+
					"done: %s", step, one, kinds))
			}
			told[step] = append(told[step], t)
		}
	}
	made.Steps = p.steps(book, told)
	for i := range made.Steps {
		made.Steps[i].Commands = p.commands(*made, made.Steps[i].Number)
	}
	loans, err := drill.Loans(ctx, f.Cluster.Driver, f.Cluster.Members)
	if err != nil {
		return err
	}
	for _, l := range loans {
		what := plan.Leaving{What: l.How}
		for _, u := range l.Undo {
			what.Undo = append(what.Undo, plan.UndoOf(u, withoutRun))
		}
		made.Leaves = append(made.Leaves, what)
	}
	return nil
}

// commands are those that drills of the page are known to run in a step, with the site's
// names.
func (p Planning) commands(made plan.Plan, step int) []plan.Command {
	known := p.Commands.Known[made.Runbook][step]
	all, names := make([]plan.Command, 0, len(known)), Names(made.Members)
	for _, c := range known {
		all = append(all, plan.Command{
			Member: names.Named(c.Member), Command: p.Commands.Site.Named(names.Named(c.Command)),
		})
	}
	return all
}

// members are the machines in the order of the file, with what the page calls those of whom
// that is known.
func (p Planning) members(known []pageMember) []plan.Member {
	all := make([]plan.Member, 0, len(p.Site.Members))
	for _, m := range p.Site.Members {
		one := plan.Member{Name: m.Name, Reach: m.SSH, Public: m.Public, Private: m.Private}
		for i, k := range known {
			if k.Name == m.Name {
				one.Page, one.Role = k.page, string(roleOf(i))
			}
		}
		all = append(all, one)
	}
	return all
}

// roleOf is the role of a member by its place on the page.
func roleOf(i int) driver.Role {
	if i == 0 {
		return driver.Primary
	}
	return driver.Standby
}

func (p Planning) steps(book runbooks.Runbook, faults map[int][]plan.Fault) []plan.Step {
	all := make([]plan.Step, 0, len(book.Steps))
	for _, s := range book.Steps {
		all = append(all, plan.Step{
			Number: s.Number, Title: record.Text(s.Title), Consequence: record.Text(s.Consequence),
			Asks:   s.Consent == runbooks.ConsentAsk || p.Place.Stays && len(faults[s.Number]) > 0,
			Faults: faults[s.Number],
		})
	}
	return all
}

// tellFault says what a fault is, how it is done and how it is taken back.
func tellFault(ctx context.Context, f fault.Fault, h host.Host) (plan.Fault, error) {
	undo, err := fault.UndoOf(ctx, f)
	if err != nil {
		return plan.Fault{}, phrase.Errorf("find out how %s is undone: %w", f, err)
	}
	told := plan.Fault{What: f.Phrase(), Kinds: fault.KindsOf(f), How: f.Mechanism()}
	for _, u := range undo {
		told.Undo = append(told.Undo, plan.UndoOf(u, withoutRun))
	}
	at, ok := h.(host.Leaser)
	if ok && slices.ContainsFunc(undo, func(u host.Undo) bool { return !u.Attended }) {
		told.Lease = at.Term().String()
	}
	return told, nil
}
