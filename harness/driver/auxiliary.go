package driver

import (
	"drillbook/harness/host"
	"drillbook/harness/phrase"
)

// MaxAuxiliaries is how many auxiliary nodes a cluster may have.
const MaxAuxiliaries = 3

// Auxiliary is a node that a cluster needs besides its members and that holds none of
// their data: a monitor, an arbiter, a store of the cluster's configuration, a pooler
// of connections, a host of clients.
type Auxiliary struct {
	// Spec says how to run its node. The first of its ports, if it has any, says that
	// it is up.
	Spec host.Spec
	Duty phrase.Phrase // what it is for, in reports: "monitor"
	// Redundant says that the product promises service without it: that it ends by
	// itself counts against the product. Otherwise such a drill proves nothing.
	Redundant bool
}

// AuxiliaryPlanner is a driver whose clusters have auxiliary nodes. They are launched
// beside the members, and none has the name of a member.
type AuxiliaryPlanner interface {
	// PlanAuxiliaries says how to run them, [MaxAuxiliaries] at most. It is always
	// the same for the same members.
	PlanAuxiliaries(members []string) ([]Auxiliary, error)
}
