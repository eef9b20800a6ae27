package dsl

import (
	"context"

	"drillbook/harness/phrase"
)

// watchStop ends the run once a condition of [Options.StopIf] holds, until the function that
// it returns is called.
func (d *Drill) watchStop(ctx context.Context) (end func()) {
	opts := d.suite.opts
	if opts.StopIf.IsZero() {
		return func() {}
	}
	w := d.WatchStop(ctx, opts.StopIf)
	quit, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		select {
		case why := <-w.Reached():
			d.suite.overrun.Store(&why)
			opts.StopNow()
		case <-quit:
		}
	}()
	return func() {
		close(quit)
		<-ended
		w.End()
	}
}

// Overrun is which condition of [Options.StopIf] has ended the run; empty if none has.
func (s *Suite) Overrun() phrase.Phrase {
	if why := s.overrun.Load(); why != nil {
		return *why
	}
	return phrase.Phrase{}
}
