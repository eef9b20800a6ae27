package cut

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"drillbook/harness/host"
	"drillbook/harness/link"
	"drillbook/harness/phrase"
)

const (
	// tryFor bounds the harness's own attempt to connect along a link, which it
	// makes if no other packet has met the rules. The first packet leaves at once.
	tryFor = 150 * time.Millisecond
	// anyPort is what is dialled where the route names no port. That nothing
	// listens there does not matter.
	anyPort = 9
	// seenWithin is how long a node may take to see a connection of ours.
	seenWithin = 2 * time.Second
)

// errNotImposed means that no condition is imposed.
var errNotImposed = phrase.Errorf("nothing is imposed")

// path is one link.
type path struct {
	network *Network
	route   link.Route
	addr    string
	table   string // of our rules

	mu      sync.Mutex // held while rules are changed or read; guards all below
	imposed link.Kind  // "" if nothing is
	others  []string   // addresses of the other end, if how to undo it was asked
}

// String names the two ends and the network.
func (p *path) String() string { return p.Phrase().Text }

// Phrase is String for reports.
func (p *path) Phrase() phrase.Phrase { return link.Name(p.route) }

// Mechanism says where the rules are.
func (p *path) Mechanism() phrase.Phrase {
	return phrase.Say("nftables rules in the network stack of %s", p.at())
}

// at is the node whose stack has the rules.
func (p *path) at() string {
	if p.route.From == "" {
		return p.route.To
	}
	return p.route.From
}

// Addr is the far end itself.
func (p *path) Addr() string { return p.addr }

// Impose replaces the rules in one transaction.
func (p *path) Impose(ctx context.Context, c link.Condition) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if c.Kind != link.Drop && c.Kind != link.Refuse {
		return phrase.Errorf("impose %s on %s: %w", c, p, link.ErrUnsupported)
	}
	rules, err := p.rules(ctx)
	if err != nil {
		return phrase.Errorf("impose %s on %s: %w", c, p, err)
	}
	rules.kind = c.Kind
	p.imposed = c.Kind // before it is so: what is half done must be cleared too
	if _, err := p.run(ctx, rules.String(), "nft", "-f", "-"); err != nil {
		return phrase.Errorf("impose %s on %s: %w", c, p, err)
	}
	return nil
}

// rules are those of the link, without a kind. Where nodes stay, the other end has the
// addresses that were found when it was asked how to undo them.
func (p *path) rules(ctx context.Context) (ruleset, error) {
	r := ruleset{table: p.table, peers: p.others, port: p.route.Port, dialled: p.route.From == ""}
	if at, ok := p.network.host.(host.Leaser); ok {
		r.term, r.spared = at.Term(), at.Spared(p.at())
	}
	var err error
	if len(r.peers) == 0 {
		r.peers, err = p.peers(ctx)
	}
	return r, err
}

// Undo deletes the rules. Until then the kernel keeps them for a term at a time.
func (p *path) Undo(ctx context.Context) (host.Undo, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	r, err := p.rules(ctx)
	if err != nil {
		return host.Undo{}, phrase.Errorf("find out how %s is cleared: %w", p, err)
	}
	p.others = r.peers
	return host.Undo{
		Node: p.at(), User: "root",
		Argv: []string{"nft", "-f", "-"}, Stdin: deleteTable(p.table), Renew: r.renewal(),
		Done: []string{"nft", "-c", "create table ip " + p.table}, // which it only can if there is none
	}, nil
}

// peers are the addresses of the other end, as seen from where the rules are.
func (p *path) peers(ctx context.Context) ([]string, error) {
	if p.route.From == "" {
		return p.harnessAddresses(ctx)
	}
	to, err := p.network.node(p.route.To)
	if err != nil {
		return nil, err
	}
	own, ok := to.(host.Addresser)
	if !ok {
		return nil, phrase.Errorf("addresses of %s: %w", p.route.To, host.ErrUnsupported)
	}
	ips, err := own.IPs(ctx)
	if err != nil {
		return nil, err
	}
	var all []string
	for which, ip := range ips {
		if p.route.Over == "" || p.route.Over == which {
			all = append(all, ip)
		}
	}
	if len(all) == 0 {
		return nil, phrase.Errorf("%s has no address on the network %q", p.route.To, p.route.Over)
	}
	slices.Sort(all)
	return all, nil
}

// Confirm counts packets that met the rules. If none did yet it opens a
// connection of its own along the link, which must not succeed.
func (p *path) Confirm(ctx context.Context) (phrase.Phrase, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.imposed == "" {
		return phrase.Phrase{}, phrase.Errorf("confirm %s: %w", p, errNotImposed)
	}
	stopped, err := p.stopped(ctx)
	if err == nil && stopped == 0 {
		p.tryConnect(ctx)
		stopped, err = p.stopped(ctx)
	}
	if err == nil && stopped == 0 {
		err = phrase.Errorf("no packet has met the rules")
	}
	if err != nil {
		return phrase.Phrase{}, phrase.Errorf("confirm %s on %s: %w", p.imposed, p, err)
	}
	verb := phrase.Say("dropped")
	if p.imposed == link.Refuse {
		verb = phrase.Say("refused")
	}
	return phrase.Say("%d packets %s by nftables rules in the network of %s", stopped, verb, p.at()), nil
}

// stopped is the number of packets that the rules have stopped. It is an error if
// the rules are gone.
func (p *path) stopped(ctx context.Context) (int64, error) {
	text, err := p.run(ctx, "", "nft", "-j", "list", "table", "ip", p.table)
	if err != nil {
		return 0, phrase.Errorf("the rules are not there; %s may have been started anew: %w", p.at(), err)
	}
	return packets(text)
}

// tryConnect tries to connect along the link. The result does not matter: the
// rules' counters tell whether packets were stopped.
func (p *path) tryConnect(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, 10*tryFor)
	defer cancel()
	if p.route.From == "" {
		p.tryConnectFromOutside(ctx)
		return
	}
	peers, err := p.peers(ctx)
	if err != nil {
		return
	}
	port := p.route.Port
	if port == 0 {
		port = anyPort
	}
	_, _ = p.run(ctx, "", "timeout", strconv.FormatFloat(tryFor.Seconds(), 'f', 3, 64),
		"bash", "-c", fmt.Sprintf("exec 3<>/dev/tcp/%s/%d", peers[0], port))
}

// Clear deletes the rules. Those of a node that has ended since are gone.
func (p *path) Clear(ctx context.Context) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.imposed == "" {
		return nil
	}
	_, err := p.run(ctx, deleteTable(p.table), "nft", "-f", "-")
	if err != nil && !p.ended(ctx) {
		return phrase.Errorf("clear %s: %w", p, err)
	}
	p.imposed = ""
	return nil
}

// Cleared reads the node's rules back.
func (p *path) Cleared(ctx context.Context) (phrase.Phrase, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.ended(ctx) {
		return phrase.Say("%s is down, and with it all rules in its network", p.at()), nil
	}
	tables, err := p.run(ctx, "", "nft", "list", "tables")
	if err == nil && slices.Contains(strings.Fields(tables), p.table) {
		err = phrase.Errorf("table %s is still in the network of %s", p.table, p.at())
	}
	if err != nil {
		return phrase.Phrase{}, phrase.Errorf("confirm that %s is clear: %w", p, err)
	}
	return phrase.Say("no nftables rules of this link in the network of %s", p.at()), nil
}

// ended reports whether the node with the rules is known to be down.
func (p *path) ended(ctx context.Context) bool {
	node, err := p.network.node(p.at())
	if err != nil {
		return false
	}
	state, err := host.StateOf(ctx, node)
	return err == nil && state == host.Ended
}

// run runs a command in the network stack with the rules.
func (p *path) run(ctx context.Context, stdin string, argv ...string) (string, error) {
	admin, err := p.network.admin(p.at())
	if err != nil {
		return "", err
	}
	answer, err := admin.NetExec(ctx, host.Command{Argv: argv, Stdin: stdin})
	if err == nil && answer.Code != 0 {
		err = phrase.Errorf("%s ended with code %d: %s",
			strings.Join(argv, " "), answer.Code, strings.TrimSpace(answer.Stderr))
	}
	return answer.Stdout, err
}
