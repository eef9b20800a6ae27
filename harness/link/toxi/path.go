package toxi

import (
	"context"
	"errors"
	"io"
	"net"
	"sync"
	"syscall"
	"time"

	"drillbook/harness/link"
	"drillbook/harness/phrase"
)

const (
	// connectWithin is how long a test connection may take to open.
	connectWithin = time.Second
	// silentFor is how long a half-open link must swallow a byte in silence.
	silentFor = 100 * time.Millisecond
	// resetWithin is how much later than its delay a reset may come.
	resetWithin = 2 * time.Second
)

// errNotImposed means that no condition is imposed.
var errNotImposed = phrase.Errorf("nothing is imposed")

// path is one link, and the proxy that it is.
type path struct {
	network *Network
	route   link.Route
	name    string // of the proxy
	near    string // where the near end dials
	ours    string // where the harness dials

	mu      sync.Mutex // held while the proxy is changed or read; guards the rest
	imposed *link.Condition
}

// String names the two ends and the network.
func (p *path) String() string { return p.Phrase().Text }

// Phrase is String for reports.
func (p *path) Phrase() phrase.Phrase { return link.Name(p.route) }

// Mechanism says that there is a relay.
func (p *path) Mechanism() phrase.Phrase {
	return phrase.Say("Toxiproxy relays the TCP connections; it accepts them even when %s is dead", p.route.To)
}

// Addr is the relay's address.
func (p *path) Addr() string { return p.near }

// Impose clears what is imposed and brings about the condition.
func (p *path) Impose(ctx context.Context, c link.Condition) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	toxics, err := toxicsOf(c)
	if err == nil {
		err = p.clear(ctx)
	}
	if err == nil {
		p.imposed = &c // before it is so: what is half done must be cleared too
		err = p.add(ctx, c, toxics)
	}
	if err != nil {
		return phrase.Errorf("impose %s on %s: %w", c, p, err)
	}
	return nil
}

func (p *path) add(ctx context.Context, c link.Condition, toxics []toxic) error {
	if c.Kind == link.Refuse {
		return p.network.api.enable(ctx, p.name, false)
	}
	for _, t := range toxics {
		if err := p.network.api.add(ctx, p.name, t); err != nil {
			return err
		}
	}
	return nil
}

// Clear removes all toxics and lets the relay listen again. Clearing a
// half-open link ends the connections that it held.
func (p *path) Clear(ctx context.Context) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.imposed == nil {
		return nil
	}
	if err := p.clear(ctx); err != nil {
		return phrase.Errorf("clear %s: %w", p, err)
	}
	return nil
}

// clear goes by what the server has; mu is held.
func (p *path) clear(ctx context.Context) error {
	seen, err := p.network.api.proxy(ctx, p.name)
	if err != nil {
		return err
	}
	for _, t := range seen.ActiveToxics {
		if err := p.network.api.take(ctx, p.name, t.Name); err != nil {
			return err
		}
	}
	if !seen.Enabled {
		if err := p.network.api.enable(ctx, p.name, true); err != nil {
			return err
		}
	}
	p.imposed = nil
	return nil
}

// Confirm reads the condition back and, where a test connection can show it,
// tries it.
func (p *path) Confirm(ctx context.Context) (phrase.Phrase, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.imposed == nil {
		return phrase.Phrase{}, phrase.Errorf("confirm %s: %w", p, errNotImposed)
	}
	c := *p.imposed
	err := p.readBack(ctx, c)
	var effect phrase.Phrase
	if err == nil {
		effect, err = p.effect(ctx, c)
	}
	if err != nil {
		return phrase.Phrase{}, phrase.Errorf("confirm %s on %s: %w", c, p, err)
	}
	return phrase.Say("toxiproxy says that the link has %s; %s", c, effect), nil
}

// readBack compares what the server has with what it shall have.
func (p *path) readBack(ctx context.Context, c link.Condition) error {
	seen, err := p.network.api.proxy(ctx, p.name)
	if err != nil {
		return err
	}
	if refused := c.Kind == link.Refuse; seen.Enabled == refused {
		return phrase.Errorf("toxiproxy says that the link is enabled: %v", seen.Enabled)
	}
	want, err := toxicsOf(c)
	if err != nil {
		return err
	}
	return sameToxics(seen.ActiveToxics, want)
}

// effect tries the link and says what happened.
func (p *path) effect(ctx context.Context, c link.Condition) (phrase.Phrase, error) {
	switch c.Kind {
	case link.Refuse:
		return p.seesRefusal(ctx)
	case link.Reset:
		return p.seesEnd(ctx, c.Delay+resetWithin)
	case link.HalfOpen:
		return p.seesSilence(ctx)
	case link.Latency, link.Bandwidth, link.SlowClose, link.Drop:
	}
	return phrase.Say("its effect shows in what clients measure"), nil
}

// seesRefusal dials. Behind a published port the engine accepts first, and
// then ends the connection.
func (p *path) seesRefusal(ctx context.Context) (phrase.Phrase, error) {
	conn, err := p.connect(ctx)
	if errors.Is(err, syscall.ECONNREFUSED) {
		return phrase.Say("a test connection was refused"), nil
	}
	if err != nil {
		return phrase.Phrase{}, err
	}
	if err := ask(conn, silentFor); !ends(err) {
		return phrase.Phrase{}, unlike(phrase.Say("a test connection was neither refused nor ended"), err)
	}
	return phrase.Say("a test connection was ended at once"), nil
}

// seesEnd sends a byte, which goes no further than the relay, and waits for
// the connection to end.
func (p *path) seesEnd(ctx context.Context, within time.Duration) (phrase.Phrase, error) {
	conn, err := p.connect(ctx)
	if err != nil {
		return phrase.Phrase{}, err
	}
	began := time.Now()
	err = ask(conn, within)
	took := time.Since(began).Round(time.Millisecond)
	switch {
	case errors.Is(err, syscall.ECONNRESET):
		return phrase.Say("a test connection was reset %s after it sent a byte", took), nil
	case ends(err):
		return phrase.Say("a test connection was ended %s after it sent a byte", took), nil
	}
	return phrase.Phrase{}, unlike(phrase.Say("a test connection is still open %s after it sent a byte", took), err)
}

// seesSilence sends a byte, which goes no further than the relay, and waits
// for nothing to happen.
func (p *path) seesSilence(ctx context.Context) (phrase.Phrase, error) {
	conn, err := p.connect(ctx)
	if err != nil {
		return phrase.Phrase{}, err
	}
	err = ask(conn, silentFor)
	if timeout, ok := errors.AsType[net.Error](err); !ok || !timeout.Timeout() {
		return phrase.Phrase{}, unlike(phrase.Say("a test connection got an answer, or its end"), err)
	}
	return phrase.Say("a byte on a test connection got neither an answer nor an end within %s", silentFor), nil
}

// unlike says that a test connection did not go as it should: how instead, or, if
// err is nil, that it was answered.
func unlike(what phrase.Phrase, err error) error {
	if err == nil {
		return phrase.Errorf("%s: it was answered", what)
	}
	return phrase.Errorf("%s: %w", what, err)
}

// Cleared reads back that nothing is imposed, and connects.
func (p *path) Cleared(ctx context.Context) (phrase.Phrase, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	seen, err := p.network.api.proxy(ctx, p.name)
	if err == nil && !seen.Enabled {
		err = phrase.Errorf("toxiproxy says that it refuses")
	}
	if err == nil {
		err = sameToxics(seen.ActiveToxics, nil)
	}
	if err == nil {
		var conn net.Conn
		if conn, err = p.connect(ctx); err == nil {
			err = conn.Close()
		}
	}
	if err != nil {
		return phrase.Phrase{}, phrase.Errorf("confirm that %s is clear: %w", p, err)
	}
	return phrase.Say("toxiproxy says that nothing is imposed; a test connection to it opened"), nil
}

func (p *path) connect(ctx context.Context) (net.Conn, error) {
	return (&net.Dialer{Timeout: connectWithin}).DialContext(ctx, "tcp", p.ours)
}

// ask sends a byte, waits for one and closes the connection. It returns why
// none came, nil if one did.
func ask(conn net.Conn, within time.Duration) error {
	err := conn.SetDeadline(time.Now().Add(within))
	if err == nil {
		_, err = conn.Write([]byte{0})
	}
	if err == nil {
		_, err = conn.Read(make([]byte, 1))
	}
	_ = conn.Close() // whether it still could be closed says nothing
	return err
}

// ends reports whether an error says that the other side ended a connection.
func ends(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE)
}
