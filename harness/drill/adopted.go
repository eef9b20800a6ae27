package drill

import (
	"context"
	"errors"

	"drillbook/harness/cluster"
	"drillbook/harness/driver"
	"drillbook/harness/fault"
	"drillbook/harness/host"
	"drillbook/harness/phrase"
	"drillbook/harness/record"
)

// Adoption is what a drill knows of a cluster that is there already.
type Adoption struct {
	Needs   []string // the abilities that the runbook needs
	Listens []int    // ports that may be open besides the product's; nil: nobody has said
}

// adopt takes the members as they are, if they can be drilled, and makes what the probe
// needs.
func (d *Drill) adopt(ctx context.Context) (err error) {
	began := d.now()
	d.Cluster, err = cluster.Adopt(ctx, cluster.Spec{
		Driver: d.cfg.Driver, Host: d.cfg.Host, Members: d.cfg.Members, Kinds: d.cfg.Kinds,
		Replication: d.cfg.Links, OnCommand: d.recordCommand,
	}, d.cfg.Adopt.Needs)
	if err != nil {
		return err
	}
	for _, f := range d.Cluster.Facts.All {
		d.event(record.Event{
			Kind: record.Finding, Member: f.Member, What: f.What.Text, Answer: f.Value.Text,
		}, f.What, f.Value)
	}
	if err := errors.Join(d.Cluster.Facts.Wrong...); err != nil {
		return phrase.Errorf("the cluster cannot be drilled as it is: %w", err)
	}
	if err := d.Cluster.WaitReady(ctx, readyWithin); err != nil {
		return err
	}
	d.event(record.Event{Kind: record.Ready, Took: d.now() - began})
	primary, err := d.Cluster.Primary(ctx)
	if err != nil {
		return err
	}
	if err := d.keepUndo(ctx); err != nil {
		return err
	}
	if err := d.cfg.Driver.Prepare(ctx, primary); err != nil {
		return phrase.Errorf("prepare %s for the probe's writes: %w", primary.Name, err)
	}
	return d.preflight(ctx)
}

// tellStanding records which role each member of an adopted cluster has in the end: a drill
// that does not get to its end changes none back.
func (d *Drill) tellStanding(ctx context.Context) {
	if d.cfg.Adopt == nil {
		return
	}
	ctx, done := context.WithTimeout(ctx, settledWithin)
	defer done()
	said := make([]phrase.Phrase, 0, len(d.Cluster.Members))
	for _, m := range d.Cluster.Members {
		role, err := d.Cluster.Role(ctx, m)
		if err != nil {
			said = append(said, phrase.Say("%s does not answer", m.Name))
			continue
		}
		said = append(said, phrase.Say("%s is %s", m.Name, role))
	}
	d.standing = phrase.Join(said, ", ")
	what := phrase.Say("where the cluster stands")
	d.event(record.Event{Kind: record.Finding, What: what.Text, Answer: d.standing.Text}, what, d.standing)
}

// Standing is which role each member of an adopted cluster had in the end.
func (d *Drill) Standing() phrase.Phrase { return d.standing }

// Tables are what a drill makes in an adopted cluster for the probe, as ledgers and plans have
// it.
func Tables() (what, how phrase.Phrase) {
	return phrase.Say("the probe's tables are in the database"), phrase.Say("a schema that only drills use")
}

// keepUndo writes into the ledger, before it is made, how what the probe needs is removed.
func (d *Drill) keepUndo(ctx context.Context) error {
	adopter, ok := d.cfg.Driver.(driver.Adopter)
	at, stays := d.stays()
	if !ok || !stays {
		return phrase.Errorf("say how what the probe needs is removed: %w", host.ErrUnsupported)
	}
	for _, m := range d.Cluster.Members {
		u, err := adopter.UndoPrepare(ctx, m)
		if err != nil {
			return phrase.Errorf("find out how what the probe needs is removed from %s: %w", m.Name, err)
		}
		u.Reach = at.Reach(u.Node)
		d.made = append(d.made, u)
	}
	if d.cfg.Ledger == nil {
		return nil
	}
	what, how := Tables()
	return d.cfg.Ledger.Add(fault.Entry{
		What: what.Text, Mechanism: how.Text, Place: d.cfg.Host.Name(), Undo: d.made,
	})
}

// withdraw removes what was made for the probe. What cannot be removed stays in the ledger.
func (d *Drill) withdraw(ctx context.Context) error {
	if len(d.made) == 0 {
		return nil
	}
	what, _ := Tables()
	ctx, done := context.WithTimeout(ctx, undoWithin)
	defer done()
	if err := d.carryOut(ctx, what, d.made); err != nil {
		why := phrase.Of(err)
		d.event(record.Event{Kind: record.Note, Err: why.Text}, why)
		return err
	}
	d.made = nil
	if d.cfg.Ledger == nil {
		return nil
	}
	return d.cfg.Ledger.Done(what.Text)
}
