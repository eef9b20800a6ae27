package main

import (
	"context"
	"errors"
	"slices"

	"drillbook/harness/cluster"
	"drillbook/harness/host/container"
	"drillbook/harness/host/local"
	"drillbook/reports/words"
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
	ctx context.Context, f runFlags, lib runbooks.Library, chosen []dsl.Scenario, w words.Words,
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
		return p, "", failure(w, errors.Join(noEngine, err), "error.neither-place",
			"engine", told(w, noEngine), "local", told(w, err))
	}
	return dsl.Local(), w.Say("view.local", "folder", found.Folder, "user", found.User, "error", told(w, noEngine)), nil
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
