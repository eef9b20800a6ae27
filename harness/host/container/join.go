package container

import (
	"context"
	"os"
	"regexp"
	"strings"

	cerrdefs "github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/network"

	"drillbook/harness/host"
	"drillbook/harness/phrase"
)

// mountsFile lists the mounts of this process. There is none but on Linux.
const mountsFile = "/proc/self/mountinfo"

// ownFolder is the folder of a container on its engine's machine, which the engine mounts
// files from.
var ownFolder = regexp.MustCompile(`[/-]containers/([0-9a-f]{64})/`)

// containerOf is the container whose mounts these are, "" if they are none's. Only where
// the hosts file comes from counts: a machine sees mounts of all its containers.
func containerOf(mounts string) string {
	for line := range strings.Lines(mounts) {
		fields := strings.Fields(line)
		if len(fields) < 5 || fields[4] != "/etc/hosts" {
			continue
		}
		if found := ownFolder.FindStringSubmatch(fields[3]); found != nil {
			return found[1]
		}
	}
	return ""
}

// self is the container that this process runs in, if it is one of this engine's, else
// nil.
func (e *engine) self(ctx context.Context) (*container.InspectResponse, error) {
	mounts, err := os.ReadFile(mountsFile)
	if err != nil {
		return nil, nil //nolint:nilerr,nilnil // no container of this engine's
	}
	id := containerOf(string(mounts))
	if id == "" {
		return nil, nil //nolint:nilnil // as above
	}
	seen, err := e.cli.ContainerInspect(ctx, id)
	if cerrdefs.IsNotFound(err) {
		return nil, nil //nolint:nilnil // it is another engine's
	}
	if err != nil {
		return nil, phrase.Errorf("look at the container that this is: %w", err)
	}
	return &seen, nil
}

// join connects the container that this process runs in to both networks, if the engine
// runs it and it has networks of its own.
func (h *Host) join(ctx context.Context) (bool, error) {
	self, err := h.engine.self(ctx)
	if err != nil || self == nil {
		return false, err
	}
	if mode := self.HostConfig.NetworkMode; mode.IsHost() || mode.IsNone() || mode.IsContainer() {
		return false, nil
	}
	for _, s := range h.networks {
		err := h.engine.cli.NetworkConnect(ctx, s.id, self.ID, &network.EndpointSettings{
			IPAMConfig: &network.EndpointIPAMConfig{IPv4Address: s.guest().String()},
		})
		if err != nil {
			return false, phrase.Errorf("join network %s: %w", s.name, err)
		}
	}
	h.joined = h.networks[host.Public].guest().String()
	return true, nil
}

// leave has this process leave those of the networks that it has joined, which could not
// be removed else.
func (e *engine) leave(ctx context.Context, networks []network.Summary) error {
	self, err := e.self(ctx)
	if err != nil || self == nil {
		return err
	}
	return forEach(networks, func(n network.Summary) error {
		if _, joined := self.NetworkSettings.Networks[n.Name]; !joined {
			return nil
		}
		if err := e.cli.NetworkDisconnect(ctx, n.ID, self.ID, true); err != nil && !cerrdefs.IsNotFound(err) {
			return phrase.Errorf("leave network %s: %w", n.Name, err)
		}
		return nil
	})
}

// Joined is the address of the harness on the public network, if it has joined that.
func (h *Host) Joined() string { return h.joined }
