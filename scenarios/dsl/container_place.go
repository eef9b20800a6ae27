package dsl

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"

	"drillbook/fixtures/images"
	"drillbook/harness/cluster"
	"drillbook/harness/driver"
	"drillbook/harness/host"
	"drillbook/harness/host/container"
	"drillbook/harness/host/ssh"
	"drillbook/harness/link"
	"drillbook/harness/link/cut"
	"drillbook/harness/link/toxi"
	"drillbook/harness/lock"
)

// Places are all places where members run.
func Places() []Place { return []Place{Local(), Containers(), Machines()} }

// Machines is the place where members are machines that stay, reached by ssh.
func Machines() Place { return Place{Name: ssh.Name, Undoes: ssh.Undo} }

// Containers is the place where members are containers of a Docker engine.
func Containers() Place { return containers(engine{}) }

// Installing is the same place, where it is allowed to install on this machine
// what the base of images is made with, if no registry gives one.
func Installing() Place { return containers(engine{install: true}) }

// Published is the same place, dialled at published ports even if the engine
// is this machine's own.
func Published() Place { return containers(engine{publish: true}) }

func containers(c engine) Place {
	return Place{
		Name:    "container",
		Undo:    "remove the run's containers and networks",
		Heal:    container.Heal,
		Open:    c.open,
		Relay:   c.relay,
		Look:    c.look,
		Instead: "say --beside, or run drillbook on the machine of the engine",
	}
}

// engine is how the containers of an engine are dialled, and what may be
// installed for their images.
type engine struct{ publish, install bool }

func (c engine) making(say func(string)) container.Making {
	return container.Making{Progress: say, Install: c.install}
}

// look opens a host, since only its networks tell whether this machine is on
// them.
func (c engine) look(ctx context.Context) (map[Need]string, error) {
	run := fmt.Sprintf("look-%08x", rand.Uint32()) //nolint:gosec // a name, not a secret
	h, err := container.Open(ctx, container.Config{Run: run, Publish: c.publish})
	if err != nil {
		return nil, err
	}
	at := h.Published()
	if err := h.Close(ctx); err != nil || at == "" {
		return nil, err
	}
	return map[Need]string{
		ClientsBeside: fmt.Sprintf("whose engine runs elsewhere the members can only be reached at ports published "+
			"at %s, which all but the members go through", at),
	}, nil
}

// relay runs a Toxiproxy as one more container. It must know the
// members' names before it is launched, and so they are asked for here.
func (c engine) relay(
	ctx context.Context, h host.Host, members []string, say func(string),
) (link.Network, error) {
	if _, err := container.EnsureImage(ctx, images.Toxiproxy(), c.making(say)); err != nil {
		return nil, err
	}
	for _, m := range members {
		h.Address(m, host.Private, 0)
	}
	return toxi.Launch(ctx, h, images.Toxiproxy())
}

func (c engine) open(
	ctx context.Context,
	run string,
	d driver.Driver,
	say func(string),
) (host.Host, link.Network, error) {
	all, err := cluster.Images(d)
	if err != nil {
		return nil, nil, err
	}
	for _, img := range all {
		if _, err := container.EnsureImage(ctx, img, c.making(say)); err != nil {
			return nil, nil, err
		}
	}
	h, err := container.Open(ctx, container.Config{
		Run: run, NetAdmin: images.NetAdmin(), Making: c.making(say), Publish: c.publish,
	})
	if err != nil {
		return nil, nil, err
	}
	return withCuts(ctx, h)
}

// withCuts returns a host with the network of its links, which can be cut; if there can be
// none, the host is closed.
func withCuts(ctx context.Context, h host.Host) (host.Host, link.Network, error) {
	links, err := cut.New(h)
	if err != nil {
		return nil, nil, errors.Join(err, h.Close(ctx))
	}
	return h, links, nil
}

// Ledgers is the folder of the fault ledgers of all runs on this machine.
func Ledgers() (string, error) {
	return lock.Path("faults")
}
