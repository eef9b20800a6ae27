package container

import (
	"context"
	"errors"
	"sync"

	"github.com/docker/docker/api/types/container"

	"drillbook/harness/host"
	"drillbook/harness/phrase"
)

// netAdmin is the right to change a network stack.
const netAdmin = "NET_ADMIN"

// helper is a container in a node's network stack. It has the right to change
// that stack, and no other; the node itself has it only if its Spec asks for it.
type helper struct {
	mu   sync.Mutex // held while looking whether a new one is needed, and making it
	id   string
	boot string // of the node: every boot has a network stack of its own

	shells shells
}

// NetExec runs a command in the node's network stack and in the file system of
// the NetAdmin image, as root. The first call after a boot of the node takes
// some 100 ms longer, and what earlier calls changed in the stack went with
// the boot before.
func (n *node) NetExec(ctx context.Context, c host.Command) (host.Answer, error) {
	id, err := n.helper(ctx)
	if err != nil {
		return host.Answer{}, phrase.Errorf("enter the network of node %s: %w", n.name, err)
	}
	answer, err := n.admin.shells.exec(ctx, n.host.engine, id, c)
	if err != nil {
		return host.Answer{}, phrase.Errorf("run %q in the network of node %s: %w", c.Argv, n.name, wrapGone(err))
	}
	return answer, nil
}

// IPs are the node's addresses, also on a network that it is unplugged from.
func (n *node) IPs(context.Context) (map[host.Network]string, error) {
	all := map[host.Network]string{}
	for which, ip := range n.ips {
		all[which] = ip.String()
	}
	return all, nil
}

// helper is the id of the helper for the node's present boot.
func (n *node) helper(ctx context.Context) (string, error) {
	n.admin.mu.Lock()
	defer n.admin.mu.Unlock()
	seen, err := n.inspect(ctx)
	if err != nil {
		return "", err
	}
	if stateOf(seen) == host.Ended {
		return "", phrase.Errorf("the node is down: %w", host.ErrUnsupported)
	}
	if n.admin.id != "" && n.admin.boot == seen.State.StartedAt {
		return n.admin.id, nil
	}
	if n.admin.id != "" {
		n.admin.shells.rest()
		if err := n.host.engine.remove(ctx, n.admin.id); err != nil {
			return "", phrase.Errorf("remove the helper of the boot before: %w", err)
		}
		n.admin.id = ""
	}
	if n.admin.id, err = n.startHelper(ctx); err != nil {
		return "", err
	}
	n.admin.boot = seen.State.StartedAt
	n.admin.shells.wake(host.Running)
	return n.admin.id, nil
}

func (n *node) startHelper(ctx context.Context) (string, error) {
	if n.host.cfg.NetAdmin.Name == "" {
		return "", phrase.Errorf("the host has no NetAdmin image: %w", host.ErrUnsupported)
	}
	ref, err := n.host.images.ensure(ctx, n.host.cfg.NetAdmin)
	if err != nil {
		return "", err
	}
	cli := n.host.engine.cli
	made, err := cli.ContainerCreate(ctx,
		&container.Config{Image: ref, User: "root", Labels: n.host.labels},
		&container.HostConfig{
			NetworkMode: container.NetworkMode("container:" + n.id),
			CapDrop:     []string{"ALL"},
			CapAdd:      []string{netAdmin},
		}, nil, nil, n.host.containerName(n.name)+"-net")
	if err != nil {
		return "", phrase.Errorf("make the helper: %w", err)
	}
	if err := cli.ContainerStart(ctx, made.ID, container.StartOptions{}); err != nil {
		return "", errors.Join(phrase.Errorf("start the helper: %w", err), n.host.engine.remove(ctx, made.ID))
	}
	return made.ID, nil
}
