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

// conn is the one connection to a machine. It is opened when it is needed, and anew when
// it has broken.
type conn struct {
	file, destination string

	mu     sync.Mutex // guards link, port and closed; held while it is opened
	link   *link
	port   int // of its sshd; 0 before it was reached
	closed bool
	all    sync.WaitGroup // goroutines of the connection
}

// errClosed means that the host was closed.
var errClosed = phrase.Errorf("the connection was closed")

// get returns the connection, and opens it if there is none.
func (c *conn) get(ctx context.Context) (*link, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.closed:
		return nil, errClosed
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
	c.link = l
	c.port, _ = strconv.Atoi(s.port) // ssh has checked it
	c.all.Go(func() { c.watch(context.WithoutCancel(ctx), l) })
	return l, nil
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

// session opens a session. A connection that turns out to be broken is opened anew, once.
func (c *conn) session(ctx context.Context) (*ssh.Session, error) {
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
