package dsl

import (
	"context"

	"github.com/onsi/ginkgo/v2"

	"drillbook/harness/phrase"
)

// errStopped is why the contexts of a run end that was asked to.
var errStopped = phrase.Errorf("the run was interrupted")

// stopping reports whether the run was asked to end.
func (s *Suite) stopping() bool {
	select {
	case <-s.opts.Stop:
		return true
	default:
		return false
	}
}

// untilStopped carries out one of Ginkgo's nodes with a context that ends when
// the run is asked to.
func (s *Suite) untilStopped(ctx context.Context, node func(context.Context)) {
	if s.opts.OnBegin != nil {
		s.begun.Do(s.opts.OnBegin)
	}
	ctx, cancel := context.WithCancelCause(ctx)
	watched := make(chan struct{})
	go func() {
		defer close(watched)
		select {
		case <-s.opts.Stop:
			cancel(errStopped)
		case <-ctx.Done():
		}
	}()
	defer func() {
		cancel(nil)
		<-watched
	}()
	node(ctx)
}

// skipIfStopping leaves out the current spec if the run was asked to end.
func (s *Suite) skipIfStopping() {
	if s.stopping() {
		ginkgo.Skip(errStopped.Error())
	}
}
