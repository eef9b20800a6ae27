package drill

import (
	"context"
	"net"
	"strconv"
	"time"

	"drillbook/harness/driver"
	"drillbook/harness/host"
	"drillbook/harness/phrase"
	"drillbook/harness/record"
	"drillbook/harness/wait"
)

// direct returns the members as the observer and the streams to single members
// dial them: over [Config.DirectNetwork], if that is set.
func (d *Drill) direct(members ...driver.Member) []driver.Member {
	if d.cfg.DirectNetwork == "" {
		return members
	}
	return Over(d.cfg.DirectNetwork, members...)
}

// Over returns members as they are dialled over a network.
func Over(n host.Network, members ...driver.Member) []driver.Member {
	dialled := make([]driver.Member, 0, len(members))
	for _, m := range members {
		m.Node = directNode{Node: m.Node, over: n}
		dialled = append(dialled, m)
	}
	return dialled
}

// directAnswersWithin is how long a member may take to answer where it is dialled directly.
const directAnswersWithin = 10 * time.Second

// checkDirect makes sure that every member answers over [Config.DirectNetwork]: one that does
// not could take writes, and nobody would see it.
func (d *Drill) checkDirect(ctx context.Context) error {
	if d.cfg.DirectNetwork == "" || d.cfg.Alone {
		return nil
	}
	for _, m := range d.direct(d.Cluster.Members...) {
		err := wait.For(ctx, phrase.Say("%s to answer over the %s network", m.Name, d.cfg.DirectNetwork),
			directAnswersWithin, func(ctx context.Context) error {
				_, err := d.Cluster.Role(ctx, m)
				return err
			})
		if err != nil {
			return phrase.Errorf("nobody would see whether %s takes writes while its clients are cut off: %w", m.Name,
				err)
		}
	}
	return nil
}

// directNode is a node that is dialled over a given network.
type directNode struct {
	host.Node

	over host.Network
}

func (n directNode) Addr(ctx context.Context, port int) (string, error) {
	ip, err := host.IP(ctx, n.Node, n.over)
	if err != nil {
		return "", phrase.Errorf("dial %s over the %s network: %w", n.Name(), n.over, err)
	}
	return net.JoinHostPort(ip, strconv.Itoa(port)), nil
}

// CountDirectWrites returns how many of the writes sent straight to it each member
// acknowledges during the given time.
func (d *Drill) CountDirectWrites(ctx context.Context, during time.Duration) (map[string]int, error) {
	before := d.directWrites()
	if err := d.letPass(ctx, phrase.Say("writes to be counted"), during); err != nil {
		return nil, err
	}
	counts := d.directWrites()
	for member := range counts {
		counts[member] -= before[member]
	}
	return counts, nil
}

// letPass waits for the given time while the clients go on.
func (d *Drill) letPass(ctx context.Context, name phrase.Phrase, during time.Duration) error {
	began := d.now()
	return wait.For(ctx, name, during+time.Second, func(context.Context) error {
		if passed := d.now() - began; passed < during {
			return phrase.Errorf("only for %s", passed.Round(time.Millisecond))
		}
		return nil
	})
}

// directWrites returns how many of the writes sent straight to it each member has
// acknowledged so far.
func (d *Drill) directWrites() map[string]int {
	counts := map[string]int{}
	for i, s := range d.cfg.Head.Streams {
		if s.Kind == record.Write && s.Member != "" {
			h, _ := d.probe.Health(i)
			counts[s.Member] += h.Acked
		}
	}
	return counts
}
