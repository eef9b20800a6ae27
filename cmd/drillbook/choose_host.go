package main

import (
	"context"
	"errors"
	"fmt"

	"drillbook/harness/driver"
	"drillbook/harness/host"
	"drillbook/harness/host/container"
	"drillbook/harness/host/local"
	"drillbook/runbooks"
	"drillbook/scenarios/dsl"
)

// The values of --host.
const (
	hostAuto      = "auto"
	hostContainer = "container"
	hostLocal     = "local"
)

// choosePlace finds out where the members can run. If that is not where they
// usually do, note says so and why.
func choosePlace(
	ctx context.Context, f runFlags, lib runbooks.Library, chosen []dsl.Scenario,
) (p dsl.Place, note string, err error) {
	if f.host == hostLocal {
		_, err := findLocal(lib, chosen)
		return dsl.Local(), "", err
	}
	containers := dsl.Containers()
	if f.yes {
		containers = dsl.Installing()
	}
	_, noEngine := container.FindEngine(ctx)
	if noEngine == nil {
		p, err := containers.For(ctx, chosen...)
		return p, "", environment(err)
	}
	if f.host == hostContainer || !errors.Is(noEngine, container.ErrNoEngine) {
		return containers, "", noEngine
	}
	found, err := findLocal(lib, chosen)
	if err != nil {
		return p, "", fmt.Errorf("%w; and on this machine itself: %w", noEngine, err)
	}
	return dsl.Local(), fmt.Sprintf("HOST=local: members are processes of this machine (%s, as %s), because %s",
		found.Folder, found.User, noEngine), nil
}

// findLocal says with what the members of the scenarios would run here.
func findLocal(lib runbooks.Library, chosen []dsl.Scenario) (found local.Installed, err error) {
	for _, sc := range chosen {
		img, err := imageOf(lib, sc)
		if err != nil {
			return found, err
		}
		if found, err = local.Find(img); err != nil {
			return found, err
		}
	}
	return found, nil
}

// imageOf is what the first member of a scenario runs from.
func imageOf(lib runbooks.Library, sc dsl.Scenario) (host.Image, error) {
	book, err := lib.Get(sc.Runbook)
	if err != nil {
		return host.Image{}, err
	}
	params, err := book.Settle(nil)
	if err != nil {
		return host.Image{}, err
	}
	drv, err := sc.Driver(params)
	if err != nil {
		return host.Image{}, err
	}
	plan, err := drv.Plan(driver.Seat{Name: sc.Members[0], First: true})
	return plan.Image, err
}
