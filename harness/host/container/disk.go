package container

import (
	"context"
	"errors"
	"strconv"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/mount"
	"github.com/docker/docker/api/types/volume"

	"drillbook/harness/host"
	"drillbook/harness/phrase"
)

// disk is a small disk of a node: a volume in memory, and a container that keeps
// it mounted while the node is down, since its contents would be lost otherwise.
type disk struct {
	volume, holder string
}

// makeDisk makes the node's disk, if it shall have one. What it made is in
// n.disk, also on error.
func (n *node) makeDisk(ctx context.Context, want host.Disk) error {
	if want.Size == 0 {
		return nil
	}
	if n.host.cfg.NetAdmin.Name == "" {
		return phrase.Errorf("make the disk: the host has no NetAdmin image, which keeps it: %w", host.ErrUnsupported)
	}
	ref, err := n.host.images.ensure(ctx, n.host.cfg.NetAdmin)
	if err != nil {
		return err
	}
	cli := n.host.engine.cli
	made, err := cli.VolumeCreate(ctx, volume.CreateOptions{
		Name:   n.host.containerName(n.name) + "-disk",
		Labels: n.host.labels,
		Driver: "local",
		DriverOpts: map[string]string{
			"type": "tmpfs", "device": "tmpfs", "o": "size=" + strconv.FormatInt(want.Size, 10),
		},
	})
	if err != nil {
		return phrase.Errorf("make the disk: %w", err)
	}
	n.disk.volume = made.Name
	keeper, err := cli.ContainerCreate(ctx,
		&container.Config{Image: ref, Labels: n.host.labels},
		&container.HostConfig{
			NetworkMode: "none",
			CapDrop:     []string{"ALL"},
			Mounts:      []mount.Mount{n.disk.at("/kept")},
		}, nil, nil, n.host.containerName(n.name)+"-keeper")
	if err != nil {
		return phrase.Errorf("make the keeper of the disk: %w", err)
	}
	n.disk.holder = keeper.ID
	if err := cli.ContainerStart(ctx, keeper.ID, container.StartOptions{}); err != nil {
		return phrase.Errorf("start the keeper of the disk: %w", err)
	}
	return nil
}

// at mounts the disk somewhere.
func (d disk) at(path string) mount.Mount {
	return mount.Mount{Type: mount.TypeVolume, Source: d.volume, Target: path}
}

// removeDisk removes what makeDisk made, once nothing uses it any more.
func (n *node) removeDisk(ctx context.Context) error {
	var errs []error
	if n.disk.holder != "" {
		errs = append(errs, n.host.engine.remove(ctx, n.disk.holder))
	}
	if n.disk.volume != "" {
		errs = append(errs, n.host.engine.removeVolume(ctx, n.disk.volume))
	}
	return errors.Join(errs...)
}
