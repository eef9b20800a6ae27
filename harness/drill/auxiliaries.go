package drill

import (
	"context"
	"slices"
	"time"

	"drillbook/harness/driver"
	"drillbook/harness/fault"
	"drillbook/harness/observe"
	"drillbook/harness/record"
)

// auxiliaries are the nodes of a drill besides its members, as the record has them.
func auxiliaries(plans []driver.Auxiliary) []record.Auxiliary {
	all := make([]record.Auxiliary, 0, len(plans))
	for _, p := range plans {
		all = append(all, record.Auxiliary{Name: p.Spec.Name, Duty: p.Duty.Text, Redundant: p.Redundant})
	}
	return all
}

// watchAuxiliaries records when an auxiliary node does not run. It asks the place
// rarely, since each question costs the machine something.
func (d *Drill) watchAuxiliaries(ctx context.Context) {
	d.nodes = observe.StartNodes(context.WithoutCancel(ctx), observe.NodesConfig{
		Began: d.began, Nodes: d.Cluster.Auxiliaries, Cause: d.endedBy,
		Every: time.Second, Within: 5 * time.Second, Event: d.observed,
	})
}

// endedBy is the active fault that has ended or paused a node; "" if there is
// none.
func (d *Drill) endedBy(node string) string {
	d.faultsMu.Lock()
	defer d.faultsMu.Unlock()
	i := slices.IndexFunc(d.faults, func(f *activeFault) bool { return fault.Ends(f.Fault, node) })
	if i < 0 {
		return ""
	}
	return d.faults[i].String()
}

// addFault adds an active fault.
func (d *Drill) addFault(f *activeFault) {
	d.faultsMu.Lock()
	defer d.faultsMu.Unlock()
	d.faults = append(d.faults, f)
}

// removeFault removes an active fault.
func (d *Drill) removeFault(f fault.Fault) {
	d.faultsMu.Lock()
	defer d.faultsMu.Unlock()
	d.faults = slices.DeleteFunc(d.faults, func(g *activeFault) bool { return g.Fault == f })
}
