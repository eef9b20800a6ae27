package drill

import (
	"context"
	"errors"

	"drillbook/harness/driver"
	"drillbook/harness/phrase"
)

// Promote makes m the primary, whatever the other members say. It fails with
// [errors.ErrUnsupported] if the product cannot do that.
func (d *Drill) Promote(ctx context.Context, m driver.Member) error {
	p, ok := d.cfg.Driver.(driver.Promoter)
	if !ok {
		return d.unsupported("promote a member")
	}
	if err := d.checkPromote(ctx, m); err != nil {
		return err
	}
	d.RecordDecision(m)
	defer d.markDisturbed()
	if err := p.Promote(ctx, m); err != nil {
		return phrase.Errorf("promote %s: %w", m.Name, err)
	}
	return nil
}

// Switchover moves the role of the primary from one member to another without
// loss.
func (d *Drill) Switchover(ctx context.Context, from, to driver.Member) error {
	s, ok := d.cfg.Driver.(driver.Switcher)
	if !ok {
		return d.unsupported("switch over")
	}
	if err := d.checkSwitchover(ctx, from, to); err != nil {
		return err
	}
	err := d.ChangePrimary(ctx, to, func(ctx context.Context) error { return s.Switchover(ctx, from, to) })
	if err != nil {
		return phrase.Errorf("switch over from %s to %s: %w", from.Name, to.Name, err)
	}
	return nil
}

// ChangePrimary makes a member the primary in a way that only some pages have, while both
// members are healthy: what [Drill.Switchover] does with another procedure.
func (d *Drill) ChangePrimary(ctx context.Context, to driver.Member, by func(context.Context) error) error {
	d.waitSettled(ctx)
	d.RecordDecision(to)
	defer d.markDisturbed()
	return by(ctx)
}

// Rejoin brings a member back as a standby of the primary.
func (d *Drill) Rejoin(ctx context.Context, m, primary driver.Member, way driver.RejoinMethod) error {
	r, ok := d.cfg.Driver.(driver.Rejoiner)
	if !ok {
		return d.unsupported("rejoin a member")
	}
	defer d.markDisturbed()
	if err := r.Rejoin(ctx, m, primary, way); err != nil {
		return phrase.Errorf("rejoin %s to %s by %s: %w", m.Name, primary.Name, way, err)
	}
	return nil
}

// unsupported is the error for an ability that the driver lacks.
func (d *Drill) unsupported(what string) error {
	return phrase.Errorf("%s cannot %s: %w", d.cfg.Driver.Product().Title, what, errors.ErrUnsupported)
}
