package local

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"time"

	"drillbook/harness/host"
	"drillbook/harness/host/roster"
	"drillbook/harness/phrase"
)

// dialDeadline is how long one try to dial a node's first port may take.
const dialDeadline = 250 * time.Millisecond

// Launch makes the node's folder from what is installed here, starts its main
// process and waits until its first port accepts connections.
func (h *Host) Launch(ctx context.Context, spec host.Spec) (host.Node, error) {
	return h.nodes.Launch(ctx, spec.Name, func(ctx context.Context) (host.Node, error) {
		n, err := h.admit(spec)
		if err != nil {
			return nil, err
		}
		if err := h.launch(ctx, n, spec); err != nil {
			return nil, errors.Join(err, h.dismiss(ctx, n))
		}
		return n, nil
	})
}

// admit finds out how to run a node here.
func (h *Host) admit(spec host.Spec) (*node, error) {
	installed, err := Find(spec.Image)
	if err != nil {
		return nil, err
	}
	if spec.Disk.Size > 0 {
		return nil, phrase.Errorf("a disk of its own for a node needs containers: %w", host.ErrUnsupported)
	}
	if spec.NetAdmin {
		return nil, phrase.Errorf("a node that changes its network needs containers, since all nodes share that "+
			"of this "+
			"machine: %w", host.ErrUnsupported)
	}
	if err := h.addresses.admit(spec.Name); err != nil {
		return nil, err
	}
	root := filepath.Join(h.folder, spec.Name)
	n := &node{host: h, name: spec.Name, root: root, log: root + ".log", installed: installed}
	n.native, n.command = spec.Image.Native, spec.Command
	if n.command == nil {
		n.command = n.native.Command
	}
	if len(n.command) == 0 {
		return nil, phrase.Errorf("neither the spec nor the image says what to run")
	}
	n.env = n.environment(spec)
	return n, nil
}

// dismiss removes what there is of the node.
func (h *Host) dismiss(ctx context.Context, n *node) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeDeadline)
	defer cancel()
	_, err := remove(ctx, n.root)
	return errors.Join(err, n.join(ctx), os.RemoveAll(n.log))
}

func (h *Host) launch(ctx context.Context, n *node, spec host.Spec) error {
	if err := h.furnish(ctx, n, spec); err != nil {
		return err
	}
	if err := n.boot(); err != nil { //nolint:contextcheck // the main process lives as long as the host
		return err
	}
	if len(spec.Ports) == 0 {
		return roster.AwaitBoot(ctx, n, n.native.Booted)
	}
	return roster.Await(ctx, n, phrase.Say("port %d to accept", spec.Ports[0]), func(ctx context.Context) error {
		c, err := (&net.Dialer{Timeout: dialDeadline}).DialContext(ctx, "tcp", h.addresses.of(n.name, spec.Ports[0]))
		if err != nil {
			return err
		}
		return c.Close()
	})
}

// Logs is a copy of what the node has printed.
func (n *node) Logs(context.Context) (io.ReadCloser, error) {
	f, err := os.Open(n.log)
	if err != nil {
		return nil, phrase.Errorf("read the output of node %s: %w", n.name, err)
	}
	return f, nil
}
