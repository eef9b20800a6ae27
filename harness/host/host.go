// Package host says what a place to run members must offer.
//
// A host is made for one cluster: it owns the two networks that both a public
// service and private replication need, launches nodes into them, and removes
// everything it made. It knows no database; a node is only something that has
// been started and can be stopped.
package host

import (
	"context"
	"io"
	"strconv"
	"strings"

	"drillbook/harness/phrase"
	"drillbook/harness/secret"
)

// ErrUnsupported is wrapped by errors of hosts and nodes that cannot do what
// was asked on the machine at hand.
var ErrUnsupported = phrase.Errorf("not supported here")

// ErrGone is wrapped by errors of hosts and nodes when the system that runs the
// nodes, such as the container engine, does not answer any more. It says nothing
// about what the nodes run.
var ErrGone = phrase.Errorf("what runs the members does not answer")

// Network names one of the two networks of a cluster.
type Network string

// The two networks of every cluster. Clients, monitors and arbiters use the
// public one, replication the private one (seed 000, "规划网络连接"; seed 004,
// section 2).
const (
	Public  Network = "public"
	Private Network = "private"
)

// Phrase is what the network is called.
func (n Network) Phrase() phrase.Phrase {
	switch n {
	case Public:
		return phrase.Say("public")
	case Private:
		return phrase.Say("private")
	}
	return phrase.Quote(string(n))
}

// Host is a place where the nodes of one cluster run. Its methods may be
// called at the same time from several goroutines.
type Host interface {
	// Name is the kind of place, as reports call it: "container", "local".
	Name() string
	// Launch makes a node and starts it, and returns once its first port
	// accepts connections. On error nothing of the node is left running.
	Launch(ctx context.Context, spec Spec) (Node, error)
	// Address is the host:port at which other nodes on n reach a port of the
	// named node. It is known before the node is launched and never changes.
	Address(node string, n Network, port int) string
	// Close removes every node and network of the host. Calling it again is
	// no error.
	Close(ctx context.Context) error
}

// Node is one launched thing. Its data outlives Stop and Kill.
type Node interface {
	Name() string
	// Addr is the host:port at which the harness itself dials the node's
	// port. It may change whenever the node is started again; while the node
	// is down it is what it was before.
	Addr(ctx context.Context, port int) (string, error)
	// Start boots a stopped or killed node, as power does; what then runs depends
	// on its command.
	Start(ctx context.Context) error
	// Stop asks the node to end and waits until it has.
	Stop(ctx context.Context) error
	// Kill ends the node as a power loss does: its peers are not notified, where
	// the place can do that not even by its kernel. A [MechanismReporter] describes
	// how it is done.
	Kill(ctx context.Context) error
	// Exec runs a command in the node and waits for it. A command that ends
	// with a code other than 0 is not an error of Exec. In the answer, the
	// command's secrets are hidden.
	Exec(ctx context.Context, c Command) (Answer, error)
	// Logs is what the node's main process has printed so far.
	Logs(ctx context.Context) (io.ReadCloser, error)
}

// State is the state of a node as the place reports it, not as the node does.
type State string

// The states of a node.
const (
	Running State = "running"
	Frozen  State = "frozen"
	Ended   State = "ended"
	// Severed is a node that still runs after a Kill that disconnected its networks
	// and then failed to end it. Start reconnects them.
	Severed State = "running off its networks"
)

// Stater is a node whose state the host can report.
type Stater interface {
	State(ctx context.Context) (State, error)
}

// Freezer is a node all of whose processes can be paused at once.
type Freezer interface {
	Freeze(ctx context.Context) error
	Thaw(ctx context.Context) error
}

// MechanismReporter is a node that describes how it is killed and frozen, so that
// reports do not claim more than was done.
type MechanismReporter interface {
	// KillMechanism describes what Kill does.
	KillMechanism() phrase.Phrase
	// FreezeMechanism describes what Freeze does.
	FreezeMechanism() phrase.Phrase
}

// Unplugger is a node that can be disconnected from a network, as by pulling the
// cable, and connected again with the same address.
type Unplugger interface {
	Unplug(ctx context.Context, n Network) error
	Plug(ctx context.Context, n Network) error
}

// Addresser is a node with network interfaces of its own: one interface and one
// address on each network, which it shares with no other node.
type Addresser interface {
	// IPs are the node's addresses, by network, also of one that it is off.
	IPs(ctx context.Context) (map[Network]string, error)
}

// IP is a node's address on a network. Its error wraps [ErrUnsupported] if the node
// has none of its own.
func IP(ctx context.Context, node Node, n Network) (string, error) {
	a, ok := node.(Addresser)
	if !ok {
		return "", ErrUnsupported
	}
	ips, err := a.IPs(ctx)
	if err != nil {
		return "", err
	}
	ip, ok := ips[n]
	if !ok {
		return "", phrase.Errorf("it has no address there: %w", ErrUnsupported)
	}
	return ip, nil
}

// StateOf is what the place says of a node. Its error wraps [ErrUnsupported] if the
// place does not tell.
func StateOf(ctx context.Context, node Node) (State, error) {
	s, ok := node.(Stater)
	if !ok {
		return "", ErrUnsupported
	}
	return s.State(ctx)
}

// NetAdmin is a node in whose network stack the harness may run commands that
// change it. They run outside the node's file system.
type NetAdmin interface {
	NetExec(ctx context.Context, c Command) (Answer, error)
}

// Spec says how to run a node.
type Spec struct {
	Name    string            // unique on its host
	Image   Image             // what it runs from
	Command []string          // the main process; nil: the image's own
	Env     map[string]string // added to the image's own
	Ports   []int             // TCP ports it serves; the first one says that it is up
	Disk    Disk              // of its own; the zero Disk is none
	// NetAdmin lets root in the node change the node's network (CAP_NET_ADMIN), as
	// products do that move a virtual address by themselves.
	NetAdmin bool
}

// Disk is a small disk of a node, which a drill may fill. Its contents outlive
// Stop and Kill.
type Disk struct {
	Path string // where it is mounted; what the image has there is copied onto it first
	Size int64  // bytes; 0: no disk
}

// What every host adds to the environment of a node and of the commands in it,
// so that neither needs to know where it runs.
const (
	// EnvRoot is the folder that is the node's own: "" where it has a whole
	// file system, so that $DRILL_ROOT/etc is always its own.
	EnvRoot = "DRILL_ROOT"
	// EnvLog is a file; what is appended to it is shown by Logs.
	EnvLog = "DRILL_LOG"
	// EnvAddress is the address at which the node must listen where it shares
	// its machine with others; else it is empty.
	EnvAddress = "DRILL_ADDRESS"
)

// EnvPort names the variable that says at which port a node must really listen
// for one of its Spec. It is only set where it may be another.
func EnvPort(port int) string { return "DRILL_PORT_" + strconv.Itoa(port) }

// Command is a program to run in a node.
type Command struct {
	Argv []string // seen by all on the node, and recorded: no secret belongs here
	User string   // empty: the node's own
	// Typed is what a person would type into the program. It is recorded with
	// the command. Where the mask of one of Secrets stands in it, the program
	// gets the secret.
	Typed   string
	Secrets []secret.Text
	Stdin   string // data, behind what is typed; not recorded
}

// Input is what the program reads. Only who runs the command asks for it.
func (c Command) Input() string { return secret.Fill(c.Typed, c.Secrets...) + c.Stdin }

// Quote is a word as a shell reads it unchanged, with quotes only where a person would write
// them. What is not only shown is written with [Quoted].
func Quote(word string) string {
	if word == "" || strings.ContainsAny(word, " \t\n'\"$;|&<>()*?") {
		return Quoted(word)
	}
	return word
}

// Quoted are words as any shell reads them unchanged, whatever is in them.
func Quoted(words ...string) string {
	all := make([]string, 0, len(words))
	for _, w := range words {
		all = append(all, "'"+strings.ReplaceAll(w, "'", `'\''`)+"'")
	}
	return strings.Join(all, " ")
}

// Line is the command as a person would type it.
func (c Command) Line() string {
	words := make([]string, 0, len(c.Argv))
	for _, w := range c.Argv {
		words = append(words, Quote(w))
	}
	line := strings.Join(words, " ")
	if c.Typed != "" {
		line += " <<'END'\n" + strings.TrimSuffix(c.Typed, "\n") + "\nEND"
	}
	return line
}

// Called is what the command is called in an error: a script of several lines by its name,
// which is the argument behind it, since the reason stands behind the command. Records have
// the script.
func (c Command) Called() string {
	const script, name = 2, 3
	if len(c.Argv) > name && c.Argv[1] == "-c" && strings.Contains(c.Argv[script], "\n") {
		return strings.Join(c.Argv[name:], " ")
	}
	return strings.Join(c.Argv, " ")
}

// Answer is what a command printed and how it ended.
type Answer struct {
	Stdout, Stderr string
	Code           int
}

// Hide is the answer without secrets.
func (a Answer) Hide(secrets ...secret.Text) Answer {
	a.Stdout, a.Stderr = secret.Hide(a.Stdout, secrets...), secret.Hide(a.Stderr, secrets...)
	return a
}
