package ssh

import (
	"context"
	"sync"

	"golang.org/x/crypto/ssh"
)

// mostSessions is how many sessions are open at once on a connection. An sshd allows ten,
// unless its MaxSessions says otherwise: the lock has one of them, and as many as are open may
// have ended here and not yet there.
const mostSessions = 4

// session is a session with its place among those of the connection.
type session struct {
	*ssh.Session

	free func() // gives the place up; it may be called again
}

// Close ends the session.
func (s *session) Close() error {
	defer s.free()
	return s.Session.Close()
}

// session opens a session, once there is a place for it.
func (c *conn) session(ctx context.Context) (*session, error) {
	select {
	case c.places <- struct{}{}:
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	return c.sessionInPlace(ctx)
}

// sessionInPlace opens a session that has its place.
func (c *conn) sessionInPlace(ctx context.Context) (*session, error) {
	free := sync.OnceFunc(func() { <-c.places })
	s, err := c.open(ctx)
	if err != nil {
		free()
		return nil, err
	}
	return &session{s, free}, nil
}

// consoles are the connections that consoles of a machine are attached on. Each console stays
// open, and there may be many. They take no lock: the connection of the commands has it.
type consoles struct {
	mu  sync.Mutex // guards all
	all []*conn
}

// session opens a session on the first connection that has a place, or on another one.
func (k *consoles) session(ctx context.Context, file, destination string) (*session, error) {
	return k.withPlace(file, destination).sessionInPlace(ctx)
}

func (k *consoles) withPlace(file, destination string) *conn {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, c := range k.all {
		select {
		case c.places <- struct{}{}:
			return c
		default:
		}
	}
	c := newConn(file, destination)
	c.places <- struct{}{}
	k.all = append(k.all, c)
	return c
}

// close ends all of them.
func (k *consoles) close() {
	k.mu.Lock()
	all := k.all
	k.mu.Unlock()
	for _, c := range all {
		c.close()
	}
}
