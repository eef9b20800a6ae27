// Package wait waits for conditions, each with a name and a deadline, and for
// time to pass where that is itself what is drilled.
package wait

import (
	"context"
	"fmt"
	"time"
)

// every is how often a condition is looked at. It is short, since what is
// waited for often ends an outage.
const every = 10 * time.Millisecond

// For waits until cond returns nil, for no longer than within. Its error names
// what was waited for and the last reason why it was not so.
func For(ctx context.Context, name string, within time.Duration, cond func(ctx context.Context) error) error {
	ctx, cancel := context.WithTimeoutCause(ctx, within, fmt.Errorf("not so within %s", within))
	defer cancel()
	tick := time.NewTicker(every)
	defer tick.Stop()
	var why error // why it was not so when there still was time to look
	for {
		err := cond(ctx)
		if err == nil {
			return nil
		}
		if why == nil || ctx.Err() == nil {
			why = err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("wait for %s: %w: %w", name, context.Cause(ctx), why)
		case <-tick.C:
		}
	}
}

// Out waits until a time has passed, or returns the error of a ctx that ends
// before. It is for a time that somebody has asked for, such as how long a
// fault is to last; whatever else is waited for is a condition.
func Out(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}
