package calibrate

import (
	"bufio"
	"context"
	"errors"
	"net"
	"time"

	"drillbook/harness/driver"
	"drillbook/harness/phrase"
)

// session is a conversation of the probe with the dummy server: it sends a line
// and waits for one.
type session struct {
	c       net.Conn
	answers *bufio.Reader
}

// dial opens a session as a driver does.
func dial(ctx context.Context, addr string, reached func(context.Context) error) (driver.Session, error) {
	var d net.Dialer
	c, err := d.DialContext(ctx, "tcp", addr)
	if err != nil {
		return nil, phrase.Errorf("%w: %w", driver.ErrRefused, err)
	}
	if err := reached(ctx); err != nil {
		return nil, errors.Join(err, c.Close())
	}
	s := &session{c: c, answers: bufio.NewReader(c)}
	if err := s.ask(ctx, "hello"); err != nil { // as a database's client does before its first statement
		return nil, errors.Join(err, c.Close())
	}
	return s, nil
}

// ask sends a line and waits for the answer. It ends with its context.
func (s *session) ask(ctx context.Context, line string) error {
	defer context.AfterFunc(ctx, func() { _ = s.c.SetDeadline(time.Unix(1, 0)) })()
	_, err := s.c.Write([]byte(line + "\n"))
	if err == nil {
		_, err = s.answers.ReadString('\n')
	}
	if err != nil {
		return errors.Join(err, driver.ErrBroken)
	}
	return nil
}

// Write sends the token.
func (s *session) Write(ctx context.Context, t driver.Token) (driver.Ack, error) {
	return driver.Ack{}, s.ask(ctx, t.String())
}

// Read asks for nothing in particular.
func (s *session) Read(ctx context.Context, run string, _ int) (driver.Seen, error) {
	return driver.Seen{}, s.ask(ctx, run)
}

// Role asks for nothing in particular.
func (s *session) Role(ctx context.Context) (driver.Role, error) {
	return driver.Primary, s.ask(ctx, "role")
}

// Tokens returns none: the dummy server stores nothing.
func (s *session) Tokens(context.Context, string) ([]driver.Stored, error) { return nil, nil }

// Close ends the connection.
func (s *session) Close() error { return s.c.Close() }
