package console_test

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"drillbook/harness/console"
	"drillbook/harness/phrase"
)

func stock() console.PoolConfig {
	return console.PoolConfig{
		Name: phrase.Say("the desks"), Idle: 3, MaxStarting: 2, Max: 4, StartWithin: 30 * time.Second,
	}
}

// desk is a session that takes a second to start.
type desk struct{ open *atomic.Int32 }

func (d desk) Close() error { d.open.Add(-1); return nil }

func desks(open *atomic.Int32) func(ctx context.Context) (desk, error) {
	return func(context.Context) (desk, error) {
		time.Sleep(time.Second)
		open.Add(1)
		return desk{open}, nil
	}
}

// TestPoolLimits: as many are started as are to be at hand, no more at once
// and no more in all than the stock says, and what is put back is had again.
func TestPoolLimits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var open atomic.Int32
		p := console.NewPool(t.Context(), stock(), desks(&open))
		began := time.Now()
		must(t, p.Ready(t.Context()))
		if took := time.Since(began).Round(time.Second); took != 2*time.Second { // the third waits for the first
			t.Errorf("ready after %s, want two seconds", took)
		}
		used := make([]desk, 0, 6)
		for range cap(used) {
			d, err := p.Get(t.Context())
			must(t, err)
			used = append(used, d)
		}
		must(t, p.Ready(t.Context()))
		for _, d := range used {
			p.Put(d)
		}
		if n := open.Load(); n != 4 {
			t.Errorf("%d are kept, want four", n)
		}
		for range 2 {
			must(t, p.Close(t.Context()))
		}
		if n := open.Load(); n != 0 {
			t.Errorf("%d are open after the end", n)
		}
		if _, err := p.Get(t.Context()); !errors.Is(err, console.ErrClosed) {
			t.Errorf("Get after the end = %v, want %v", err, console.ErrClosed)
		}
	})
}

// TestPoolErrorHasTheLastReason: with the reason of the last start.
func TestPoolErrorHasTheLastReason(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		why := errors.New("no such program")
		p := console.NewPool(t.Context(), stock(), func(context.Context) (desk, error) { return desk{}, why })
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if _, err := p.Get(ctx); !errors.Is(err, why) ||
			!strings.Contains(err.Error(), "no console came free in time") {
			t.Errorf("Get = %v, want %v", err, why)
		}
		if err := p.Ready(t.Context()); !errors.Is(err, why) ||
			!strings.Contains(err.Error(), "wait for the desks: ") ||
			!strings.Contains(err.Error(), "0 of 3 are at hand") {
			t.Errorf("Ready = %v, want %v", err, why)
		}
		must(t, p.Close(t.Context()))
	})
}

// TestPoolCancelsStarts: a session that is being started ends with the pool, and
// one that cannot be called off is named, not waited for for ever.
func TestPoolCancelsStarts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var ended atomic.Int32
		p := console.NewPool(t.Context(), stock(), func(ctx context.Context) (desk, error) {
			<-ctx.Done()
			ended.Add(1)
			return desk{}, context.Cause(ctx)
		})
		p.Fill()
		if err := p.Close(t.Context()); err != nil || ended.Load() != 2 {
			t.Errorf("%d starts have ended, %v", ended.Load(), err)
		}
		free := make(chan struct{})
		p = console.NewPool(t.Context(), stock(), func(context.Context) (desk, error) {
			<-free
			return desk{}, errors.New("it was late")
		})
		p.Fill()
		began := time.Now()
		err := p.Close(t.Context())
		if took := time.Since(began); err == nil || !strings.Contains(err.Error(), "2 are being started") ||
			took != 10*time.Second {
			t.Errorf("after %s: %v, want after ten seconds that some are being started", took, err)
		}
		close(free)
	})
}
