package ssh

import (
	"bufio"
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"sync"

	"golang.org/x/crypto/ssh"

	"drillbook/harness/host"
	"drillbook/harness/phrase"
)

// Attach runs a command on a terminal of the machine that neither echoes nor changes ends
// of lines.
func (n *Node) Attach(ctx context.Context, c host.Command) (host.Console, error) {
	s, err := n.consoles.session(ctx, n.h.cfg.Settings, n.m.Reach)
	if err != nil {
		return nil, phrase.Errorf("attach to %s: %w", n.m.Name, err)
	}
	k, err := n.attach(ctx, s, c)
	if err != nil {
		return nil, errors.Join(phrase.Errorf("attach to %s: %w", n.m.Name, err), s.Close())
	}
	return k, nil
}

func (n *Node) attach(ctx context.Context, s *session, c host.Command) (*console, error) {
	const rows, columns = 50, 200
	if err := s.RequestPty("dumb", rows, columns, ssh.TerminalModes{ssh.ECHO: 0, ssh.ONLCR: 0}); err != nil {
		return nil, err
	}
	in, err := s.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := s.StdoutPipe()
	if err != nil {
		return nil, err
	}
	as, file := n.asUser(c.User), n.file("pid")
	k := &console{s: s, kill: func() { n.kill(ctx, as, file) }, in: in, out: bufio.NewReader(out)}
	argv := slices.Concat(as, n.environment(), []string{"sh", "-c", `echo $$ >"$0"; exec "$@"`, file}, c.Argv)
	if err := s.Start(n.behindMark("cd / && exec " + host.Quoted(argv...))); err != nil {
		return nil, err
	}
	stop := context.AfterFunc(ctx, func() { _ = s.Close() }) // which ends the reading
	for range 2 {                                            // on a terminal, both marks come on one stream
		if err := k.skipTo(n.mark); err != nil {
			return nil, err
		}
	}
	if !stop() {
		return nil, context.Cause(ctx)
	}
	_, err = io.WriteString(k, c.Input())
	return k, err
}

// console is a command on a terminal.
type console struct {
	s    *session
	kill func() // the command
	in   io.Writer
	out  *bufio.Reader
	once sync.Once
	err  error // of closing
}

// skipTo reads up to a line that ends so.
func (k *console) skipTo(mark string) error {
	for {
		line, err := k.out.ReadString('\n')
		if err != nil {
			return err
		}
		if strings.HasSuffix(strings.TrimRight(line, "\r\n"), mark) {
			return nil
		}
	}
}

func (k *console) Read(p []byte) (int, error)  { return k.out.Read(p) }
func (k *console) Write(p []byte) (int, error) { return k.in.Write(p) }

// Close ends the command.
func (k *console) Close() error {
	k.once.Do(func() {
		k.kill()
		if err := k.s.Close(); err != nil && !errors.Is(err, io.EOF) {
			k.err = err
		}
	})
	return k.err
}
