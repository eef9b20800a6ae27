package ssh

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"sync"
	"time"

	"golang.org/x/crypto/ssh"

	"drillbook/harness/phrase"
)

const (
	// aliveEvery is how often a machine is asked whether it is there, and aliveWithin
	// how long it may take to say so.
	aliveEvery  = 5 * time.Second
	aliveWithin = 10 * time.Second
)

// conn is a connection to a machine. It is opened when it is needed, and anew when
// it has broken.
type conn struct {
	file, destination string
	places            chan struct{} // one for each session that is open

	mu     sync.Mutex // guards all but all; held while it is opened
	link   *link
	port   int    // of its sshd; 0 before it was reached
	user   string // who has logged in; "" before
	closed bool
	off    bool // the machine's power is off, by us
	// take, if set, takes the machine's lock on a new connection.
	take taker
	lost error          // why the lock cannot be had any more
	all  sync.WaitGroup // goroutines of the connection
}

func newConn(file, destination string) *conn {
	return &conn{file: file, destination: destination, places: make(chan struct{}, mostSessions)}
}

// taker takes a machine's lock on a connection; again, if the run has had it before.
type taker func(ctx context.Context, l *link, again bool) error

var (
	// errClosed means that the host was closed.
	errClosed = phrase.Errorf("the connection was closed")
	// errOff means that its power was cut.
	errOff = phrase.Errorf("the power of the machine is off")
)

// get returns the connection, and opens it if there is none.
func (c *conn) get(ctx context.Context) (*link, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.closed:
		return nil, errClosed
	case c.off:
		return nil, errOff
	case c.lost != nil:
		return nil, c.lost
	case c.link != nil:
		return c.link, nil
	}
	s, err := settingsOf(ctx, c.file, c.destination)
	if err != nil {
		return nil, err
	}
	l, err := connect(ctx, c.file, s)
	if err != nil {
		return nil, err
	}
	c.all.Go(func() { c.watch(context.WithoutCancel(ctx), l) })
	if c.take != nil {
		if err := c.take(ctx, l, true); err != nil {
			l.Close()
			if errors.Is(err, ErrBusy) {
				c.lost = phrase.Errorf("the lock was lost while the connection was broken: %w", err)
				err = c.lost
			}
			return nil, err
		}
	}
	c.link, c.user = l, s.user
	c.port, _ = strconv.Atoi(s.port) // ssh has checked it
	return l, nil
}

// hold takes the machine's lock, and takes it again on every new connection.
func (c *conn) hold(ctx context.Context, take taker) error {
	l, err := c.get(ctx)
	if err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.link != l {
		return phrase.Errorf("the connection has broken")
	}
	if err := take(ctx, l, false); err != nil {
		return err
	}
	c.take = take
	return nil
}

// letGo gives the lock up with the next end of the connection.
func (c *conn) letGo() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.take, c.lost = nil, nil
}

// cut ends the connection to a machine whose power is about to be cut, and has every
// command fail from now on.
func (c *conn) cut() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.off = true
	if c.link != nil {
		c.link.Close()
		c.link = nil
	}
}

// restore lets commands through again. A machine that was off has no lock.
func (c *conn) restore(booted bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.off = false
	if booted {
		c.take, c.lost = nil, nil
	}
}

// isOff reports whether the machine's power was cut.
func (c *conn) isOff() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.off
}

// loggedIn is who has logged in; "" before anybody has.
func (c *conn) loggedIn() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.user
}

// ports is that of its sshd.
func (c *conn) ports() []int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.DeleteFunc([]int{c.port}, func(p int) bool { return p == 0 })
}

// reached reports whether the machine was reached at all.
func (c *conn) reached() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.port != 0
}

// drop ends a connection that has broken.
func (c *conn) drop(l *link) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.link == l {
		c.link = nil
	}
	l.Close()
}

// watch asks now and then whether the machine is there, until the connection ends. A
// connection that does not answer is dropped.
func (c *conn) watch(ctx context.Context, l *link) {
	ctx, ended := context.WithCancel(ctx)
	defer ended()
	c.all.Go(func() {
		defer ended()
		defer close(l.ended)
		_ = l.Wait() // why does not matter: the next command tells
	})
	tick := time.NewTicker(aliveEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			c.drop(l)
			return
		case <-tick.C:
			late := time.AfterFunc(aliveWithin, func() { c.drop(l) })
			_, _, err := l.SendRequest("keepalive@openssh.com", true, nil)
			late.Stop()
			if err != nil {
				c.drop(l)
				return
			}
		}
	}
}

// open opens a session. A connection that turns out to be broken is opened anew, once.
func (c *conn) open(ctx context.Context) (*ssh.Session, error) {
	var errs []error
	for range 2 {
		l, err := c.get(ctx)
		if err != nil {
			return nil, errors.Join(append(errs, err)...)
		}
		s, err := c.openSession(ctx, l)
		if err == nil {
			return s, nil
		}
		errs = append(errs, err)
		if ctx.Err() != nil {
			break
		}
		c.drop(l)
	}
	return nil, errors.Join(errs...)
}

// openSession gives up when the context ends; the session that comes then is closed.
func (c *conn) openSession(ctx context.Context, l *link) (*ssh.Session, error) {
	type opened struct {
		s   *ssh.Session
		err error
	}
	done := make(chan opened)
	c.all.Go(func() {
		s, err := l.NewSession()
		select {
		case done <- opened{s, err}:
		case <-ctx.Done():
			if err == nil {
				_ = s.Close() // nobody wants it any more
			}
		}
	})
	select {
	case o := <-done:
		return o.s, o.err
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

// close ends the connection for good.
func (c *conn) close() {
	c.mu.Lock()
	c.closed = true
	l := c.link
	c.link = nil
	c.mu.Unlock()
	if l != nil {
		l.Close()
	}
	c.all.Wait()
}
