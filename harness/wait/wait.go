// Package wait waits for conditions, each with a name and a deadline, and for
// time to pass where that is itself what is drilled.
package wait

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"drillbook/harness/phrase"
)

// The pause between two checks is short at first, since the condition often ends an outage. It
// grows by a hundredth of the time waited for each second, since a check may cost a session on
// the member, and is short again towards the deadline. It is as long as the check before took,
// so that checks keep the member busy for half of the time at most; a check that took longer
// than busiest was itself waiting.
const (
	shortest = 10 * time.Millisecond
	longest  = 2 * time.Second
	busiest  = 250 * time.Millisecond
)

// pause is how long the next check is put off.
func pause(waited, took, left time.Duration) time.Duration {
	grown := time.Duration(waited.Seconds() * float64(waited) / 100)
	return max(min(max(grown, min(took, busiest)), longest, left/2), shortest)
}

// Name is what is waited for: a phrase wherever reports may show it, so that they can say
// it in their language, and a text in programs and tests of their own.
type Name interface{ string | phrase.Phrase }

// For waits until cond returns nil, for no longer than within. Its error names
// what was waited for and has the last error of cond. Time in which the harness
// itself stood still does not count, since nobody could check.
func For[N Name](ctx context.Context, name N, within time.Duration, cond func(ctx context.Context) error) error {
	late := phrase.Errorf("not so within %s", within)
	ctx, cancel := context.WithCancelCause(ctx)
	var (
		left  budget
		clock sync.WaitGroup
	)
	left.Store(int64(within))
	clock.Go(func() { left.spend(ctx, func() { cancel(late) }) })
	defer clock.Wait()
	defer cancel(nil)
	began := time.Now()
	var why error // why it was not so when there still was time to look
	for {
		looked := time.Now()
		inTime, err := look(ctx, left.left(), cond)
		if err == nil {
			return nil
		}
		if why == nil || inTime {
			why = err
		}
		select {
		case <-ctx.Done():
			return phrase.Errorf("wait for %s: %w: %w", name, context.Cause(ctx), why)
		case <-time.After(pause(time.Since(began), time.Since(looked), left.left())):
		}
	}
}

// look checks a condition once, and reports whether that took no longer than
// most.
func look(ctx context.Context, most time.Duration, cond func(ctx context.Context) error) (inTime bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, most)
	defer cancel()
	err = cond(ctx)
	return ctx.Err() == nil, err
}

// budget is the time that is left to wait.
type budget struct{ atomic.Int64 }

func (b *budget) left() time.Duration { return time.Duration(b.Load()) }

// slice is the interval at which the budget is counted down. No more than that is
// counted of a time in which the harness stood still.
const slice = 100 * time.Millisecond

// spend counts down while the harness runs, and calls over when nothing is left.
// It stops when ctx ends.
func (b *budget) spend(ctx context.Context, over func()) {
	next := min(b.left(), slice)
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
		next = min(b.left(), slice)
		timer.Reset(next)
	}
}

// Duration waits for d, or returns the error of a ctx that ends before. Use it
// only for a time that somebody has asked for, such as how long a fault is to
// last; anything else is a condition for [For].
func Duration(ctx context.Context, d time.Duration) error {
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
