package probe

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"drillbook/harness/driver"
)

// openAtOnce is how many sessions a pool lets servers work at opening at the
// same time, at most. Opening is dear, for a server that has just come back most
// of all; a session that is open serves many attempts. A server goes on working
// at what was given up, so that clients who come as fast as they give up can keep
// a busy one from ever opening a session in time: with every one that was not, a
// pool lets half as many be worked at, and with every one that was, one more.
const openAtOnce = 4

// dialAtOnce is how many connections a pool tries to make at the same time, at
// most: as many as clients who write 500 times a second need. Where an address that
// does not answer is tried first, they all come to the next server, which forks for
// each; one that can serve fewer of them before they give up serves none at all.
const dialAtOnce = 52

// conn is a session, when a server had accepted it, and when that last answered.
type conn struct {
	driver.Session
	accepted, answered time.Time
}

// pool holds the sessions of a stream.
type pool struct {
	open     func(ctx context.Context, reached func(context.Context) error) (driver.Session, error)
	deadline time.Duration // for opening a session
	places   chan struct{} // one per session that a server knows of
	dials    chan struct{} // one per session being opened
	idle     chan conn
	life     context.Context // of what is opened for nobody in particular
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
		dials:    make(chan struct{}, min(Sessions(s.Interval, s.Connect), dialAtOnce)),
		idle:     make(chan conn, s.Sessions),
		life:     ctx,
		limit:    openAtOnce,
	}
}

// opened is the result of opening a session; without an error the session is
// among the idle ones.
type opened struct {
	expired bool
	err     error
}

// get takes an idle session or has one opened. It takes whichever is free
// first, and says whether its deadline ended the wait.
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
			result = nil // somebody may have been quicker
		case <-ctx.Done():
			return c, true, fmt.Errorf("no session came free within %s", p.deadline)
		}
	}
}

// dial opens a session for the idle ones. It returns nil if enough are being
// opened already.
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
		c, expired, err := p.fresh(p.life)
		if err == nil {
			p.put(c)
		}
		result <- opened{expired, err}
	})
	return result
}

// warmWithin is how long the first sessions may take to open, each.
const warmWithin = 2 * time.Second

// warm opens the first sessions, one after the other, before an attempt waits for
// one: clients that come all at once and give up soon can keep a busy server from
// ever serving one of them. Where it fails, the attempts will say why.
func (p *pool) warm(ctx context.Context) {
	for range min(openAtOnce, cap(p.places)) {
		c, _, err := p.within(ctx, max(warmWithin, p.deadline))
		if err != nil {
			return
		}
		p.put(c)
	}
}

// errFull says that a server would have to serve more sessions than the
// clients have.
var errFull = errors.New("all sessions of the client still wait for answers")

// fresh opens a session.
func (p *pool) fresh(ctx context.Context) (c conn, expired bool, err error) {
	return p.within(ctx, p.deadline)
}

// within opens a session within a time of its own.
func (p *pool) within(ctx context.Context, deadline time.Duration) (c conn, expired bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, deadline)
	defer cancel()
	c.Session, err = p.open(ctx, func(ctx context.Context) error {
		if !c.accepted.IsZero() {
			return nil // by another server, before
		}
		select {
		case p.places <- struct{}{}:
			c.accepted = time.Now()
			p.begins()
			return nil
		case <-ctx.Done():
			return errFull
		}
	})
	if !c.accepted.IsZero() {
		p.ends(err == nil, ctx.Err() != nil)
	}
	if err != nil {
		if !c.accepted.IsZero() {
			<-p.places
		}
		// The network's own deadline may be the first to say so.
		return c, ctx.Err() != nil || errors.Is(err, os.ErrDeadlineExceeded), err
	}
	if c.accepted.IsZero() { // its driver cannot tell when it was accepted
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

// begins notes that a server works at opening a session.
func (p *pool) begins() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.opening++
}

// ends notes that it has opened it, or has not by the deadline.
func (p *pool) ends(opened, expired bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.opening--
	switch {
	case opened:
		p.limit = min(p.limit+1, openAtOnce)
	case expired:
		p.limit = max(p.limit/2, 1)
	}
}

// put keeps a session for later.
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

// discard closes sessions and gives their places back. That closing goes wrong
// with broken ones is to be expected.
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

// dropIdle closes the sessions that nobody uses, but for those that a server has
// answered since: they do not lead to where the failure came from.
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

// close closes what is idle, and everything else as it is put back.
func (p *pool) close() {
	p.mu.Lock()
	p.closed = true
	p.mu.Unlock()
	p.dropIdle(time.Now())
}
