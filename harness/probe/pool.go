package probe

import (
	"context"
	"errors"
	"os"
	"sync"
	"time"

	"drillbook/harness/driver"
	"drillbook/harness/phrase"
)

// maxOpening is how many sessions of a pool servers may be opening at the same
// time. Opening a session is expensive, above all for a server that has just come
// back, while an open session serves many attempts. A server goes on working on
// an opening that its client has given up. Clients that retry as fast as they
// give up can therefore keep a busy server from ever opening a session in time.
// So the pool halves its limit for each opening that expires, and raises it by
// one for each that succeeds.
const maxOpening = 4

// maxDialing is how many connections a pool makes at the same time, as many as
// clients need that write 500 times a second. Where an address that does not
// answer is tried first, all clients reach the next server at the same moment,
// and it forks for each. If it cannot serve that many before they give up, it
// serves none.
const maxDialing = 52

// conn is a session with the times when a server accepted it and last answered in
// it.
type conn struct {
	driver.Session
	accepted, answered time.Time
}

// pool holds the sessions of a stream.
type pool struct {
	open     func(ctx context.Context, reached func(context.Context) error) (driver.Session, error)
	deadline time.Duration // for opening a session
	places   chan struct{} // one per session that a server has accepted
	dials    chan struct{} // one per session being opened
	idle     chan conn
	ctx      context.Context // for sessions that dial opens
	work     sync.WaitGroup

	mu      sync.Mutex // guards all below
	opening int        // sessions that a server has accepted and that are not open yet
	limit   int        // of opening
	closed  bool
}

func newPool(ctx context.Context, s Stream) *pool {
	return &pool{
		open:     s.Open,
		deadline: s.Connect,
		places:   make(chan struct{}, s.Sessions),
		dials:    make(chan struct{}, min(Sessions(s.Interval, s.Connect), maxDialing)),
		idle:     make(chan conn, s.Sessions),
		ctx:      ctx,
		limit:    maxOpening,
	}
}

// opened is the result of opening a session. Without an error, the session is
// idle in the pool.
type opened struct {
	expired bool
	err     error
}

// get returns an idle session, or waits for one to be opened or returned,
// whichever comes first. expired says that its deadline ended the wait.
func (p *pool) get(ctx context.Context) (c conn, expired bool, err error) {
	select {
	case c = <-p.idle:
		return c, false, nil
	default:
	}
	ctx, cancel := context.WithTimeout(ctx, p.deadline)
	defer cancel()
	result := p.dial()
	for {
		select {
		case c = <-p.idle:
			return c, false, nil
		case r := <-result:
			if r.err != nil {
				return c, r.expired, r.err
			}
			result = nil // another attempt may have taken the session
		case <-ctx.Done():
			return c, true, phrase.Errorf("no session came free within %s", p.deadline)
		}
	}
}

// dial opens a session and adds it to the idle ones. It returns nil if enough are
// being opened already.
func (p *pool) dial() <-chan opened {
	p.mu.Lock()
	enough := p.opening >= p.limit || p.closed
	p.mu.Unlock()
	if enough {
		return nil
	}
	select {
	case p.dials <- struct{}{}:
	default:
		return nil
	}
	result := make(chan opened, 1)
	p.work.Go(func() {
		defer func() { <-p.dials }()
		c, expired, err := p.openSession(p.ctx)
		if err == nil {
			p.put(c)
		}
		result <- opened{expired, err}
	})
	return result
}

// warmWithin bounds the opening of each of the first sessions.
const warmWithin = 2 * time.Second

// warm opens the first sessions, one after the other, before any attempt waits
// for one: clients that all come at once and soon give up can keep a busy server
// from serving any of them. If it fails, the attempts report why.
func (p *pool) warm(ctx context.Context) {
	for range min(maxOpening, cap(p.places)) {
		c, _, err := p.openWithin(ctx, max(warmWithin, p.deadline))
		if err != nil {
			return
		}
		p.put(c)
	}
}

// errFull says that a server would have to serve more sessions than the pool
// allows.
var errFull = phrase.Errorf("all sessions of the client still wait for answers")

// openSession opens a session within the deadline of the pool.
func (p *pool) openSession(ctx context.Context) (c conn, expired bool, err error) {
	return p.openWithin(ctx, p.deadline)
}

// openWithin opens a session within the given deadline.
func (p *pool) openWithin(ctx context.Context, deadline time.Duration) (c conn, expired bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, deadline)
	defer cancel()
	c.Session, err = p.open(ctx, func(ctx context.Context) error {
		if !c.accepted.IsZero() {
			return nil // another server accepted it before
		}
		select {
		case p.places <- struct{}{}:
			c.accepted = time.Now()
			p.openingBegan()
			return nil
		case <-ctx.Done():
			return errFull
		}
	})
	if !c.accepted.IsZero() {
		p.openingEnded(err == nil, ctx.Err() != nil)
	}
	if err != nil {
		if !c.accepted.IsZero() {
			<-p.places
		}
		// The network's own deadline may expire first.
		return c, ctx.Err() != nil || errors.Is(err, os.ErrDeadlineExceeded), err
	}
	if c.accepted.IsZero() { // the driver cannot tell when it was accepted
		select {
		case p.places <- struct{}{}:
			c.accepted = time.Now()
		default:
			return c, false, errors.Join(errFull, c.Close())
		}
	}
	c.answered = time.Now()
	return c, false, nil
}

// openingBegan counts an opening that a server has begun to work on.
func (p *pool) openingBegan() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.opening++
}

// openingEnded ends that count and adjusts the limit to the result.
func (p *pool) openingEnded(opened, expired bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.opening--
	switch {
	case opened:
		p.limit = min(p.limit+1, maxOpening)
	case expired:
		p.limit = max(p.limit/2, 1)
	}
}

// put returns a session to the pool.
func (p *pool) put(c conn) {
	p.mu.Lock()
	closed := p.closed
	if !closed {
		p.idle <- c // there is room for every session that has a place
	}
	p.mu.Unlock()
	if closed {
		p.discard(c)
	}
}

// discard closes sessions and frees their places. Errors of closing broken
// sessions are expected.
func (p *pool) discard(sessions ...conn) {
	var wg sync.WaitGroup
	for _, c := range sessions {
		wg.Go(func() {
			_ = c.Close()
			<-p.places
		})
	}
	wg.Wait()
}

// dropIdle closes the idle sessions, except those that a server has answered
// since: they lead to another server than the one that failed.
func (p *pool) dropIdle(since time.Time) {
	var idle, kept []conn
	for {
		select {
		case c := <-p.idle:
			if c.answered.After(since) {
				kept = append(kept, c)
			} else {
				idle = append(idle, c)
			}
			continue
		default:
		}
		break
	}
	for _, c := range kept {
		p.put(c)
	}
	p.discard(idle...)
}

// close closes the idle sessions, and has the others closed when they are
// returned.
func (p *pool) close() {
	p.mu.Lock()
	p.closed = true
	p.mu.Unlock()
	p.dropIdle(time.Now())
}
