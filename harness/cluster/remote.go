package cluster

import (
	"context"
	"fmt"
	"io"

	"drillbook/harness/driver"
	"drillbook/harness/host"
)

// Remote returns a cluster of members that are there and of which only the database is
// reached: nothing was launched, and nothing can be done to their hosts. They are named by
// their addresses.
func Remote(d driver.Driver, addresses []string) (*Cluster, error) {
	if err := Check(d.Product(), addresses, nil); err != nil {
		return nil, err
	}
	c := &Cluster{Driver: d}
	for _, a := range addresses {
		c.Members = append(c.Members, driver.Member{Name: a, Node: remote(a), Public: a})
		c.Seats = append(c.Seats, driver.Seat{Name: a})
	}
	return c, nil
}

// remote is a node by its address: it can be dialled, and that is all.
type remote string

func (r remote) Name() string { return string(r) }

func (r remote) Addr(context.Context, int) (string, error) { return string(r), nil }

func (r remote) Start(context.Context) error { return r.closed("start") }

func (r remote) Stop(context.Context) error { return r.closed("stop") }

func (r remote) Kill(context.Context) error { return r.closed("kill") }

func (r remote) Exec(context.Context, host.Command) (host.Answer, error) {
	return host.Answer{}, r.closed("run a command on")
}

func (r remote) Logs(context.Context) (io.ReadCloser, error) { return nil, r.closed("read the log of") }

func (r remote) closed(what string) error {
	return fmt.Errorf("%s %s: its host is not reached, only its database: %w", what, string(r), host.ErrUnsupported)
}
