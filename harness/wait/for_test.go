package wait_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"drillbook/harness/wait"
)

var errNotYet = errors.New("it is not so yet")

// so is a condition that holds after a time.
func so(after time.Duration) func(context.Context) error {
	began := time.Now()
	return func(context.Context) error {
		if time.Since(began) < after {
			return errNotYet
		}
		return nil
	}
}

func TestFor(t *testing.T) {
	for _, tt := range []struct {
		name          string
		after, within time.Duration
		took          time.Duration
		fails         bool
	}{
		{"at once", 0, time.Second, 0, false},
		{"at once, with no time to wait", 0, 0, 0, false},
		{"soon", 95 * time.Millisecond, time.Second, 100 * time.Millisecond, false},
		{"too late", 2 * time.Second, time.Second, time.Second, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				began := time.Now()
				err := wait.For(t.Context(), "the kettle", tt.within, so(tt.after))
				if took := time.Since(began); took != tt.took {
					t.Errorf("took %s, want %s", took, tt.took)
				}
				if (err != nil) != tt.fails {
					t.Fatalf("For = %v, want an error: %v", err, tt.fails)
				}
				if err == nil {
					return
				}
				for _, part := range []string{"the kettle", "not so within 1s", errNotYet.Error()} {
					if !strings.Contains(err.Error(), part) {
						t.Errorf("error %q does not say %q", err, part)
					}
				}
				if !errors.Is(err, errNotYet) {
					t.Errorf("error %v does not wrap the last reason", err)
				}
			})
		})
	}
}

func TestForEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(300*time.Millisecond, cancel)
		began := time.Now()
		err := wait.For(ctx, "the kettle", time.Minute, so(time.Hour))
		if !errors.Is(err, context.Canceled) {
			t.Errorf("For = %v, want it cancelled", err)
		}
		if took := time.Since(began); took != 300*time.Millisecond {
			t.Errorf("took %s, want 300ms", took)
		}
	})
}

// A condition that waits is given the deadline to end by.
func TestForBoundsTheCondition(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		err := wait.For(t.Context(), "the kettle", time.Second, func(ctx context.Context) error {
			<-ctx.Done()
			return ctx.Err()
		})
		if err == nil || time.Since(began) != time.Second {
			t.Errorf("For = %v after %s, want an error after a second", err, time.Since(began))
		}
	})
}
