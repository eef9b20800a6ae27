// Package local is the host whose nodes are processes of this machine. It is
// where drills run when no container engine answers.
//
// A node has a folder of its own, which is its root, and, on Linux, a loopback
// address of its own; elsewhere all share 127.0.0.1 and differ in their ports.
// What its image holds ready-made is prepared from the programs that are
// installed here, as the image's [host.Native] says, once, and copied for every
// node. As root the programs are run as another user.
//
// A process belongs to a node if its working directory is in the node's folder
// or its environment names that as [host.EnvRoot], whatever session it has made
// for itself. All such processes end with the node's main process, as those of
// a container do.
//
// What it is not, next to a container: nodes share one kernel, one file system
// and one network. There is no network to cut and no cable to pull, and a node
// that is killed is not silent: the kernel resets its connections, so that
// everybody else knows at once. Both networks of a cluster are the same
// addresses. And while a drill runs, every user of this machine can connect to
// what the nodes serve.
//
// The process of a run holds a lock for as long as it lives, on a file that
// names the run's folder. The main processes of nodes are asked to end when
// their harness dies, where the kernel can do that; what a dead run has left all
// the same is found by the file and removed by [Heal].
package local

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"drillbook/harness/host"
	"drillbook/harness/host/roster"
	"drillbook/harness/lock"
	"drillbook/harness/phrase"
)

// closeDeadline bounds Close, which does not end with its caller's context.
const closeDeadline = 60 * time.Second

// Config is what hosts may differ in. Run must be set.
type Config struct {
	// Run names what the host makes. It must be unique, of lower-case
	// letters, digits and dashes.
	Run string
	// Progress, if set, is told what takes long. It is called by one
	// goroutine at a time.
	Progress func(line string)
}

// Host runs nodes as processes. It implements [host.Host], [host.Finder] and
// [host.SiteReporter]; its nodes implement [host.Stater], [host.Freezer] and [host.MechanismReporter].
type Host struct {
	cfg       Config
	folder    string // of the run
	lock      *lock.Lock
	addresses *addresses
	nodes     *roster.Roster
	telling   sync.Mutex // held while progress is called
}

// Open makes the folder of a run. On error nothing is left.
func Open(ctx context.Context, cfg Config) (*Host, error) {
	if !roster.ValidName(cfg.Run) {
		return nil, phrase.Errorf("open host: run %q is not made of lower-case letters, digits and dashes", cfg.Run)
	}
	h := &Host{cfg: cfg, folder: folderOf(cfg.Run), nodes: roster.New(ctx)}
	if err := h.open(ctx); err != nil {
		return nil, errors.Join(phrase.Errorf("open host %s: %w", cfg.Run, err), h.Close(ctx))
	}
	return h, nil
}

// open writes down what there will be before it is there.
func (h *Host) open(ctx context.Context) (err error) {
	if h.lock, err = enter(h.cfg.Run, h.folder); err != nil {
		return err
	}
	if h.addresses, err = claim(ctx); err != nil {
		return err
	}
	if err := os.Mkdir(h.folder, 0o755); err != nil { //nolint:gosec // the nodes' user must get through it
		return phrase.Errorf("make the folder of the run: %w", err)
	}
	return nil
}

// longestTemp is how long the name of the folder for temporary files may be.
// Below it are sockets, whose names may have only some hundred characters.
const longestTemp = 16

// folderOf is where a run has its nodes: where every user can get, as the nodes'
// own may be another one than the harness'.
func folderOf(run string) string {
	dir := os.TempDir()
	if len(dir) > longestTemp || !openToAll(dir) {
		dir = "/tmp"
	}
	return filepath.Join(dir, folderPrefix+run)
}

// openToAll reports whether every user can get through a folder, and through all
// that it is in.
func openToAll(dir string) bool {
	path, err := filepath.EvalSymlinks(dir)
	if err != nil || !filepath.IsAbs(path) {
		return false
	}
	for ; ; path = filepath.Dir(path) {
		seen, err := os.Stat(path)
		if err != nil || !seen.IsDir() || seen.Mode()&0o001 == 0 {
			return false
		}
		if path == filepath.Dir(path) {
			return true
		}
	}
}

// Name is "local".
func (h *Host) Name() string { return "local" }

// Address is the node's own address and port, on both networks.
func (h *Host) Address(node string, _ host.Network, port int) string {
	return h.addresses.of(node, port)
}

// Node returns a launched node.
func (h *Host) Node(name string) (host.Node, bool) { return h.nodes.Node(name) }

// Close ends and removes every node of the run, even when ctx has ended, and
// gives the run's lock back. It may be called again; what could not be removed
// is then tried again.
func (h *Host) Close(ctx context.Context) error {
	nodes := h.nodes.Close()
	if h.lock == nil || !h.lock.Held() {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeDeadline)
	defer cancel()
	_, err := remove(ctx, h.folder)
	if err == nil {
		err = joinAll(ctx, nodes)
	}
	if err != nil {
		return phrase.Errorf("close host %s: %w: `drillbook heal` tries again", h.cfg.Run, err)
	}
	return errors.Join(h.addresses.release(), h.lock.Release())
}

// joinAll waits for the goroutines that watch main processes.
func joinAll(ctx context.Context, nodes []host.Node) error {
	for _, n := range nodes {
		if err := n.(*node).join(ctx); err != nil { // the roster has no others
			return err
		}
	}
	return nil
}

func (h *Host) say(format string, args ...any) {
	if h.cfg.Progress == nil {
		return
	}
	h.telling.Lock()
	defer h.telling.Unlock()
	h.cfg.Progress(fmt.Sprintf(format, args...))
}
