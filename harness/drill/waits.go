package drill

import (
	"context"
	"time"

	"drillbook/harness/driver"
	"drillbook/harness/phrase"
	"drillbook/harness/probe"
	"drillbook/harness/record"
	"drillbook/harness/wait"
)

// waitSettled waits until service has been clean for the settling time, so that the
// next action begins an outage of its own. If service does not settle in time, the
// record says why, and the drill goes on: the measurement shows it.
func (d *Drill) waitSettled(ctx context.Context) {
	if err := d.WaitServed(ctx, max(settle, baseline), settledWithin); err != nil {
		d.event(record.Event{Kind: record.Note, What: "service had not settled", Err: err.Error()})
	}
}

// markDisturbed notes the time of an action that clients may notice.
func (d *Drill) markDisturbed() { d.disturbed = d.now() }

// clients is the index of the stream that shows whether clients are served: their
// writes.
const clients = 0

// Health returns the state of the clients' writes.
func (d *Drill) Health() (h probe.Health, now time.Duration) { return d.probe.Health(clients) }

// WaitServed waits until the clients' writes have succeeded without a failure for
// clean, and the last action of the drill is as long ago.
func (d *Drill) WaitServed(ctx context.Context, clean, within time.Duration) error {
	return wait.For(ctx, phrase.Say("clients to be served"), within, func(context.Context) error {
		h, now := d.Health()
		if h.Served(now, clean) && now-d.disturbed >= clean {
			return nil
		}
		if h.LastAck == 0 {
			return phrase.Errorf("no write was acknowledged yet: %s", h.LastCause)
		}
		return phrase.Errorf("the last write was acknowledged %s ago, the last one failed %s ago: %s",
			(now - h.LastAck).Round(time.Millisecond), (now - h.LastFail).Round(time.Millisecond), h.LastCause)
	})
}

// WaitInSync waits until the standby has applied everything that the primary had
// written when WaitInSync was called, and returns its last lag.
func (d *Drill) WaitInSync(
	ctx context.Context,
	standby, primary driver.Member,
	within time.Duration,
) (driver.Lag, error) {
	l, ok := d.cfg.Driver.(driver.LagReporter)
	if !ok {
		return driver.Lag{}, d.unsupported("tell how far a standby is behind")
	}
	var last driver.Lag
	var goal uint64
	name := phrase.Say("%s to be in sync with %s", standby.Name, primary.Name)
	err := wait.For(ctx, name, within, func(ctx context.Context) error {
		lag, err := l.Lag(ctx, standby, primary)
		if err == nil || ctx.Err() == nil { // what the end of the wait has cut off says nothing
			last = lag
		}
		if err != nil {
			return err
		}
		if goal == 0 {
			goal = lag.Written
		}
		switch {
		case !lag.Streaming:
			return phrase.Errorf("it does not replicate: %s", lag.Detail)
		case lag.Applied < goal:
			return phrase.Errorf("it is %d behind: %s", goal-lag.Applied, lag.Detail)
		}
		return nil
	})
	if err != nil {
		err = phrase.Errorf("%w: do not make %s the primary: look at its log, its disk and its network, or rebuild it",
			err, standby.Name)
	}
	return last, err
}
