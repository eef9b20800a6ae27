package dsl

import (
	"context"
	"time"

	"github.com/onsi/ginkgo/v2"
	"github.com/onsi/gomega"

	"drillbook/harness/drill"
	"drillbook/harness/driver"
	"drillbook/harness/fault"
	"drillbook/harness/host"
	"drillbook/harness/link"
	"drillbook/harness/record"
	"drillbook/harness/wait"
)

// RejectClients has a member reject clients until the fault is healed.
func (d *Drill) RejectClients(ctx context.Context, m driver.Member) fault.Fault {
	ginkgo.GinkgoHelper()
	g, ok := d.Cluster.Driver.(driver.Gate)
	gomega.Expect(ok).To(gomega.BeTrue(), "the runbook needs turn-away")
	return d.inject(ctx, fault.RejectClients(g, d.Cluster.Driver, m))
}

// StopServer stops a member's server in order; healing that starts it.
func (d *Drill) StopServer(ctx context.Context, m driver.Member) fault.Fault {
	ginkgo.GinkgoHelper()
	s, ok := d.Cluster.Driver.(driver.Server)
	gomega.Expect(ok).To(gomega.BeTrue(), "the runbook needs stop")
	return d.inject(ctx, fault.StopServer(s, m))
}

// Impair imposes a condition on what a standby opens to its primary, through
// the relay of a scenario that has one.
func (d *Drill) Impair(
	ctx context.Context, standby, primary driver.Member, port int, c link.Condition,
) fault.Fault {
	ginkgo.GinkgoHelper()
	return d.inject(ctx, d.linkFault(ctx, d.relay, replication(standby, primary, port), c))
}

// replication is what a standby opens to its primary.
func replication(standby, primary driver.Member, port int) link.Route {
	return link.Route{From: standby.Name, To: primary.Name, Over: host.Private, Port: port}
}

// linkFault returns the fault that imposes a condition on a link.
func (d *Drill) linkFault(ctx context.Context, n link.Network, r link.Route, c link.Condition) fault.Fault {
	ginkgo.GinkgoHelper()
	l, err := n.Link(ctx, r)
	gomega.Expect(drill.Blame(record.BlameFault, err)).To(d.Succeed())
	return fault.Impair(l, c)
}

// inject injects a fault; an error fails the step.
func (d *Drill) inject(ctx context.Context, f fault.Fault) fault.Fault {
	ginkgo.GinkgoHelper()
	gomega.Expect(d.Inject(ctx, f)).To(d.Succeed())
	return f
}

// HealFault heals a fault; an error fails the step.
func (d *Drill) HealFault(ctx context.Context, f fault.Fault) {
	ginkgo.GinkgoHelper()
	gomega.Expect(d.Heal(ctx, f)).To(d.Succeed())
}

// Hold waits for the time that the runbook's parameter hold says.
func (d *Drill) Hold(ctx context.Context, what string) {
	ginkgo.GinkgoHelper()
	hold, err := time.ParseDuration(d.Params["hold"])
	gomega.Expect(err).To(d.Succeed())
	gomega.Expect(wait.Duration(ctx, hold)).To(d.Succeed(), "wait for "+what)
}

// HoldReplication cuts the connection that the standby opens to the primary, and
// waits for the given time. The cut stays until the fault is healed.
func (d *Drill) HoldReplication(
	ctx context.Context,
	standby, primary driver.Member,
	port int,
	hold time.Duration,
) fault.Fault {
	ginkgo.GinkgoHelper()
	f := d.inject(ctx, d.linkFault(ctx, d.Links, replication(standby, primary, port), link.Condition{Kind: link.Drop}))
	gomega.Expect(wait.Duration(ctx, hold)).To(d.Succeed(), "wait for replication to have been held up")
	return f
}
