package container

import (
	"context"
	"errors"
	"io"
	"sync"

	"github.com/docker/docker/api/types"
	"github.com/docker/docker/api/types/container"

	"drillbook/harness/host"
	"drillbook/harness/phrase"
)

// onTerminal runs a command on the terminal that the engine gives it, made
// wide and mute. The empty line that it prints first says that this is done.
const onTerminal = `stty -echo -onlcr cols 1000 2>/dev/null; echo; exec "$@"`

// quit is what Ctrl-\ types: the kernel's terminal ends what runs on it.
const quit = "\x1c"

// Attach runs a command on a terminal of its own.
func (n *node) Attach(ctx context.Context, c host.Command) (host.Console, error) {
	s, err := n.host.engine.attach(ctx, n.id, c)
	if err != nil {
		return nil, phrase.Errorf("attach %q in node %s: %w", c.Argv, n.name, err)
	}
	return s, nil
}

func (e *engine) attach(ctx context.Context, id string, c host.Command) (*console, error) {
	if len(c.Argv) == 0 {
		return nil, phrase.Errorf("the command is empty")
	}
	_, streams, err := e.enter(ctx, id, container.ExecOptions{
		User: c.User, Cmd: append([]string{"sh", "-c", onTerminal, "sh"}, c.Argv...), Tty: true, AttachStdin: true,
	})
	if err != nil {
		return nil, wrapGone(err)
	}
	s := &console{streams: streams}
	stop := context.AfterFunc(ctx, streams.Close)
	_, err = streams.Reader.ReadString('\n')
	if err == nil {
		_, err = io.WriteString(s, c.Input())
	}
	if !stop() {
		err = context.Cause(ctx)
	}
	if err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// console is a command on a terminal. The engine cannot end a command that it
// was asked to run, but the terminal can.
type console struct {
	streams types.HijackedResponse
	once    sync.Once
}

func (c *console) Read(p []byte) (int, error)  { return c.streams.Reader.Read(p) }
func (c *console) Write(p []byte) (int, error) { return c.streams.Conn.Write(p) }

func (c *console) Close() error {
	c.once.Do(func() {
		_, _ = io.WriteString(c.streams.Conn, quit) // it may have ended already
		c.streams.Close()
	})
	return nil
}
