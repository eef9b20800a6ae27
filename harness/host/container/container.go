// Package container is the host whose nodes are containers of a Docker engine.
//
// Every host owns two networks, a public one and an internal private one, and
// gives out their addresses itself. A node therefore keeps its addresses for
// life, through kill, start, unplug and plug, and every node knows the names
// of the others from its hosts file: what clients suffer in a drill is never
// the engine's name service.
//
// On a machine whose own bridges carry the networks, the harness dials nodes
// at their public address. Where the engine runs elsewhere (Docker Desktop, a
// remote engine, an engine without root) it dials published ports, which
// change whenever a node is started again or plugged in. Between those times
// they are remembered: nothing that is measured waits for the engine. There a
// node that is killed does not fall silent for clients, and what needs clients
// beside the nodes cannot be shown: [Host.Published] says so. A harness that is itself in a
// container needs TESTCONTAINERS_HOST_OVERRIDE set to the engine's address.
//
// Containers and networks carry the labels drillbook.run, drillbook.lock and
// drillbook.lock.file. The process of a run holds a lock on that file for as long
// as it lives; what a dead process left is found by that and removed by [Heal],
// whatever the machine is called by then. The reaper of testcontainers is not needed: it is switched off for
// the whole process by setting TESTCONTAINERS_RYUK_DISABLED, which is the only
// way there is, because its image cannot be had where no registry answers.
package container

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/docker/docker/client"
	"github.com/testcontainers/testcontainers-go"

	"drillbook/harness/host"
	"drillbook/harness/host/roster"
	"drillbook/harness/lock"
	"drillbook/harness/phrase"
)

// The labels of what a run makes.
const (
	labelRun    = "drillbook.run"
	labelLock   = "drillbook.lock"      // path of the run's lock file
	labelLockID = "drillbook.lock.file" // which file that is; see [lock.Look]
	labelOwner  = "drillbook.owner"     // who may know what it is, for people
	labelBegan  = "drillbook.began"
	labelNode   = "drillbook.node"
)

// runLock is where the lock of a run is. Its process holds it for as long as
// the run lives, so that death by any cause frees it.
func runLock(run string) (string, error) {
	dir, err := lock.Folder("runs")
	if err != nil {
		return "", err
	}
	return filepath.Join(dir, run+".lock"), nil
}

// labelBooted is what an image may say: a shell command that ends with 0 once
// a boot has come so far that other commands may be run in the node. Without
// it they may be run at once.
const labelBooted = "drillbook.booted"

const (
	// loopback is where ports are published that only this machine may dial.
	loopback = "127.0.0.1"
	// envHost says where published ports are, if that cannot be known.
	envHost = "TESTCONTAINERS_HOST_OVERRIDE"
)

// closeDeadline bounds Close, which does not end with its caller's context.
const closeDeadline = 60 * time.Second

// Config is what hosts may differ in. Run must be set.
type Config struct {
	// Run names what the host makes. It must be unique, of lower-case
	// letters, digits and dashes.
	Run string
	// Publish has the harness dial published ports even where the networks are
	// this machine's own.
	Publish bool
	// NetAdmin is the image that [host.NetAdmin] runs commands in. Without it
	// nodes cannot do that. It is built by Open, never during a drill.
	NetAdmin host.Image
	// Making is how images are made that the engine does not have.
	Making
}

// Host runs nodes in containers. It implements [host.Host], [host.Finder], [host.Joiner]
// and [host.SiteReporter]; its nodes implement [host.Stater], [host.Freezer],
// [host.Unplugger], [host.Addresser] and [host.NetAdmin].
type Host struct {
	cfg      Config
	engine   *engine
	provider *testcontainers.DockerProvider
	images   *imageStore
	labels   map[string]string
	networks map[host.Network]subnet
	site     host.Site
	direct   bool   // nodes are dialled themselves
	joined   string // the harness's own address on the public network; "" if it has none
	daemon   string // not direct: where ports are published
	lock     *lock.Lock
	nodes    *roster.Roster

	mu    sync.Mutex     // guards seats
	slots map[string]int // by name of node: launched ones, and those asked for by Address
}

// Open finds the engine and makes the networks of a run. Its error wraps
// [ErrNoEngine] if no engine answers. On error nothing is left.
func Open(ctx context.Context, cfg Config) (*Host, error) {
	if !roster.ValidName(cfg.Run) {
		return nil, phrase.Errorf("open host: run %q is not made of lower-case letters, digits and dashes", cfg.Run)
	}
	e, err := connect(ctx)
	if err != nil {
		return nil, err
	}
	h := &Host{
		cfg:    cfg,
		engine: e,
		images: newImageStore(e, cfg.Making),
		slots:  map[string]int{},
		nodes:  roster.New(ctx),
	}
	if err := h.open(ctx); err != nil {
		return nil, errors.Join(phrase.Errorf("open host %s: %w", cfg.Run, err), h.Close(ctx))
	}
	return h, nil
}

func (h *Host) open(ctx context.Context) error {
	path, err := runLock(h.cfg.Run)
	if err != nil {
		return err
	}
	if h.site, err = h.engine.site(ctx); err != nil {
		return err
	}
	if h.lock, err = lock.Try(path); err != nil {
		return err
	}
	if err := os.WriteFile(path, []byte(h.site.ID), 0o644); err != nil { //nolint:gosec // others may see it
		return phrase.Errorf("write down where the run is: %w", err)
	}
	id, err := h.lock.ID()
	if err != nil {
		return err
	}
	h.labels = map[string]string{
		labelRun: h.cfg.Run, labelLock: path, labelLockID: id, labelOwner: host.Owner(),
		labelBegan: time.Now().UTC().Format(time.RFC3339),
	}
	if h.provider, err = h.engine.testcontainers(); err != nil {
		return err
	}
	if h.cfg.NetAdmin.Name != "" {
		if _, err := h.images.ensure(ctx, h.cfg.NetAdmin); err != nil {
			return err
		}
	}
	if h.networks, err = h.engine.makeNetworks(ctx, h.cfg.Run, h.labels); err != nil {
		return err
	}
	if !h.cfg.Publish {
		h.direct = isOurs(h.networks[host.Public].gateway())
		if !h.direct {
			h.direct, err = h.join(ctx)
		}
		if h.direct || err != nil {
			return err
		}
	}
	return h.publish(ctx)
}

// publish has the harness dial published ports.
func (h *Host) publish(ctx context.Context) (err error) {
	h.direct = false
	if h.daemon, err = h.publishedAt(ctx); err != nil {
		return phrase.Errorf("find out where the engine publishes ports: %w", err)
	}
	return nil
}

// publishedAt is the machine that the engine publishes ports on. An engine behind
// a socket is taken to be on this one: testcontainers guesses, and wrongly where a
// machine only looks like a container. Of ssh it knows nothing.
func (h *Host) publishedAt(ctx context.Context) (string, error) {
	if os.Getenv(envHost) == "" {
		switch at, err := url.Parse(h.engine.Address); {
		case err != nil:
			return "", err
		case at.Scheme == "unix":
			return loopback, nil
		case at.Scheme == "ssh":
			return at.Hostname(), nil
		}
	}
	return h.provider.DaemonHost(ctx)
}

// configureTestcontainers tells testcontainers to use this engine and its API
// version, to run without a reaper, and to take images by their names here.
// testcontainers reads only the environment, and only once in a process, at its
// first use. So this must come before any other use of it.
func (e *engine) configureTestcontainers(ctx context.Context) error {
	err := os.Setenv("TESTCONTAINERS_RYUK_DISABLED", "true")
	// A path before the names of images, which may be in its file of properties
	// too: nothing outweighs that but another path, and this one changes none.
	err = errors.Join(err, os.Setenv("TESTCONTAINERS_HUB_IMAGE_NAME_PREFIX", "."))
	err = errors.Join(err, os.Unsetenv(client.EnvOverrideAPIVersion))
	if !takesCertificates(e.Address) {
		err = errors.Join(err, os.Unsetenv(client.EnvOverrideCertPath))
	}
	if os.Getenv(client.EnvOverrideHost) == "" {
		err = errors.Join(err, os.Setenv(client.EnvOverrideHost, e.Address))
	}
	if err == nil && isSSH(e.Address) {
		err = e.withSocket(ctx, func() error { _, err := e.testcontainers(); return err })
	}
	if err != nil {
		return phrase.Errorf("prepare testcontainers: %w", err)
	}
	return nil
}

// testcontainers is a provider that works on this engine. The client it makes
// is replaced by ours, because its own configuration file may name another
// engine.
func (e *engine) testcontainers() (*testcontainers.DockerProvider, error) {
	// Without this option it makes a network of its own, which stays behind.
	p, err := testcontainers.NewDockerProvider(testcontainers.WithDefaultBridgeNetwork(testcontainers.Bridge))
	if err != nil {
		return nil, phrase.Errorf("prepare testcontainers: %w", err)
	}
	p.SetClient(e.cli)
	return p, nil
}

// Site is the engine.
func (h *Host) Site() host.Site { return h.site }

// Name is "container".
func (h *Host) Name() string { return "container" }

// Address is the node's own name on the public network, and the name with
// "-private" after it on the private one. A node can resolve the names that
// were asked for, or launched, before it was launched, even when what they
// name is down; others it can resolve while they run.
func (h *Host) Address(node string, n host.Network, port int) string {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.slot(node)
	return net.JoinHostPort(alias(node, n), strconv.Itoa(port))
}

// slot is the number of the node's addresses in both subnets; mu is held.
func (h *Host) slot(node string) int {
	s, ok := h.slots[node]
	if !ok {
		s = len(h.slots)
		h.slots[node] = s
	}
	return s
}

func alias(node string, n host.Network) string {
	if n == host.Private {
		return node + "-private"
	}
	return node
}

// ips are the addresses of a seat, by network.
func (h *Host) ips(slot int) map[host.Network]netip.Addr {
	all := map[host.Network]netip.Addr{}
	for n, s := range h.networks {
		all[n] = s.slot(slot)
	}
	return all
}

// Node returns a launched node.
func (h *Host) Node(name string) (host.Node, bool) { return h.nodes.Node(name) }

// named are the names of nodes, as part of a sentence.
func named(nodes []host.Node) string {
	names := make([]string, 0, len(nodes))
	for _, n := range nodes {
		names = append(names, " "+n.Name())
	}
	slices.Sort(names)
	return strings.Join(names, "")
}

// Close removes every node and network of the run, even when ctx has ended,
// and gives the run's lock back. It may be called again; what could not be
// removed is then tried again.
func (h *Host) Close(ctx context.Context) error {
	nodes := h.nodes.Close()
	for _, n := range nodes {
		n.(*node).endShells() //nolint:forcetypeassert // it launches no others
	}
	if h.lock == nil || !h.lock.Held() {
		return h.engine.cli.Close()
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeDeadline)
	defer cancel()
	if _, err := h.engine.removeRun(ctx, h.cfg.Run); err != nil {
		return phrase.Errorf("close host %s: %w: its containers%s and networks may be left behind: "+
			"`drillbook heal` removes them once the engine at %s answers",
			h.cfg.Run, wrapGone(err), named(nodes), h.engine.Address)
	}
	return errors.Join(h.lock.Release(), h.engine.cli.Close())
}
