package drill

import (
	"context"
	"errors"
	"fmt"

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
	var wrong []error
	for _, f := range preflight.Check(ctx, preflight.Config{
		Driver: d.cfg.Driver, Host: d.cfg.Host, Members: serving, Seats: seats,
		Auxiliaries: d.Cluster.Auxiliaries, Clients: d.target(clients),
	}) {
		e := record.Event{Kind: record.Finding, Member: f.Member, What: f.What, Answer: f.Found}
		switch {
		case f.Unchecked != nil:
			e.Kind, e.Err = record.Note, fmt.Sprintf("not checked: %v", f.Unchecked)
		case f.Err != nil:
			e.Err = f.Err.Error()
			wrong = append(wrong, f.Err)
		}
		d.event(e)
	}
	d.event(record.Event{Kind: record.Note, What: "preflight", Took: d.now() - began})
	if len(wrong) > 0 {
		return fmt.Errorf("the cluster is not fit for a drill: %w", errors.Join(wrong...))
	}
	return nil
}
