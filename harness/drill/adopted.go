package drill

import (
	"context"
	"errors"
	"slices"

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

// Loan is what a drill makes or changes in an adopted cluster and takes back at its end.
type Loan struct {
	What, How phrase.Phrase // as ledgers and plans have it
	Undo      []host.Undo
}

// Loans are all that a drill takes from a cluster that a driver has adopted.
func Loans(ctx context.Context, drv driver.Driver, members []driver.Member) ([]Loan, error) {
	adopter, ok := drv.(driver.Adopter)
	if !ok {
		return nil, phrase.Errorf("say how what the probe needs is removed: %w", host.ErrUnsupported)
	}
	tables := Loan{
		What: phrase.Say("the probe's tables are in the database"), How: phrase.Say("a schema that only drills use"),
	}
	for _, m := range members {
		u, err := adopter.UndoPrepare(ctx, m)
		if err != nil {
			return nil, phrase.Errorf("find out how what the probe needs is removed from %s: %w", m.Name, err)
		}
		tables.Undo = append(tables.Undo, u)
	}
	borrower, ok := drv.(driver.Borrower)
	if !ok {
		return []Loan{tables}, nil
	}
	settings := Loan{What: phrase.Say("settings may be as the drill has them"), How: borrower.Borrowed()}
	for _, m := range members {
		u, err := borrower.UndoBorrowed(ctx, m)
		if err != nil {
			return nil, phrase.Errorf("find out how the settings of %s are set again: %w", m.Name, err)
		}
		settings.Undo = append(settings.Undo, u)
	}
	return []Loan{settings, tables}, nil
}

// keepUndo writes into the ledger, before anything is made or changed, how it is taken back.
func (d *Drill) keepUndo(ctx context.Context) error {
	at, stays := d.stays()
	if !stays {
		return phrase.Errorf("say how what the probe needs is removed: %w", host.ErrUnsupported)
	}
	loans, err := Loans(ctx, d.cfg.Driver, d.Cluster.Members)
	if err != nil {
		return err
	}
	for _, l := range loans {
		for i, u := range l.Undo {
			l.Undo[i].Reach = at.Reach(u.Node)
		}
		if d.cfg.Ledger != nil {
			err := d.cfg.Ledger.Add(fault.Entry{
				What: l.What.Text, Mechanism: l.How.Text, Place: d.cfg.Host.Name(), Undo: l.Undo,
			})
			if err != nil {
				return err
			}
		}
		d.loans = append(d.loans, l)
	}
	return nil
}

// withdraw takes back what was made and changed, the last first. What cannot be taken back
// stays in the ledger.
func (d *Drill) withdraw(ctx context.Context) error {
	ctx, done := context.WithTimeout(ctx, undoWithin)
	defer done()
	var errs []error
	for _, l := range slices.Backward(d.loans) {
		if err := d.carryOut(ctx, l.What, l.Undo); err != nil {
			why := phrase.Of(err)
			d.event(record.Event{Kind: record.Note, Err: why.Text}, why)
			errs = append(errs, err)
			continue
		}
		if d.cfg.Ledger != nil {
			errs = append(errs, d.cfg.Ledger.Done(l.What.Text))
		}
	}
	d.loans = nil
	return errors.Join(errs...)
}
