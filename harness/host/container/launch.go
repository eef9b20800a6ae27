package container

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/network"
	"github.com/testcontainers/testcontainers-go"

	"drillbook/harness/host"
	"drillbook/harness/wait"
)

const (
	// readyDeadline is how long a node may take to boot, and its first port to
	// accept.
	readyDeadline = 60 * time.Second
	// dialDeadline is how long one try of that may take.
	dialDeadline = 250 * time.Millisecond
	// sharedMemory is the size of /dev/shm, which databases use; the engine's
	// default of 64 MB is too small for them.
	sharedMemory = 256 << 20
	// lastLines is how much of a node's output an error quotes.
	lastLines = 20
)

// Launch makes a container on both networks, starts it and waits until its
// first port accepts connections. It builds the image if that is not there.
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

// admit takes the node's name and seat, and counts it among those that Close
// waits for.
func (h *Host) admit(spec host.Spec) (*node, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	switch _, exists := h.nodes[spec.Name]; {
	case h.closed:
		return nil, ErrClosed
	case !validName(spec.Name):
		return nil, errors.New("the name is not made of lower-case letters, digits and dashes")
	case exists:
		return nil, errors.New("the name is taken")
	}
	seat := h.seat(spec.Name)
	if firstSeat+seat > lastSeat {
		return nil, fmt.Errorf("the networks have room for %d nodes only", lastSeat-firstSeat+1)
	}
	h.nodes[spec.Name] = nil
	h.launching.Add(1)
	return &node{host: h, name: spec.Name, ips: h.ips(seat)}, nil
}

// dismiss undoes admit and removes what there is of the node.
func (h *Host) dismiss(ctx context.Context, n *node) error {
	h.mu.Lock()
	delete(h.nodes, n.name)
	h.mu.Unlock()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeDeadline)
	defer cancel()
	var err error
	if n.id != "" {
		err = h.engine.remove(ctx, n.id)
	}
	return errors.Join(err, n.removeDisk(ctx))
}

func (h *Host) launch(ctx context.Context, n *node, spec host.Spec) error {
	ref, err := h.images.ensure(ctx, spec.Image)
	if err != nil {
		return err
	}
	if err := n.makeDisk(ctx, spec.Disk); err != nil {
		return err
	}
	made, err := h.provider.CreateContainer(ctx, h.request(n, spec, ref))
	if made != nil {
		n.id = made.GetContainerID() // even with an error: it must be removed
	}
	if err != nil {
		return err
	}
	if err := n.connect(ctx, host.Private); err != nil { // old engines take one network at creation
		return err
	}
	if err := made.Start(ctx); err != nil {
		return err
	}
	if len(spec.Ports) == 0 {
		return n.awaitBoot(ctx)
	}
	return n.await(ctx, fmt.Sprintf("port %d to accept", spec.Ports[0]), func(ctx context.Context) error {
		return n.tryPort(ctx, spec.Ports[0])
	})
}

// request says how to make the node's container.
func (h *Host) request(n *node, spec host.Spec, ref string) testcontainers.ContainerRequest {
	labels := maps.Clone(h.labels)
	labels[labelNode] = n.name
	public := h.networks[host.Public].name
	return testcontainers.ContainerRequest{
		Image:        ref,
		Name:         h.containerName(n.name),
		Entrypoint:   spec.Command,
		Env:          environment(spec),
		Labels:       labels,
		ExposedPorts: h.published(spec.Ports),
		Networks:     []string{public},
		ConfigModifier: func(c *container.Config) {
			c.Hostname = n.name
		},
		HostConfigModifier: func(c *container.HostConfig) {
			c.ExtraHosts = h.hostsFile(n.name)
			c.ShmSize = sharedMemory
			if n.disk.volume != "" {
				c.Mounts = append(c.Mounts, n.disk.at(spec.Disk.Path))
			}
		},
		EndpointSettingsModifier: func(all map[string]*network.EndpointSettings) {
			all[public] = n.endpoint(host.Public)
		},
	}
}

// environment is what the spec asks for and what every host adds: a container
// has a file system and addresses of its own.
func environment(spec host.Spec) map[string]string {
	env := map[string]string{host.EnvLog: "/proc/1/fd/1"}
	maps.Copy(env, spec.Env)
	return env
}

func (h *Host) containerName(node string) string { return "drillbook-" + h.cfg.Run + "-" + node }

// published are the ports to publish. Where nodes are dialled directly one is
// published all the same: with none, testcontainers publishes all that the
// image exposes, to the whole world.
func (h *Host) published(ports []int) []string {
	if h.direct {
		ports = ports[:min(1, len(ports))]
	}
	at := ""
	if h.direct || h.daemon == loopback {
		at = loopback + "::"
	}
	specs := make([]string, 0, len(ports))
	for _, p := range ports {
		specs = append(specs, at+strconv.Itoa(p)+"/tcp")
	}
	return specs
}

// hostsFile names all other nodes known so far.
func (h *Host) hostsFile(except string) []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	var lines []string
	for _, name := range slices.Sorted(maps.Keys(h.seats)) {
		if name == except {
			continue
		}
		for n, ip := range h.ips(h.seats[name]) {
			lines = append(lines, alias(name, n)+":"+ip.String())
		}
	}
	slices.Sort(lines)
	return lines
}

// awaitBoot waits until the node has booted, if its image says when that is.
func (n *node) awaitBoot(ctx context.Context) error {
	seen, err := n.inspect(ctx)
	if err != nil {
		return err
	}
	command, ok := seen.Config.Labels[labelBooted]
	if !ok {
		return nil
	}
	return n.await(ctx, "it to boot", func(ctx context.Context) error {
		answer, err := n.Exec(ctx, host.Command{Argv: []string{"sh", "-c", command}})
		if err == nil && answer.Code != 0 {
			err = fmt.Errorf("%q ended with code %d", command, answer.Code)
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
		if s, stateErr := n.State(ctx); stateErr == nil && s == host.Ended {
			ended = errors.New("its main process has ended")
			return nil
		}
		return err
	})
	if err = errors.Join(err, ended); err != nil {
		return fmt.Errorf("%w; its last output was:\n%s", err, n.lastOutput(ctx))
	}
	return nil
}

// tryPort connects once. Behind a published port the engine itself accepts
// and then closes if nothing answers inside, so there a connection has to
// stay open for a moment.
func (n *node) tryPort(ctx context.Context, port int) error {
	addr, err := n.Addr(ctx, port)
	if err != nil {
		return err
	}
	c, err := (&net.Dialer{Timeout: dialDeadline}).DialContext(ctx, "tcp", addr)
	if err != nil || n.host.direct {
		return errors.Join(err, closeConn(c))
	}
	err = c.SetReadDeadline(time.Now().Add(dialDeadline))
	if err == nil {
		_, err = c.Read(make([]byte, 1))
	}
	if slow, ok := errors.AsType[net.Error](err); ok && slow.Timeout() {
		err = nil
	}
	return errors.Join(err, closeConn(c))
}

func closeConn(c net.Conn) error {
	if c == nil {
		return nil
	}
	return c.Close()
}

// lastOutput is the end of what the node's main process has printed.
func (n *node) lastOutput(ctx context.Context) string {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleDeadline)
	defer cancel()
	logs, err := n.Logs(ctx)
	if err != nil {
		return err.Error()
	}
	text, err := io.ReadAll(logs)
	if err = errors.Join(err, logs.Close()); err != nil {
		return err.Error()
	}
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	return strings.Join(lines[max(0, len(lines)-lastLines):], "\n")
}
