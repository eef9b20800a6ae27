package ssh

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"

	"drillbook/harness/host"
	"drillbook/harness/phrase"
)

// folders is what the folders of all runs are in. Nothing outlives a boot there.
const folders = "/run/drillbook"

// Node is one machine. It is a [host.Node] whose power is in our hands if its [Power] is set.
type Node struct {
	h        *Host
	m        Machine
	conn     *conn // of commands
	consoles consoles
	mark     string       // that a command's own output comes behind
	last     atomic.Int64 // number of the last command, console or lease
}

var (
	_ host.Node      = (*Node)(nil)
	_ host.Addresser = (*Node)(nil)
	_ host.NetAdmin  = (*Node)(nil)
	_ host.Attacher  = (*Node)(nil)
	_ host.Stater    = (*Node)(nil)
	_ host.Restorer  = (*Node)(nil)

	_ host.MechanismReporter = (*Node)(nil)
)

func newNode(h *Host, m Machine) *Node {
	mark := fmt.Sprintf("drillbook-%016x", rand.Uint64()) //nolint:gosec // to be told apart, not secret
	return &Node{h: h, m: m, mark: mark, conn: newConn(h.cfg.Settings, m.Reach)}
}

func (n *Node) folder() string { return path.Join(folders, n.h.cfg.Run) }

// file is a new path in the folder of the run.
func (n *Node) file(kind string) string {
	return path.Join(n.folder(), kind+"."+strconv.FormatInt(n.last.Add(1), 10))
}

// open makes the folder of the run, which all users of the run may write to, and makes sure
// that commands can be run.
func (n *Node) open(ctx context.Context) error {
	made, err := n.login(ctx, "[ -d "+folders+" ] || exec sudo -n "+makeFolder)
	if err != nil {
		return err
	}
	if made.Code != 0 {
		return phrase.Errorf("make %s: %s", folders, n.sudoAdvice(made, root, makeFolder))
	}
	made, err = n.login(ctx, "mkdir -p -m 1777 "+host.Quote(n.folder())+" && chmod 1777 "+host.Quote(n.folder()))
	if err == nil && made.Code != 0 {
		err = phrase.Errorf("make %s: %s", n.folder(), strings.TrimSpace(made.Stderr))
	}
	if err != nil {
		return err
	}
	_, err = n.Exec(ctx, host.Command{Argv: []string{"true"}})
	return err
}

// sign leaves the member's name in the folder of the run.
func (n *Node) sign(ctx context.Context) error {
	answer, err := n.login(ctx, ": >"+host.Quote(path.Join(n.folder(), "member."+n.m.Name)))
	if err == nil && answer.Code != 0 {
		err = phrase.Errorf("mark %s: %s", n.m.Name, answer.Stderr)
	}
	return err
}

// close removes the folder of the run and ends the connection.
func (n *Node) close(ctx context.Context) error {
	defer n.conn.close()
	n.consoles.close()
	if !n.conn.reached() || n.conn.isOff() { // the folder does not outlive a boot
		return nil
	}
	n.conn.letGo() // with this connection, or now if another run has it
	ctx, done := context.WithTimeout(ctx, closeWithin)
	defer done()
	if err := n.removeFolder(ctx); err != nil {
		return phrase.Errorf("remove %s from %s: %w", n.folder(), n.m.Name, err)
	}
	return nil
}

// removeFolder removes the folder of the run. What users have written is theirs to remove.
// Nothing is removed while something is in force by a lease: its watch would take that for a
// release.
func (n *Node) removeFolder(ctx context.Context) error {
	dir := host.Quote(n.folder())
	left, err := n.login(ctx, "[ -d "+dir+" ] || exit 0\nfor f in "+dir+
		"/lease.*/until; do [ ! -e \"$f\" ] || exit 3; done; exit 4")
	switch {
	case err != nil:
		return err
	case left.Code == 0:
		return nil
	case left.Code == inForce:
		return phrase.Errorf("something is in force there by a lease, which ends by itself within %s", n.h.cfg.Term)
	}
	_, refused := n.Exec(ctx, host.Command{Argv: []string{"sh", "-c", "rm -rf " + dir + "/* 2>/dev/null; true"}})
	left, err = n.login(ctx, "rm -rf "+dir)
	if err == nil && left.Code != 0 {
		err = errors.Join(refused, errors.New(strings.TrimSpace(left.Stderr)))
	}
	return err
}

// inForce is the code of the script that finds a lease.
const inForce = 3

// Name is that of the member.
func (n *Node) Name() string { return n.m.Name }

// Addr is the machine's own: clients dial it directly.
func (n *Node) Addr(_ context.Context, port int) (string, error) {
	return net.JoinHostPort(n.ip(host.Public), strconv.Itoa(port)), nil
}

func (n *Node) ip(which host.Network) string {
	if which == host.Private {
		return n.m.Private
	}
	return n.m.Public
}

// IPs are the machine's addresses.
func (n *Node) IPs(context.Context) (map[host.Network]string, error) {
	return map[host.Network]string{host.Public: n.m.Public, host.Private: n.m.Private}, nil
}

// Logs is the end of the file that the machine's environment names; nothing, if it names
// none.
func (n *Node) Logs(ctx context.Context) (io.ReadCloser, error) {
	said, err := n.Exec(ctx, host.Command{Argv: []string{
		"sh", "-c", `[ -z "$` + host.EnvLog + `" ] || tail -c 1048576 "$` + host.EnvLog + `"`,
	}})
	return io.NopCloser(strings.NewReader(said.Stdout)), err
}

// NetExec runs nft as root, and whatever else looks at the network as who has logged in.
func (n *Node) NetExec(ctx context.Context, c host.Command) (host.Answer, error) {
	c.User = n.loginUser()
	if len(c.Argv) > 0 && c.Argv[0] == "nft" {
		c.User = root
	}
	return n.Exec(ctx, c)
}

const root = "root"

// loginUser stands for who has logged in.
func (*Node) loginUser() string { return "-" }

// asUser is what runs a command as its user.
func (n *Node) asUser(user string) []string {
	if user == "" {
		user = n.m.User
	}
	switch user {
	case "", n.loginUser():
		return nil
	case root:
		return []string{"sudo", "-n"}
	}
	return []string{"sudo", "-n", "-u", user}
}

// environment is set before every command but those of root.
func (n *Node) environment() []string {
	argv := make([]string, 0, 1+len(n.m.Env))
	argv = append(argv, "env")
	for _, name := range slices.Sorted(maps.Keys(n.m.Env)) {
		argv = append(argv, name+"="+n.m.Env[name])
	}
	return argv
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(s, "\n")
	return line
}
