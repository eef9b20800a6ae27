package local

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"drillbook/harness/host"
	"drillbook/harness/host/roster"
	"drillbook/harness/phrase"
)

// stopGrace is how long a node may take to end when it is asked to.
const stopGrace = 60 * time.Second

// node is a folder and the processes that belong to it. The fields that have
// no guard are set before Launch returns and do not change.
type node struct {
	host      *Host
	name      string
	root      string // its folder
	log       string // file of what it prints
	native    *host.Native
	installed Installed
	command   []string
	env       []string

	power sync.Mutex // held while it is booted
	mu    sync.Mutex // guards the rest
	main  *exec.Cmd  // of the last boot; nil before the first
	ended chan struct{}
}

// Name is the node's name on its host.
func (n *node) Name() string { return n.name }

// Addr is the node's address, which it keeps for life.
func (n *node) Addr(_ context.Context, port int) (string, error) {
	return n.host.addresses.of(n.name, port), nil
}

// boot starts the main process. What of the last boot is not kept is removed
// first.
func (n *node) boot() error {
	if err := n.emptyMemory(); err != nil {
		return err
	}
	log, err := os.OpenFile(n.log, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return phrase.Errorf("open the node's log: %w", err)
	}
	defer log.Close()                              //nolint:errcheck // the process has it
	if err := n.installed.own(n.log); err != nil { // commands in the node append to it too
		return err
	}
	// The polite end, so that a server which has left the session is taken
	// along by its main process.
	main := n.process(n.host.nodes.Context(), n.command, syscall.SIGTERM)
	main.Stdout, main.Stderr = log, log
	if err := main.Start(); err != nil {
		return phrase.Errorf("start %q: %w", n.command, err)
	}
	ended := make(chan struct{})
	n.mu.Lock()
	n.main, n.ended = main, ended
	n.mu.Unlock()
	go n.watch(main, ended) // joined by whoever waits for ended
	return nil
}

// emptyMemory removes what lies in memory only.
func (n *node) emptyMemory() error {
	memory := filepath.Join(n.root, "dev", "shm")
	err := os.RemoveAll(memory)
	if err == nil {
		err = os.MkdirAll(memory, 0o700)
	}
	if err == nil {
		err = n.installed.own(filepath.Join(n.root, "dev"))
	}
	if err != nil {
		return phrase.Errorf("empty the node's memory: %w", err)
	}
	return nil
}

// watch waits for the end of a main process and ends all others with it, as a
// machine does.
func (n *node) watch(main *exec.Cmd, ended chan struct{}) {
	defer close(ended)
	_ = main.Wait() // how it ended is in its log
	ctx, cancel := context.WithTimeout(context.WithoutCancel(n.host.nodes.Context()), settleDeadline)
	defer cancel()
	_, _ = endAll(ctx, n.root) // Close tries again and says what is wrong
}

// join waits for the end of the main process and of those that went with it.
func (n *node) join(ctx context.Context) error {
	n.mu.Lock()
	ended := n.ended
	n.mu.Unlock()
	if ended == nil {
		return nil
	}
	select {
	case <-ended:
		return nil
	case <-ctx.Done():
		return phrase.Errorf("wait for node %s to end: %w", n.name, context.Cause(ctx))
	}
}

func (n *node) hasEnded() bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.ended == nil {
		return true
	}
	select {
	case <-n.ended:
		return true
	default:
		return false
	}
}

// State is what the kernel says of the main process.
func (n *node) State(ctx context.Context) (host.State, error) {
	if n.hasEnded() {
		return host.Ended, nil
	}
	n.mu.Lock()
	pid := n.main.Process.Pid
	n.mu.Unlock()
	stopped, err := isStopped(ctx, pid)
	switch {
	case err != nil:
		return "", phrase.Errorf("state of node %s: %w", n.name, err)
	case stopped:
		return host.Frozen, nil
	}
	return host.Running, nil
}

// Start boots the node, unless it runs, and does not wait for any port: what it
// serves after a second boot is up to its image. If the image says when it has
// booted, Start waits for that.
func (n *node) Start(ctx context.Context) error {
	n.power.Lock()
	defer n.power.Unlock()
	if !n.hasEnded() {
		return nil
	}
	if n.host.nodes.Context().Err() != nil {
		return phrase.Errorf("start node %s: %w", n.name, roster.ErrClosed)
	}
	err := n.boot() //nolint:contextcheck // the main process lives as long as the host
	if err == nil {
		err = roster.AwaitBoot(ctx, n, n.native.Booted)
	}
	if err != nil {
		return phrase.Errorf("start node %s: %w", n.name, err)
	}
	return nil
}

// Stop asks the main process to end. A node that does not end within a minute
// is killed, which is an error.
func (n *node) Stop(ctx context.Context) error {
	if n.hasEnded() {
		return nil
	}
	n.mu.Lock()
	err := n.main.Process.Signal(syscall.SIGTERM)
	n.mu.Unlock()
	if err != nil && !errors.Is(err, os.ErrProcessDone) {
		return phrase.Errorf("stop node %s: %w", n.name, err)
	}
	grace, cancel := context.WithTimeoutCause(ctx, stopGrace, phrase.Errorf("it did not end within %s", stopGrace))
	defer cancel()
	if err := n.join(grace); err != nil {
		if ctx.Err() != nil {
			return err
		}
		return errors.Join(phrase.Errorf("stop node %s: %w and was killed", n.name, err), n.Kill(ctx))
	}
	return nil
}

// KillMechanism says what a local host cannot do.
func (n *node) KillMechanism() phrase.Phrase {
	return phrase.Say("all processes of the node are killed (SIGKILL); the kernel of this machine lives on and " +
		"tells its peers: their connections are reset at once, which the loss of a host would not do")
}

// Kill ends all processes of the node at once.
func (n *node) Kill(ctx context.Context) error {
	if n.hasEnded() {
		return nil
	}
	_, err := endAll(ctx, n.root)
	if err == nil {
		err = n.join(ctx)
	}
	if err != nil {
		return phrase.Errorf("kill node %s: %w", n.name, err)
	}
	return nil
}

// FreezeMechanism says what goes on.
func (n *node) FreezeMechanism() phrase.Phrase {
	return phrase.Say("all processes of the node are stopped (SIGSTOP), one after the other within " +
		"milliseconds; the kernel of this machine goes on accepting and acknowledging for them")
}

// Freeze pauses all processes of the node.
func (n *node) Freeze(ctx context.Context) error {
	if n.hasEnded() {
		return phrase.Errorf("freeze node %s: it is down", n.name)
	}
	if err := pauseAll(ctx, n.root); err != nil {
		return phrase.Errorf("freeze node %s: %w", n.name, err)
	}
	return nil
}

// Thaw undoes Freeze.
func (n *node) Thaw(ctx context.Context) error {
	if err := resumeAll(ctx, n.root); err != nil {
		return phrase.Errorf("thaw node %s: %w", n.name, err)
	}
	return nil
}
