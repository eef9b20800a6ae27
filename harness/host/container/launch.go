package container

import (
	"context"
	"errors"
	"maps"
	"net"
	"slices"
	"strconv"
	"time"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/network"
	"github.com/testcontainers/testcontainers-go"

	"drillbook/harness/host"
	"drillbook/harness/host/roster"
	"drillbook/harness/phrase"
)

const (
	// dialDeadline is how long one try to dial a node's first port may take.
	dialDeadline = 250 * time.Millisecond
	// sharedMemory is the size of /dev/shm, which databases use; the engine's
	// default of 64 MB is too small for them.
	sharedMemory = 256 << 20
)

// Launch makes a container on both networks, starts it and waits until its
// first port accepts connections. It builds the image if that is not there.
func (h *Host) Launch(ctx context.Context, spec host.Spec) (host.Node, error) {
	return h.nodes.Launch(ctx, spec.Name, func(ctx context.Context) (host.Node, error) {
		n, err := h.newNode(spec.Name)
		if err != nil {
			return nil, err
		}
		if err := h.launch(ctx, n, spec); err != nil {
			return nil, errors.Join(err, h.removeNode(ctx, n))
		}
		return n, nil
	})
}

// newNode gives a node its seat.
func (h *Host) newNode(name string) (*node, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	slot := h.slot(name)
	if firstSeat+slot > lastSeat {
		return nil, phrase.Errorf("the networks have room for %d nodes only", lastSeat-firstSeat+1)
	}
	return &node{host: h, name: name, ips: h.ips(slot)}, nil
}

// removeNode removes what there is of the node.
func (h *Host) removeNode(ctx context.Context, n *node) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeDeadline)
	defer cancel()
	n.endShells()
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
	if err := n.readAddresses(ctx); err != nil {
		return err
	}
	if len(spec.Ports) == 0 {
		return n.awaitBoot(ctx)
	}
	return roster.Await(ctx, n, phrase.Say("port %d to accept", spec.Ports[0]), func(ctx context.Context) error {
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
			if spec.NetAdmin {
				c.CapAdd = append(c.CapAdd, netAdmin)
			}
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
	for _, name := range slices.Sorted(maps.Keys(h.slots)) {
		if name == except {
			continue
		}
		for n, ip := range h.ips(h.slots[name]) {
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
	return roster.AwaitBoot(ctx, n, seen.Config.Labels[labelBooted])
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
