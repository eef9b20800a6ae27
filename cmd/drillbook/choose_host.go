package main

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"drillbook/harness/cluster"
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
		p, err := containers.WithLacks(ctx, chosen...)
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
		drv, err := sc.DefaultDriver(lib)
		if err != nil {
			return found, err
		}
		all, err := cluster.Images(drv)
		if err != nil {
			return found, err
		}
		for _, img := range slices.Backward(all) { // the members' is what is told of
			if found, err = local.Find(img); err != nil {
				return found, err
			}
		}
	}
	return found, nil
}
