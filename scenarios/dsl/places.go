package dsl

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"drillbook/fixtures/images"
	"drillbook/harness/driver"
	"drillbook/harness/host"
	"drillbook/harness/host/container"
	"drillbook/harness/link"
	"drillbook/harness/link/cut"
	"drillbook/harness/link/toxi"
)

// Containers is the place where members are containers of a Docker engine.
func Containers() Place {
	return Place{
		Name: "container", Undo: "remove the run's containers and networks",
		Open: openContainers, Relay: relayContainers,
	}
}

// relayContainers runs a Toxiproxy as one more container. It must know the
// members' names before it is launched, and so they are asked for here.
func relayContainers(
	ctx context.Context, h host.Host, members []string, say func(string),
) (link.Network, error) {
	if _, err := container.EnsureImage(ctx, images.Toxiproxy(), say); err != nil {
		return nil, err
	}
	for _, m := range members {
		h.Address(m, host.Private, 0)
	}
	return toxi.Launch(ctx, h, images.Toxiproxy())
}

func openContainers(
	ctx context.Context,
	run string,
	d driver.Driver,
	say func(string),
) (host.Host, link.Network, error) {
	plan, err := d.Plan(driver.Seat{Name: "a", First: true})
	if err != nil {
		return nil, nil, fmt.Errorf("plan a member: %w", err)
	}
	if _, err := container.EnsureImage(ctx, plan.Image, say); err != nil {
		return nil, nil, err
	}
	h, err := container.Open(ctx, container.Config{Run: run, NetAdmin: images.NetAdmin(), Progress: say})
	if err != nil {
		return nil, nil, err
	}
	links, err := cut.New(h)
	if err != nil {
		return nil, nil, errors.Join(err, h.Close(ctx))
	}
	return h, links, nil
}

// Ledgers is the folder of the fault ledgers of all runs on this machine.
func Ledgers() (string, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("find the cache folder: %w: set HOME or XDG_CACHE_HOME", err)
	}
	return filepath.Join(cache, "drillbook", "faults"), nil
}

// Images are what the drills of all products run from.
func Images() []host.Image {
	return []host.Image{images.DM8(), images.PostgreSQL(), images.NetAdmin(), images.Toxiproxy()}
}
