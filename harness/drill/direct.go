package drill

import (
	"context"
	"fmt"
	"net"
	"strconv"
	"time"

	"drillbook/harness/driver"
	"drillbook/harness/host"
	"drillbook/harness/record"
	"drillbook/harness/wait"
)

// direct is the members as the harness dials them when it means them and not
// the service.
func (d *Drill) direct(members ...driver.Member) []driver.Member {
	if d.cfg.Aside == "" {
		return members
	}
	dialled := make([]driver.Member, 0, len(members))
	for _, m := range members {
		m.Node = aside{Node: m.Node, over: d.cfg.Aside}
		dialled = append(dialled, m)
	}
	return dialled
}

// aside is a node that is dialled over a network of our choice.
type aside struct {
	host.Node

	over host.Network
}

func (n aside) Addr(ctx context.Context, port int) (string, error) {
	ip, err := host.IP(ctx, n.Node, n.over)
	if err != nil {
		return "", fmt.Errorf("dial %s over the %s network: %w", n.Name(), n.over, err)
	}
	return net.JoinHostPort(ip, strconv.Itoa(port)), nil
}

// Taken counts, for so long, the writes that each member acknowledges when
// they are sent straight to it.
func (d *Drill) Taken(ctx context.Context, during time.Duration) (map[string]int, error) {
	before := d.taken()
	if err := d.watch(ctx, "writes to be counted", during); err != nil {
		return nil, err
	}
	counts := d.taken()
	for member := range counts {
		counts[member] -= before[member]
	}
	return counts, nil
}

// watch lets the clients go on for so long.
func (d *Drill) watch(ctx context.Context, name string, during time.Duration) error {
	began := d.now()
	return wait.For(ctx, name, during+time.Second, func(context.Context) error {
		if passed := d.now() - began; passed < during {
			return fmt.Errorf("only for %s", passed.Round(time.Millisecond))
		}
		return nil
	})
}

// taken is how many of the writes sent straight to them the members have
// acknowledged.
func (d *Drill) taken() map[string]int {
	counts := map[string]int{}
	for i, s := range d.cfg.Head.Streams {
		if s.Kind == record.Write && s.Member != "" {
			h, _ := d.probe.Health(i)
			counts[s.Member] += h.Acked
		}
	}
	return counts
}
