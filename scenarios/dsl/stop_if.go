package dsl

import (
	"context"
	"fmt"
	"time"
)

// lookEvery is how often it is looked whether clients are served.
const lookEvery = 100 * time.Millisecond

// watchOutage ends the run once clients were not served for longer than [Options.StopIf],
// until the function that it returns is called.
func (d *Drill) watchOutage(ctx context.Context) (end func()) {
	limit := d.suite.opts.StopIf
	if limit == 0 {
		return func() {}
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		tick := time.NewTicker(lookEvery)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
			h, now := d.Health()
			if h.Out(now) <= limit {
				continue
			}
			d.Note(fmt.Sprintf("clients were not served for longer than %s: the drill is stopped by its own condition",
				limit))
			d.suite.overrun.Store(true)
			d.suite.opts.StopNow()
			return
		}
	}()
	return func() {
		cancel()
		<-ended
	}
}

// Overrun reports whether clients were not served for longer than [Options.StopIf], which
// has ended the run.
func (s *Suite) Overrun() bool { return s.overrun.Load() }
