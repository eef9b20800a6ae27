// Package ssh is the place where members are machines that are there already and stay:
// they are reached by ssh, and nothing is made or removed but a folder below
// /run/drillbook for as long as a run lasts.
//
// How a machine is reached is what the ssh program itself finds in the person's
// configuration. Host keys are never accepted here: a person does that. Commands run as
// the database's user through sudo, without a password. Since the end of a context does
// not pass sudo, each command is ended by its number, which it has written down.
package ssh

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"sync"
	"time"

	"drillbook/harness/host"
	"drillbook/harness/phrase"
)

// Name is what the kind of place is called.
const Name = "ssh"

// Config says which machines there are.
type Config struct {
	Run      string // a name fit for a folder, which no other run has
	Machines []Machine
	Term     time.Duration // of leases, a second or more; 0: 30 s
	// Unlocked says that other runs may be at work on the machines: who undoes what a dead
	// one has left must not wait for those.
	Unlocked bool
	Settings string // the file that ssh reads in place of the person's own; "": that
}

// Machine is one member's. Name and Reach must be set.
type Machine struct {
	Name  string // of the member
	Reach string // as ssh is told: "db1", "dba@db1.example"
	// Public and Private are its addresses on the two networks, which may be the same.
	Public, Private string
	User            string            // as whom commands run; "": who logs in
	Env             map[string]string // of the commands
	Power           *Power            // nil: it is not in our hands
}

const defaultTerm = 30 * time.Second

// Host is the machines of a run. It implements [host.Host], [host.Finder] and
// [host.Leaser].
type Host struct {
	cfg   Config
	nodes []*Node

	mu     sync.Mutex // guards closed
	closed bool
}

var (
	_ host.Host   = (*Host)(nil)
	_ host.Finder = (*Host)(nil)
	_ host.Leaser = (*Host)(nil)
)

// Open connects to all machines, makes the folder of the run on each, and makes sure that
// commands can be run there. On error nothing is left.
func Open(ctx context.Context, cfg Config) (*Host, error) {
	if cfg.Term == 0 {
		cfg.Term = defaultTerm
	}
	h := &Host{cfg: cfg}
	if err := check(cfg.Machines); err != nil {
		return nil, err
	}
	for _, m := range cfg.Machines {
		h.nodes = append(h.nodes, newNode(h, m))
	}
	errs := make([]error, len(h.nodes))
	var opening sync.WaitGroup
	for i, n := range h.nodes {
		opening.Go(func() {
			if err := n.open(ctx); err != nil {
				errs[i] = phrase.Errorf("reach %s: %w", n.m.Name, err)
			}
		})
	}
	opening.Wait()
	err := errors.Join(errs...)
	if err == nil {
		err = h.apart(ctx)
	}
	if err == nil {
		err = h.lock(ctx)
	}
	if err != nil {
		return nil, errors.Join(err, h.Close(context.WithoutCancel(ctx)))
	}
	return h, nil
}

// apart makes sure that no two names lead to one machine: each writes its own into the
// folder of the run, and must not find another there.
func (h *Host) apart(ctx context.Context) error {
	for _, n := range h.nodes {
		answer, err := n.login(ctx, "cd "+host.Quote(n.folder())+` && for f in member.*; do
	if [ -e "$f" ]; then echo "${f#member.}"; exit 0; fi
done; : >`+host.Quote("member."+n.m.Name))
		if err == nil && answer.Code != 0 {
			err = phrase.Errorf("mark %s: %s", n.m.Name, answer.Stderr)
		}
		if err != nil {
			return err
		}
		if other := firstLine(answer.Stdout); other != "" {
			return phrase.Errorf("%s (%s) and %s lead to one machine: name another one", n.m.Name, n.m.Reach, other)
		}
	}
	return nil
}

// lock takes the lock of every machine, so that no two drills are at work on one.
func (h *Host) lock(ctx context.Context) error {
	for _, n := range h.nodes {
		if err := n.lock(ctx); err != nil {
			return err
		}
	}
	return nil
}

// check refuses machines that a drill could not cut off: the rules that do so are of IPv4.
func check(machines []Machine) error {
	for _, m := range machines {
		for _, address := range []string{m.Public, m.Private} {
			if ip, err := netip.ParseAddr(address); err == nil && !ip.Unmap().Is4() {
				return phrase.Errorf("%s has the address %s: IPv6 addresses cannot be cut off yet: name its IPv4 "+
					"address", m.Name, ip)
			}
		}
	}
	return nil
}

// Name is the kind of place.
func (h *Host) Name() string { return Name }

// Launch fails: nothing is made here.
func (h *Host) Launch(context.Context, host.Spec) (host.Node, error) {
	return nil, phrase.Errorf("launch a node by ssh: %w", host.ErrUnsupported)
}

// Node returns a machine by the name of its member.
func (h *Host) Node(name string) (host.Node, bool) {
	i := slices.IndexFunc(h.nodes, func(n *Node) bool { return n.m.Name == name })
	if i < 0 {
		return nil, false
	}
	return h.nodes[i], true
}

// Address is the member's own; "" if there is no such member.
func (h *Host) Address(node string, n host.Network, port int) string {
	i := slices.IndexFunc(h.nodes, func(o *Node) bool { return o.m.Name == node })
	if i < 0 {
		return ""
	}
	return net.JoinHostPort(h.nodes[i].ip(n), strconv.Itoa(port))
}

// Close removes the folder of the run from every machine, unless something is in force
// there by a lease, and ends the connections. The machines run on.
func (h *Host) Close(ctx context.Context) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return nil
	}
	h.closed = true
	ctx = context.WithoutCancel(ctx)
	errs := make([]error, len(h.nodes))
	var closing sync.WaitGroup
	for i, n := range h.nodes {
		closing.Go(func() { errs[i] = n.close(ctx) })
	}
	closing.Wait()
	return errors.Join(errs...)
}

// Term is how long a lease lasts.
func (h *Host) Term() time.Duration { return h.cfg.Term }

// Spared is the port of the machine's sshd.
func (h *Host) Spared(node string) []int {
	i := slices.IndexFunc(h.nodes, func(n *Node) bool { return n.m.Name == node })
	if i < 0 {
		return nil
	}
	return h.nodes[i].conn.ports()
}
