package observe

import (
	"context"
	"sync"
	"time"

	"drillbook/harness/driver"
	"drillbook/harness/host"
	"drillbook/harness/record"
)

// NodesConfig is what a watch of nodes needs. All fields must be set.
type NodesConfig struct {
	Began  time.Time
	Nodes  []driver.Member
	Every  time.Duration // between two questions to the place
	Within time.Duration // in which it must answer
	// Cause is the fault of the drill that a node's state is due to; "" if there is
	// none.
	Cause func(node string) string
	Event func(record.Event)
}

// Nodes is a running watch of nodes that have no role of their own: what the place
// says of their state. A place that does not tell, or does not answer, says nothing.
type Nodes struct {
	stop context.CancelFunc
	work sync.WaitGroup
}

// StartNodes begins to ask for the state of all nodes. What is [host.Running] from
// the start is not told.
func StartNodes(ctx context.Context, cfg NodesConfig) *Nodes {
	ctx, stop := context.WithCancel(ctx)
	n := &Nodes{stop: stop}
	for _, m := range cfg.Nodes {
		if asked, ok := m.Node.(host.Stater); ok {
			n.work.Go(func() { cfg.watch(ctx, m.Name, asked) })
		}
	}
	return n
}

// Stop ends the questions and waits for the last answers.
func (n *Nodes) Stop() {
	n.stop()
	n.work.Wait()
}

// watch asks for the state of one node until ctx ends.
func (cfg NodesConfig) watch(ctx context.Context, name string, asked host.Stater) {
	tick := time.NewTicker(cfg.Every)
	defer tick.Stop()
	last, lastCause := host.Running, ""
	for {
		// A fault may be healed while the question is under way.
		cause := cfg.Cause(name)
		state, err := within(ctx, cfg.Within, asked)
		if cause == "" {
			cause = cfg.Cause(name)
		}
		if ctx.Err() != nil {
			return
		}
		// A fault is over once its node was seen to run: one that does not run then has
		// ended again, even if nobody saw it run.
		if err == nil && (state != last || state != host.Running && cause == "" && lastCause != "") {
			last, lastCause = state, cause
			cfg.Event(record.Event{
				At: time.Since(cfg.Began), Kind: record.State, Member: name, What: string(state), Fault: cause,
			})
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

func within(ctx context.Context, limit time.Duration, asked host.Stater) (host.State, error) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	return asked.State(ctx)
}
