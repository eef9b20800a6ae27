package container

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/netip"
	"sync"
	"time"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/pkg/stdcopy"

	"drillbook/harness/host"
	"drillbook/harness/phrase"
	"drillbook/harness/wait"
)

const (
	// settleDeadline is how long the engine may take to show what it says it
	// has done.
	settleDeadline = 5 * time.Second
	// stopGrace is how long a node may take to end when it is asked to.
	stopGrace = 60 * time.Second
)

// node is a container on both networks. The fields that have no guard are set
// before Launch returns and do not change.
type node struct {
	host *Host
	name string
	id   string // of the container
	ips  map[host.Network]netip.Addr

	disk disk // of its own, if it has one

	shells shells
	admin  helper

	published published

	networkMu    sync.Mutex              // held while networks are connected or disconnected; guards disconnected
	disconnected map[host.Network]string // by Kill, with the addresses: Start reconnects those that are still in it
}

// Name is the node's name on its host, and its host name.
func (n *node) Name() string { return n.name }

// State is what the engine says of the container, and whether Kill has left it
// half killed.
func (n *node) State(ctx context.Context) (host.State, error) {
	seen, err := n.inspect(ctx)
	if err != nil {
		return "", phrase.Errorf("state of node %s: %w", n.name, err)
	}
	state := stateOf(seen)
	n.networkMu.Lock()
	defer n.networkMu.Unlock()
	if state == host.Running && len(n.disconnected) > 0 {
		return host.Severed, nil
	}
	return state, nil
}

func stateOf(seen container.InspectResponse) host.State {
	switch {
	case seen.State.Paused:
		return host.Frozen
	case seen.State.Running:
		return host.Running
	default:
		return host.Ended
	}
}

func (n *node) inspect(ctx context.Context) (container.InspectResponse, error) {
	seen, err := n.host.engine.cli.ContainerInspect(ctx, n.id)
	return seen, wrapGone(err)
}

// Start starts the container, on the networks that it was on when it was
// killed, and does not wait for any port: what it serves after a second boot is
// up to its image. If the image says when it has booted, Start waits for that.
func (n *node) Start(ctx context.Context) error {
	if err := n.reconnectNetworks(ctx); err != nil {
		return phrase.Errorf("start node %s: %w", n.name, err)
	}
	err := n.changeState(ctx, "start", host.Running, func() error {
		return n.host.engine.cli.ContainerStart(ctx, n.id, container.StartOptions{})
	})
	if err != nil {
		return err
	}
	if err := errors.Join(n.readAddresses(ctx), n.awaitBoot(ctx)); err != nil {
		return phrase.Errorf("start node %s: %w", n.name, err)
	}
	return nil
}

// Stop sends the image's stop signal. A node that does not end within a
// minute is killed, which is an error.
func (n *node) Stop(ctx context.Context) error {
	began, grace := time.Now(), int(stopGrace.Seconds())
	err := n.changeState(ctx, "stop", host.Ended, func() error {
		return n.host.engine.cli.ContainerStop(ctx, n.id, container.StopOptions{Timeout: &grace})
	})
	if err == nil && time.Since(began) >= stopGrace {
		return phrase.Errorf("stop node %s: it did not end within %s and was killed", n.name, stopGrace)
	}
	return err
}

// Kill takes the node away as the loss of its power does: nobody is told. The
// kernel would tell them, since it resets the connections of processes that
// are killed, and clients would know of the loss within a millisecond. So both
// networks are taken away first, some 0.1 s before all processes get SIGKILL.
func (n *node) Kill(ctx context.Context) error {
	if s, err := n.State(ctx); err != nil || s == host.Ended {
		return err
	}
	if err := n.disconnectNetworks(ctx); err != nil {
		return phrase.Errorf("kill node %s: %w", n.name, err)
	}
	return n.changeState(ctx, "kill", host.Ended, func() error {
		return n.host.engine.cli.ContainerKill(ctx, n.id, "KILL")
	})
}

// KillMechanism says who is told: nobody; but where ports are published it is the
// engine's machine that clients speak to, and that stays up.
func (n *node) KillMechanism() phrase.Phrase {
	made := phrase.Say("the node's network interfaces are taken away, then all its processes are killed")
	if n.host.direct {
		return phrase.Say("%s: nobody is told", made)
	}
	return phrase.Say("%s: the other nodes are not told, but clients are: they dial ports that the engine publishes "+
		"and then no longer does, so whoever dials is refused at once, and open connections are reset at the latest "+
		"when their client next sends", made)
}

// FreezeMechanism says that the network stack goes on.
func (n *node) FreezeMechanism() phrase.Phrase {
	made := phrase.Say("the engine pauses all processes of the node at once; its kernel goes on acknowledging what " +
		"arrives")
	if n.host.direct {
		return made
	}
	return phrase.Say("%s, and a proxy of the engine may accept clients in its place", made)
}

// Freeze pauses the container's control group: all its processes at once,
// while its network stack goes on acknowledging what arrives. A process that
// waits for its file system cannot be paused, so it is tried again for a while.
func (n *node) Freeze(ctx context.Context) error {
	return n.changeState(ctx, "freeze", host.Frozen, func() error {
		return wait.For(ctx, phrase.Say("all processes to pause"), settleDeadline, func(ctx context.Context) error {
			err := n.host.engine.cli.ContainerPause(ctx, n.id)
			if s, stateErr := n.State(ctx); stateErr == nil && s != host.Running {
				return nil // it is paused, or cannot be
			}
			return err
		})
	})
}

// Thaw undoes Freeze.
func (n *node) Thaw(ctx context.Context) error {
	return n.changeState(ctx, "thaw", host.Running, func() error {
		return n.host.engine.cli.ContainerUnpause(ctx, n.id)
	})
}

// changeState has the engine do something, and returns once the node is in the
// wanted state. It is no error if the node was in that state before.
func (n *node) changeState(ctx context.Context, verb string, want host.State, do func() error) error {
	n.shells.rest()
	err := do()
	if err != nil {
		if s, stateErr := n.State(ctx); stateErr == nil && s == want {
			n.shells.wake(want)
			return nil
		}
		return phrase.Errorf("%s node %s: %w", verb, n.name, wrapGone(err))
	}
	err = wait.For(ctx, phrase.Say("it to be %s", string(want)), settleDeadline, func(ctx context.Context) error {
		s, err := n.State(ctx)
		if err == nil && s != want {
			err = phrase.Errorf("the engine says that it is %s", s)
		}
		return err
	})
	if err != nil {
		return phrase.Errorf("%s node %s: %w", verb, n.name, err)
	}
	n.shells.wake(want)
	return nil
}

// Logs is a copy of what the main process has printed on both its streams.
func (n *node) Logs(ctx context.Context) (io.ReadCloser, error) {
	stream, err := n.host.engine.cli.ContainerLogs(
		ctx,
		n.id,
		container.LogsOptions{ShowStdout: true, ShowStderr: true},
	)
	if err != nil {
		return nil, phrase.Errorf("read the output of node %s: %w", n.name, err)
	}
	var text bytes.Buffer
	_, err = stdcopy.StdCopy(&text, &text, stream)
	if err = errors.Join(err, stream.Close()); err != nil {
		return nil, phrase.Errorf("read the output of node %s: %w", n.name, err)
	}
	return io.NopCloser(&text), nil
}
