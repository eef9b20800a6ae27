package dsl

import (
	"context"
	"errors"
	"fmt"

	"drillbook/fixtures/images"
	"drillbook/harness/driver"
	"drillbook/harness/host"
	"drillbook/harness/host/container"
	"drillbook/harness/link"
	"drillbook/harness/link/cut"
)

// Containers is the place where members are containers of a Docker engine.
func Containers() Place {
	return Place{Name: "container", Open: openContainers}
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

// Images are what the drills of all products run from.
func Images() []host.Image {
	return []host.Image{images.PostgreSQL(), images.NetAdmin(), images.Toxiproxy()}
}
