package wait

import (
	"context"
	"sync"
)

// Broadcast wakes the goroutines that wait for a change of some state with a lock
// of its own. The zero Broadcast is ready. Its methods may be called from several
// goroutines, with or without that lock.
type Broadcast struct {
	mu   sync.Mutex // guards next
	next chan struct{}
}

// Next returns a channel that the next Wake closes. Call it before looking at the
// state, so that no change is missed.
func (b *Broadcast) Next() <-chan struct{} {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.next == nil {
		b.next = make(chan struct{})
	}
	return b.next
}

// Wake wakes all waiting goroutines.
func (b *Broadcast) Wake() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.next != nil {
		close(b.next)
		b.next = nil
	}
}

// Until waits until cond holds, or returns the cause of the end of ctx. It checks
// cond at once and after every Wake.
func (b *Broadcast) Until(ctx context.Context, cond func() bool) error {
	for {
		next := b.Next()
		if cond() {
			return nil
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-next:
		}
	}
}
