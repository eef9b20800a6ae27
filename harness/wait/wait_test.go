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
