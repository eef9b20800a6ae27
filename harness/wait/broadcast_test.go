package wait_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"drillbook/harness/wait"
)

// TestBroadcastWakesAll: everybody who waits is woken by one change, looks again,
// and waits on until what he waits for is so.
func TestBroadcastWakesAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var (
			changed wait.Broadcast
			mu      sync.Mutex
			n, done int
			work    sync.WaitGroup
		)
		for want := range 10 {
			work.Go(func() {
				err := changed.Until(t.Context(), func() bool {
					mu.Lock()
					defer mu.Unlock()
					if n > want {
						done++
					}
					return n > want
				})
				if err != nil {
					t.Error(err)
				}
			})
		}
		changed.Wake() // which changes nothing
		for i := range 10 {
			synctest.Wait()
			mu.Lock()
			if done != i {
				t.Errorf("after %d changes %d have what they wait for", i, done)
			}
			n++
			changed.Wake() // with the lock held
			mu.Unlock()
		}
		work.Wait()
	})
}

// TestBroadcastMissesNothing: what changes between looking and waiting wakes.
func TestBroadcastMissesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var changed wait.Broadcast
		looks := 0
		err := changed.Until(t.Context(), func() bool {
			looks++
			if looks == 1 {
				changed.Wake()
			}
			return looks > 1
		})
		if err != nil || looks != 2 {
			t.Errorf("%d looks, %v, want two", looks, err)
		}
	})
}

func TestBroadcastEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var changed wait.Broadcast
		why := errors.New("it took too long")
		ctx, cancel := context.WithTimeoutCause(t.Context(), time.Minute, why)
		defer cancel()
		began := time.Now()
		if err := changed.Until(ctx, func() bool { return false }); !errors.Is(err, why) {
			t.Errorf("Until = %v, want %v", err, why)
		}
		if took := time.Since(began); took != time.Minute {
			t.Errorf("took %s, want a minute", took)
		}
	})
}
