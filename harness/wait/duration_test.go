package wait_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"drillbook/harness/wait"
)

func TestDuration(t *testing.T) {
	for _, tt := range []struct {
		name       string
		ends       time.Duration // of the context
		wait, took time.Duration
		want       error
	}{
		{"for a time", time.Minute, time.Second, time.Second, nil},
		{"for none", time.Minute, 0, 0, nil},
		{"for less than none", time.Minute, -time.Second, 0, nil},
		{"until its context ends", time.Second, time.Minute, time.Second, context.DeadlineExceeded},
		{"for none, in a context that has ended", 0, 0, 0, context.DeadlineExceeded},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), tt.ends)
				defer cancel()
				began := time.Now()
				if err := wait.Duration(ctx, tt.wait); !errors.Is(err, tt.want) {
					t.Errorf("Duration = %v, want %v", err, tt.want)
				}
				if took := time.Since(began); took != tt.took {
					t.Errorf("took %s, want %s", took, tt.took)
				}
			})
		})
	}
}
