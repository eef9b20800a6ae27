// Package wait waits for conditions, each with a name and a deadline, and for
// time to pass where that is itself what is drilled.
package wait

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

// every is how often a condition is looked at. It is short, since what is
// waited for often ends an outage.
const every = 10 * time.Millisecond

// For waits until cond returns nil, for no longer than within. Its error names
// what was waited for and the last reason why it was not so. A time in which the
// harness itself stood still does not count: nobody could look.
func For(ctx context.Context, name string, within time.Duration, cond func(ctx context.Context) error) error {
	late := fmt.Errorf("not so within %s", within)
	ctx, cancel := context.WithCancelCause(ctx)
	var (
		left  budget
		clock sync.WaitGroup
	)
	left.Store(int64(within))
	clock.Go(func() { left.spend(ctx, func() { cancel(late) }) })
	defer clock.Wait()
	defer cancel(nil)
	tick := time.NewTicker(every)
	defer tick.Stop()
	var why error // why it was not so when there still was time to look
	for {
		inTime, err := look(ctx, left.rest(), cond)
		if err == nil {
			return nil
		}
		if why == nil || inTime {
			why = err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("wait for %s: %w: %w", name, context.Cause(ctx), why)
		case <-tick.C:
		}
	}
}

// look looks at a condition once, and says whether it took no longer than it
// may.
func look(ctx context.Context, most time.Duration, cond func(ctx context.Context) error) (inTime bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, most)
	defer cancel()
	err = cond(ctx)
	return ctx.Err() == nil, err
}

// budget is what is left of the time that may be waited.
type budget struct{ atomic.Int64 }

func (b *budget) rest() time.Duration { return time.Duration(b.Load()) }

// slice is how much of a time is counted at once. Of one in which the harness
// stood still no more is counted.
const slice = 100 * time.Millisecond

// spend counts down while the harness runs, and calls over when nothing is left,
// unless ctx ends before.
func (b *budget) spend(ctx context.Context, over func()) {
	next := min(b.rest(), slice)
	timer := time.NewTimer(next)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		}
		if b.Add(-int64(next)) <= 0 {
			over()
			return
		}
		next = min(b.rest(), slice)
		timer.Reset(next)
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
