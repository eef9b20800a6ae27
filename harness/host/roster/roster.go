// Package roster keeps the nodes of a host and sees them through their launch:
// what is the same wherever nodes really run.
package roster

import (
	"context"
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"

	"drillbook/harness/host"
	"drillbook/harness/phrase"
)

// ErrClosed is wrapped by Launch when the host has been closed.
var ErrClosed = phrase.Errorf("host is closed")

// Roster is the nodes of one host. Its methods may be called at the same time
// from several goroutines.
type Roster struct {
	ctx       context.Context // ends when the host is closed, under mu
	cancel    context.CancelFunc
	launching sync.WaitGroup // added to under mu, and never when closed

	mu    sync.Mutex           // guards what follows
	nodes map[string]host.Node // by name; nil while being launched
}

// New makes the roster of a host, which lives on when ctx ends.
func New(ctx context.Context) *Roster {
	r := &Roster{nodes: map[string]host.Node{}}
	r.ctx, r.cancel = context.WithCancel(context.WithoutCancel(ctx))
	return r
}

// Context is a context that ends when the host is closed.
func (r *Roster) Context() context.Context { return r.ctx }

// Launch has the host make a node, for which it takes the name. The context of
// make ends with ctx and when the host is closed; if make fails, it leaves
// nothing of the node, and the name is free again.
func (r *Roster) Launch(
	ctx context.Context, name string, make func(context.Context) (host.Node, error),
) (host.Node, error) {
	if err := r.reserve(name); err != nil {
		return nil, phrase.Errorf("launch node %s: %w", name, err)
	}
	defer r.launching.Done()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(r.ctx, cancel)() //nolint:contextcheck // the host's end ends it too
	n, err := make(ctx)
	r.mu.Lock()
	defer r.mu.Unlock()
	if err != nil {
		delete(r.nodes, name)
		return nil, phrase.Errorf("launch node %s: %w", name, err)
	}
	r.nodes[name] = n
	return n, nil
}

// reserve takes a name, and counts its node among those that Close waits for.
func (r *Roster) reserve(name string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	_, exists := r.nodes[name]
	switch {
	case r.ctx.Err() != nil:
		return ErrClosed
	case !ValidName(name):
		return phrase.Errorf("the name is not made of lower-case letters, digits and dashes")
	case exists:
		return phrase.Errorf("the name is taken")
	}
	r.nodes[name] = nil
	r.launching.Add(1)
	return nil
}

// Node returns a launched node.
func (r *Roster) Node(name string) (host.Node, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	n := r.nodes[name]
	return n, n != nil
}

// Close lets nobody in any more, ends the launches that are under way, waits
// for them, and returns all nodes there are. It may be called again.
func (r *Roster) Close() []host.Node {
	r.mu.Lock()
	r.cancel()
	r.mu.Unlock()
	r.launching.Wait()
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Collect(maps.Values(r.nodes))
}

// ValidName reports whether a run or node may be called that: the name becomes
// part of host names, file names and labels.
func ValidName(name string) bool {
	ok := regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,39}$`).MatchString(name)
	return ok && !strings.HasSuffix(name, "-private") // the end of a node's name on its private network
}
