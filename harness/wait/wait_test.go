package wait_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"drillbook/harness/wait"
)

// The reason that is given is why it was not so, not that time was up while it
// was looked at.
func TestErrorHasTheLastReason(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		reason := errors.New("it is behind")
		err := wait.For(t.Context(), "it", time.Second, func(ctx context.Context) error {
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-time.After(300 * time.Millisecond):
				return reason
			}
		})
		if !errors.Is(err, reason) {
			t.Errorf("For = %v, want the reason %q", err, reason)
		}
	})
}

func TestMet(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tries := 0
		err := wait.For(t.Context(), "the third time", time.Second, func(context.Context) error {
			if tries++; tries < 3 {
				return errors.New("not yet")
			}
			return nil
		})
		if err != nil || tries != 3 {
			t.Errorf("For = %v after %d tries, want nil after 3", err, tries)
		}
	})
}

// What became so is seen soon where a wait is short, and of a long one checks are few.
func TestFewChecks(t *testing.T) {
	for _, one := range []struct{ so, seen time.Duration }{
		{0, 0},
		{100 * time.Millisecond, 110 * time.Millisecond},
		{time.Second, 1010 * time.Millisecond},
		{2 * time.Second, 2040 * time.Millisecond},
		{50 * time.Second, 52 * time.Second},
		{59900 * time.Millisecond, time.Minute}, // which is all there is
	} {
		synctest.Test(t, func(t *testing.T) {
			began, checks := time.Now(), 0
			err := wait.For(t.Context(), "it", time.Minute, func(context.Context) error {
				if checks++; time.Since(began) < one.so {
					return errors.New("not yet")
				}
				return nil
			})
			if took := time.Since(began); err != nil || took < one.so || took > one.seen {
				t.Errorf("what was so after %s was seen after %s: %v", one.so, took, err)
			}
			if checks > 250 {
				t.Errorf("within %s it was checked %d times", one.so, checks)
			}
		})
	}
}

// Checks keep a member busy for half of the time at most, and one that itself waits is soon
// followed by the next.
func TestChecksLeaveHalfOfTheTime(t *testing.T) {
	for _, one := range []struct{ check, pause time.Duration }{
		{time.Millisecond, 10 * time.Millisecond},
		{60 * time.Millisecond, 60 * time.Millisecond},
		{200 * time.Millisecond, 200 * time.Millisecond},
		{900 * time.Millisecond, 250 * time.Millisecond},
	} {
		synctest.Test(t, func(t *testing.T) {
			began, checks := time.Now(), 0
			err := wait.For(t.Context(), "it", time.Minute, func(ctx context.Context) error {
				if checks++; checks == 4 {
					return nil
				}
				return errors.Join(errNotYet, wait.Duration(ctx, one.check))
			})
			took, want := time.Since(began), 3*(one.check+one.pause)
			if err != nil || took != want {
				t.Errorf("three checks of %s each take %s, want %s: %v", one.check, took, want, err)
			}
		})
	}
}
