package drill

import (
	"context"
	"errors"

	"drillbook/harness/phrase"
	"drillbook/harness/preflight"
	"drillbook/harness/record"
)

// preflight checks the cluster before the clients connect, and records the
// findings. Anything wrong is an error.
func (d *Drill) preflight(ctx context.Context) error {
	began := d.now()
	serving, seats := d.Cluster.Members, d.Cluster.Seats
	if d.cfg.Alone {
		serving, seats = serving[:1], seats[:1] // nothing can be asked of the others yet
	}
	cfg := preflight.Config{
		Driver: d.cfg.Driver, Host: d.cfg.Host, Members: serving, Seats: seats,
		Auxiliaries: d.Cluster.Auxiliaries, Clients: d.target(clients),
	}
	if d.cfg.Adopt != nil {
		cfg.Stays, cfg.Listens = true, d.cfg.Adopt.Listens
	}
	var wrong []error
	for _, f := range preflight.Check(ctx, cfg) {
		said := phrase.Of(f.Err)
		e := record.Event{
			Kind: record.Finding, Member: f.Member, What: f.What.Text, Answer: f.Found.Text, Err: said.Text,
		}
		switch {
		case f.Unchecked != nil:
			said = phrase.Say("not checked: %v", f.Unchecked)
			e.Kind, e.Err = record.Note, said.Text
		case f.Err != nil:
			wrong = append(wrong, f.Err)
		}
		d.event(e, f.What, f.Found, said)
	}
	d.event(record.Event{Kind: record.Note, What: "preflight", Took: d.now() - began})
	if len(wrong) > 0 {
		return phrase.Errorf("the cluster is not fit for a drill: %w", errors.Join(wrong...))
	}
	return nil
}
