package calibrate

import (
	"bufio"
	"context"
	"errors"
	"net"
	"os"
	"sync"
	"syscall"
	"time"

	"drillbook/harness/phrase"
	"drillbook/harness/wait"
)

// OutageKind is how the server is out.
type OutageKind string

// The kinds of outage.
const (
	// Reset: connections are reset, and connecting is refused at once, as by
	// a process that has died on a host that lives.
	Reset OutageKind = "reset"
	// Hang: connections are accepted and nothing is answered until the end,
	// when everything is, as by a process that was stopped and goes on.
	Hang OutageKind = "hang"
	// Blackhole: what is sent is lost, attempts to connect included, as on a
	// network that is cut.
	Blackhole OutageKind = "blackhole"
)

// OutageKinds returns all kinds.
func OutageKinds() []OutageKind { return []OutageKind{Reset, Hang, Blackhole} }

// server answers every line with a line, on loopback, but for the outages that
// it is told to have. It knows when it was out.
type server struct {
	addr    string
	service time.Duration // that every answer takes

	mu       sync.Mutex // guards all below
	out      OutageKind // "": it serves
	listener *net.TCPListener
	conns    map[net.Conn]bool
	fillers  []net.Conn // of the queue that a blackhole is made of
	closed   bool

	healed wait.Broadcast // woken when an outage ends

	work sync.WaitGroup
}

func newServer(service time.Duration) (*server, error) {
	s := &server{service: service, conns: map[net.Conn]bool{}}
	l, err := listen("127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s.listener, s.addr = l, l.Addr().String()
	s.work.Go(func() { s.accept(l) })
	return s, nil
}

func listen(addr string) (*net.TCPListener, error) {
	at, err := net.ResolveTCPAddr("tcp", addr)
	if err != nil {
		return nil, err
	}
	l, err := net.ListenTCP("tcp", at)
	if err != nil {
		return nil, phrase.Errorf("listen for the calibration: %w", err)
	}
	return l, nil
}

// accept takes connections until the listener is closed. While a deadline holds
// it back, it waits for the end of the outage.
func (s *server) accept(l *net.TCPListener) {
	for {
		c, err := l.Accept()
		if errors.Is(err, os.ErrDeadlineExceeded) {
			s.awaitEnd(Blackhole)
			continue
		}
		if err != nil {
			return
		}
		s.mu.Lock()
		if s.closed || s.out == Reset {
			s.mu.Unlock()
			reset(c)
			continue
		}
		s.conns[c] = true
		s.mu.Unlock()
		s.work.Go(func() { s.serve(c) })
	}
}

// serve answers the lines of one connection, but for those that are lost.
func (s *server) serve(c net.Conn) {
	defer func() {
		s.mu.Lock()
		delete(s.conns, c)
		s.mu.Unlock()
		_ = c.Close() // either side may have ended it
	}()
	lines := bufio.NewScanner(c)
	for lines.Scan() {
		if !s.arrives() {
			continue
		}
		if s.service > 0 {
			<-time.After(s.service)
		}
		if _, err := c.Write([]byte("ok\n")); err != nil {
			return
		}
	}
}

// arrives waits while the server hangs. It reports false for what a blackhole
// swallows.
func (s *server) arrives() bool {
	return s.awaitEnd(Hang) != Blackhole
}

// awaitEnd waits while the server is out in the given way, and returns how it is out
// afterwards.
func (s *server) awaitEnd(how OutageKind) OutageKind {
	for {
		next := s.healed.Next()
		s.mu.Lock()
		out := s.out
		s.mu.Unlock()
		if out != how {
			return out
		}
		<-next
	}
}

// begin takes the server out, and returns since when it is.
func (s *server) begin(ctx context.Context, how OutageKind) (time.Time, error) {
	s.mu.Lock()
	s.out = how
	began := time.Now()
	l := s.listener
	if how == Reset {
		for c := range s.conns {
			reset(c)
		}
	}
	s.mu.Unlock()
	switch how {
	case Reset:
		return began, l.Close()
	case Blackhole:
		return began, s.swallow(ctx, l)
	case Hang:
	}
	return began, nil
}

// swallow makes the kernel drop every attempt to connect: it does so where a
// queue of connections that nobody accepts is full.
func (s *server) swallow(ctx context.Context, l *net.TCPListener) error {
	if err := l.SetDeadline(time.Unix(1, 0)); err != nil {
		return phrase.Errorf("stop accepting: %w", err)
	}
	if err := backlog(l, 0); err != nil {
		return err
	}
	for range 64 { // the queue holds one or two
		ctx, cancel := context.WithTimeout(ctx, 20*time.Millisecond)
		var d net.Dialer
		c, err := d.DialContext(ctx, "tcp", s.addr)
		cancel()
		if err != nil {
			return nil //nolint:nilerr // nothing is accepted any more
		}
		s.mu.Lock()
		s.fillers = append(s.fillers, c)
		s.mu.Unlock()
	}
	return phrase.Errorf("take connections off: the kernel goes on accepting them")
}

func backlog(l *net.TCPListener, n int) error {
	raw, err := l.SyscallConn()
	if err != nil {
		return phrase.Errorf("shorten the queue of connections: %w", err)
	}
	var failed error
	err = raw.Control(func(fd uintptr) { failed = syscall.Listen(int(fd), n) })
	if err := errors.Join(err, failed); err != nil {
		return phrase.Errorf("shorten the queue of connections: %w", err)
	}
	return nil
}

// end lets the server serve again, and returns since when it does.
func (s *server) end() (time.Time, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var err error
	switch s.out {
	case Reset:
		if s.listener, err = listen(s.addr); err != nil {
			return time.Time{}, err
		}
		l := s.listener
		s.work.Go(func() { s.accept(l) })
	case Blackhole:
		err = errors.Join(backlog(s.listener, 128), s.listener.SetDeadline(time.Time{}))
		s.closeFillers()
	case Hang:
	}
	s.out = ""
	ended := time.Now()
	s.healed.Wake()
	return ended, err
}

// close ends the server and all connections.
func (s *server) close() error {
	s.mu.Lock()
	s.closed = true
	if s.out != "" {
		s.out = ""
		s.healed.Wake()
	}
	err := s.listener.Close()
	s.closeFillers()
	for c := range s.conns {
		_ = c.Close() // their clients have gone
	}
	s.mu.Unlock()
	s.work.Wait()
	if errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}

// closeFillers is called with the lock held.
func (s *server) closeFillers() {
	for _, c := range s.fillers {
		_ = c.Close() // nobody waits for it
	}
	s.fillers = nil
}

// reset ends a connection with a reset.
func reset(c net.Conn) {
	if t, ok := c.(*net.TCPConn); ok {
		_ = t.SetLinger(0) // without it the end is merely not a reset
	}
	_ = c.Close()
}
