package drill

import (
	"context"
	"time"

	"drillbook/harness/driver"
	"drillbook/harness/phrase"
)

// ErrRefused is wrapped when a change of roles was not begun because it would do
// harm. The error says what to do instead.
var ErrRefused = phrase.Errorf("refused")

const (
	// askWithin bounds the question to a member that is to be promoted, which may
	// be in trouble.
	askWithin = 500 * time.Millisecond
	// followsWithin is how long a healthy standby may take to apply what its
	// primary has written so far.
	followsWithin = 5 * time.Second
)

// checkPromote refuses to promote a witness or a member that is primary already. A member that
// cannot be asked may be promoted, since takeovers are for emergencies. The
// member is asked only if the observer last saw it as primary, because clients
// are waiting.
func (d *Drill) checkPromote(ctx context.Context, m driver.Member) error {
	if m.Kind == driver.Witness {
		return phrase.Errorf("promote %s: %w: it is a %s and holds no data: promote a standby", m.Name, ErrRefused,
			m.Kind)
	}
	if d.observer.Roles()[m.Name] != driver.Primary {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, askWithin)
	defer cancel()
	role, err := d.Cluster.Role(ctx, m)
	if err != nil || role != driver.Primary {
		return nil
	}
	return phrase.Errorf("promote %s: %w: it is primary already, so there is nothing to take over: "+
		"ask every member for its role; if another one is primary too, save what only one of them holds and rebuild it",
		m.Name, ErrRefused)
}

// checkSwitchover refuses to move the role to a member that does not replicate,
// or is too far behind. Stopping the primary first would cause an outage that
// only a loss of data could end.
func (d *Drill) checkSwitchover(ctx context.Context, from, to driver.Member) error {
	if _, ok := d.cfg.Driver.(driver.LagReporter); !ok {
		return nil // the product itself has to look
	}
	if _, err := d.WaitInSync(ctx, to, from, followsWithin); err != nil {
		return phrase.Errorf("switch over from %s to %s: %w: %s is not in sync; nothing was changed and %s is still "+
			"primary: let it catch up, or rebuild it, and confirm that it is in sync before you try again: %w",
			from.Name, to.Name, ErrRefused, to.Name, from.Name, err)
	}
	return nil
}
