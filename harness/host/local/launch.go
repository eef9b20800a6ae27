package local

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"

	"drillbook/harness/host"
	"drillbook/harness/wait"
)

const (
	// readyDeadline is how long a node may take to boot, and its first port to
	// accept.
	readyDeadline = 60 * time.Second
	// dialDeadline is how long one try of that may take.
	dialDeadline = 250 * time.Millisecond
	// lastCount is how much of a node's output an error quotes.
	lastCount = 20
)

// Launch makes the node's folder from what is installed here, starts its main
// process and waits until its first port accepts connections.
func (h *Host) Launch(ctx context.Context, spec host.Spec) (host.Node, error) {
	n, err := h.admit(spec)
	if err != nil {
		return nil, fmt.Errorf("launch node %s: %w", spec.Name, err)
	}
	defer h.launching.Done()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(h.life, cancel)() //nolint:contextcheck // the host's end ends it too
	if err := h.launch(ctx, n, spec); err != nil {
		return nil, errors.Join(fmt.Errorf("launch node %s: %w", spec.Name, err), h.dismiss(ctx, n))
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.nodes[spec.Name] = n
	return n, nil
}

// admit takes the node's name, and counts it among those that Close waits for.
func (h *Host) admit(spec host.Spec) (*node, error) {
	installed, err := Find(spec.Image)
	if err != nil {
		return nil, err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	switch _, exists := h.nodes[spec.Name]; {
	case h.closed:
		return nil, ErrClosed
	case !validName(spec.Name):
		return nil, errors.New("the name is not made of lower-case letters, digits and dashes")
	case exists:
		return nil, errors.New("the name is taken")
	case spec.Disk.Size > 0:
		return nil, fmt.Errorf("a disk of its own for a node needs containers: %w", host.ErrUnsupported)
	case len(h.nodes) > lastSeat-firstSeat:
		return nil, fmt.Errorf("there is room for %d nodes only", lastSeat-firstSeat+1)
	}
	root := filepath.Join(h.folder, spec.Name)
	n := &node{host: h, name: spec.Name, root: root, log: root + ".log", installed: installed}
	n.native, n.command = spec.Image.Native, spec.Command
	if n.command == nil {
		n.command = n.native.Command
	}
	if len(n.command) == 0 {
		return nil, errors.New("neither the spec nor the image says what to run")
	}
	n.env = n.environment(spec)
	h.nodes[spec.Name] = nil
	h.launching.Add(1)
	return n, nil
}

// dismiss undoes admit and removes what there is of the node.
func (h *Host) dismiss(ctx context.Context, n *node) error {
	h.mu.Lock()
	delete(h.nodes, n.name)
	h.mu.Unlock()
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
		return n.awaitBoot(ctx)
	}
	return n.await(ctx, fmt.Sprintf("port %d to accept", spec.Ports[0]), func(ctx context.Context) error {
		c, err := (&net.Dialer{Timeout: dialDeadline}).DialContext(ctx, "tcp", h.addresses.of(n.name, spec.Ports[0]))
		if err != nil {
			return err
		}
		return c.Close()
	})
}

// awaitBoot waits until the node has booted, if its image says when that is.
func (n *node) awaitBoot(ctx context.Context) error {
	if n.native.Booted == "" {
		return nil
	}
	return n.await(ctx, "it to boot", func(ctx context.Context) error {
		answer, err := n.run(ctx, host.Command{Argv: []string{"sh", "-c", n.native.Booted}})
		if err == nil && answer.Code != 0 {
			err = fmt.Errorf("%q ended with code %d", n.native.Booted, answer.Code)
		}
		return err
	})
}

// await waits for something that the node is to do, and no longer once its
// main process has ended.
func (n *node) await(ctx context.Context, what string, try func(ctx context.Context) error) error {
	var ended error
	err := wait.For(ctx, what, readyDeadline, func(ctx context.Context) error {
		err := try(ctx)
		if err == nil {
			return nil
		}
		if n.hasEnded() {
			ended = errors.New("its main process has ended")
			return nil
		}
		return err
	})
	if err = errors.Join(err, ended); err != nil {
		return fmt.Errorf("%w; its last output was:\n%s", err, n.lastOutput())
	}
	return nil
}

// lastOutput is the end of what the node has printed.
func (n *node) lastOutput() string {
	text, err := os.ReadFile(n.log)
	if err != nil {
		return err.Error()
	}
	return lastLines(string(text))
}

func lastLines(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return strings.Join(lines[max(0, len(lines)-lastCount):], "\n")
}

// Logs is a copy of what the node has printed.
func (n *node) Logs(context.Context) (io.ReadCloser, error) {
	f, err := os.Open(n.log)
	if err != nil {
		return nil, fmt.Errorf("read the output of node %s: %w", n.name, err)
	}
	return f, nil
}
