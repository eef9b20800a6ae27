package preflight_test

import (
	"context"
	"testing"

	"drillbook/fixtures/fake"
	"drillbook/harness/host"
	"drillbook/harness/preflight"
)

// changeable is a node whose network the harness may change, and which it may share
// with others.
type changeable struct{ clock }

func (changeable) NetExec(context.Context, host.Command) (host.Answer, error) {
	return host.Answer{}, nil
}

// addressed is a node with networks of its own, which nobody may change.
type addressed struct{ clock }

func (addressed) IPs(context.Context) (map[host.Network]string, error) {
	return map[host.Network]string{host.Public: "10.0.0.2", host.Private: "10.0.1.2"}, nil
}

// TestNetworksOfItsOwn: that the harness may change a node's network does not make
// it the node's own, and what it may not change is looked at all the same.
func TestNetworksOfItsOwn(t *testing.T) {
	for _, tt := range []struct {
		name      string
		node      func(host.Node) host.Node
		unchecked bool
	}{
		{"shared, may be changed", func(n host.Node) host.Node { return changeable{clock{Node: n}} }, true},
		{"its own, may not be changed", func(n host.Node) host.Node { return addressed{clock{Node: n}} }, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			db := fake.New(fake.Config{})
			cfg := start(t, db, db)
			for i := range cfg.Members {
				cfg.Members[i].Node = tt.node(cfg.Members[i].Node)
			}
			for _, f := range preflight.Check(t.Context(), cfg) {
				if f.What.Text != "networks" && f.What.Text != "ports that listen" {
					continue
				}
				if (f.Unchecked != nil) != tt.unchecked {
					t.Errorf("%s of %s: unchecked is %v, wrong is %v", f.What, f.Member, f.Unchecked, f.Err)
				}
			}
		})
	}
}
