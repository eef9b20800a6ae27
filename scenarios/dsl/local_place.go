package dsl

import (
	"context"
	"errors"

	"drillbook/harness/cluster"
	"drillbook/harness/driver"
	"drillbook/harness/host"
	"drillbook/harness/host/local"
	"drillbook/harness/link"
	"drillbook/harness/link/toxi"
)

// Local is the place where members are processes of this machine. Its links are
// relays in our own process, which can be spoiled but not cut.
func Local() Place {
	const sharesNetwork = "all members share the network of this machine"
	return Place{
		Name: "local", Undo: "end the run's processes and remove their folders", Open: openLocal,
		Heal: func(ctx context.Context, _ func(host.Leftover) bool, say func(string)) (host.CleanedUp, error) {
			return local.Heal(ctx, say) // its locks tell who is alive
		},
		Relay: func(ctx context.Context, h host.Host, _ []string, _ func(string)) (link.Network, error) {
			return toxi.InProcess(ctx, h)
		},
		Instead: "run it with --host container",
		Lacks: map[Need]string{
			Cuts:   sharesNetwork,
			Unplug: sharesNetwork,
			Disks:  "all members share the disks of this machine",
		},
	}
}

func openLocal(
	ctx context.Context, run string, d driver.Driver, say func(string),
) (host.Host, link.Network, error) {
	all, err := cluster.Images(d)
	if err != nil {
		return nil, nil, err
	}
	for _, img := range all {
		if _, err := local.Find(img); err != nil {
			return nil, nil, err
		}
	}
	h, err := local.Open(ctx, local.Config{Run: run, Progress: say})
	if err != nil {
		return nil, nil, err
	}
	links, err := toxi.InProcess(ctx, h)
	if err != nil {
		return nil, nil, errors.Join(err, h.Close(ctx))
	}
	return h, links, nil
}
