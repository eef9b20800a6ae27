package wait

import (
	"context"
	"sync"
)

// Broadcast wakes all who wait for a change of something that has a lock of its
// own. The zero Broadcast is ready. Its methods may be called from several
// goroutines, with that lock held or not.
type Broadcast struct {
	mu   sync.Mutex // guards next
	next chan struct{}
}

// Next is closed by the next Wake. Whoever takes it before looking at what may
// change misses no change.
func (b *Broadcast) Next() <-chan struct{} {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.next == nil {
		b.next = make(chan struct{})
	}
	return b.next
}

// Wake wakes all who wait.
func (b *Broadcast) Wake() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.next != nil {
		close(b.next)
		b.next = nil
	}
}

// Until waits until cond holds, which is looked at now and after every Wake, or
// returns why ctx has ended. The deadline is that of ctx.
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
