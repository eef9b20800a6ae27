package ssh

import (
	"context"
	"errors"
	"net"
	"os"
	"slices"
	"time"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"

	"drillbook/harness/phrase"
)

// connectWithin bounds one hop.
const connectWithin = 15 * time.Second

// link is a connection to a machine, with those to the machines on the way.
type link struct {
	*ssh.Client

	hops  []*ssh.Client // the nearest first
	ended chan struct{} // closed once the connection has ended
}

// dialError is that of dialling an address.
type dialError struct {
	error

	address string
}

func (e *dialError) Unwrap() error { return e.error }

// Close ends the connection and those on the way.
func (l *link) Close() {
	_ = l.Client.Close() // it may have ended by itself
	for _, c := range slices.Backward(l.hops) {
		_ = c.Close()
	}
}

// connect opens a connection to a destination, by way of its jump hosts.
func connect(ctx context.Context, file string, to settings) (*link, error) {
	var hops []*ssh.Client
	leave := func() {
		for _, c := range hops {
			_ = c.Close() // nothing was said on it
		}
	}
	for _, name := range to.jumps {
		s, err := settingsOf(ctx, file, name)
		if err == nil && len(s.jumps) > 0 && len(hops) == 0 {
			err = phrase.Errorf("jump host %s has a jump host of its own: name both in the ProxyJump of %s", name,
				to.said)
		}
		var c *ssh.Client
		if err == nil {
			c, err = hop(ctx, last(hops), s)
		}
		if err != nil {
			leave()
			return nil, phrase.Errorf("jump host %s: %w", name, err)
		}
		hops = append(hops, c)
	}
	c, err := hop(ctx, last(hops), to)
	if err != nil {
		leave()
		return nil, err
	}
	return &link{c, hops, make(chan struct{})}, nil
}

func last(hops []*ssh.Client) *ssh.Client {
	if len(hops) == 0 {
		return nil
	}
	return hops[len(hops)-1]
}

// hop opens a connection, through another one if there is one.
func hop(ctx context.Context, through *ssh.Client, to settings) (*ssh.Client, error) {
	ctx, done := context.WithTimeout(ctx, connectWithin)
	defer done()
	check, algorithms, err := hostKeys(to)
	if err != nil {
		return nil, err
	}
	signers, leave, err := identities(ctx, to)
	if err != nil {
		return nil, err
	}
	defer leave()
	dial := (&net.Dialer{}).DialContext
	if through != nil {
		dial = through.DialContext
	}
	raw, err := dial(ctx, "tcp", to.address())
	if err != nil {
		return nil, &dialError{phrase.Errorf("dial %s: %w", to.address(), err), to.address()}
	}
	stop := context.AfterFunc(ctx, func() { _ = raw.Close() }) // a handshake knows no context
	c, channels, requests, err := ssh.NewClientConn(raw, to.address(), &ssh.ClientConfig{
		User: to.user, Auth: []ssh.AuthMethod{ssh.PublicKeys(signers...)},
		HostKeyCallback: check, HostKeyAlgorithms: algorithms,
	})
	if !stop() && err == nil {
		err = errors.Join(context.Cause(ctx), c.Close())
	}
	if err != nil {
		_ = raw.Close() // it failed
		return nil, to.explain(err, len(signers))
	}
	return ssh.NewClient(c, channels, requests), nil
}

// explain says what a person can do about a failed handshake.
func (s settings) explain(err error, keys int) error {
	if errors.Is(err, errHostKey) || errors.Is(err, errOtherKey) {
		return err
	}
	return phrase.Errorf("log in to %s as %s with %d keys: %w: `%s` must work without a question", s.address(),
		s.user, keys, err, s.typed("", "true"))
}

// identities are the keys of the agent and of the files. Leave ends the connection to the
// agent, which signs until then.
func identities(ctx context.Context, s settings) (all []ssh.Signer, leave func(), err error) {
	leave = func() {}
	if s.agent != "" {
		if c, err := (&net.Dialer{}).DialContext(ctx, "unix", s.agent); err == nil {
			leave = func() { _ = c.Close() } // it has signed
			if signers, err := agent.NewClient(c).Signers(); err == nil {
				all = append(all, signers...)
			}
		}
	}
	var locked []string
	for _, file := range s.keys {
		text, err := os.ReadFile(file) //nolint:gosec // the person's own configuration names it
		if err != nil {
			continue
		}
		signer, err := ssh.ParsePrivateKey(text)
		if _, ok := errors.AsType[*ssh.PassphraseMissingError](err); ok {
			locked = append(locked, file)
		}
		if err == nil {
			all = append(all, signer)
		}
	}
	switch {
	case len(all) > 0:
		return all, leave, nil
	case len(locked) > 0:
		err = phrase.Errorf("the key %s has a passphrase: give it to the agent by `ssh-add %s`", locked[0], locked[0])
	default:
		err = phrase.Errorf("there is no key for %s, neither from an agent nor in a file that ssh names: "+
			"`ssh-add -l`, `%s`", s.said, s.typed("-G"))
	}
	leave()
	return nil, nil, err
}
