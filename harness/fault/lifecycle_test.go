package fault_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"drillbook/fixtures/fake"
	"drillbook/harness/cluster"
	"drillbook/harness/driver"
	"drillbook/harness/fault"
	"drillbook/harness/host"
	"drillbook/harness/link"
)

// kind is a fault that the database of goroutines can suffer.
type kind struct {
	name string
	make func(t *testing.T, db *fake.DB, a driver.Member) fault.Fault
}

func kinds() []kind {
	return []kind{
		{"host loss", func(_ *testing.T, _ *fake.DB, a driver.Member) fault.Fault { return fault.HostLoss(a) }},
		{"freeze", func(_ *testing.T, _ *fake.DB, a driver.Member) fault.Fault { return fault.Freeze(a) }},
		{"cut", func(t *testing.T, db *fake.DB, _ driver.Member) fault.Fault {
			t.Helper()
			l, err := db.Links().Link(t.Context(), link.Route{From: "b", To: "a"})
			must(t, err)
			return fault.Impair(l, link.Condition{Kind: link.Drop})
		}},
	}
}

// each tries every kind of fault on a database of its own.
func each(t *testing.T, defects fake.Defects, try func(t *testing.T, f fault.Fault)) {
	t.Helper()
	for _, k := range kinds() {
		t.Run(k.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				db := fake.New(fake.Config{Defects: defects})
				c, err := cluster.Start(t.Context(), cluster.Spec{
					Driver: db, Host: db, Members: []string{"a", "b"}, Within: time.Second,
				})
				must(t, err)
				try(t, k.make(t, db, c.Members[0]))
			})
		})
	}
}

// holds reports whether there is evidence that the fault holds, and whether
// there is that nothing is left of it.
func holds(t *testing.T, f fault.Fault) (confirmed, healed bool) {
	t.Helper()
	_, notHeld := f.Confirm(t.Context())
	_, notHealed := f.Healed(t.Context())
	return notHeld == nil, notHealed == nil
}

func TestFaultLifecycle(t *testing.T) {
	each(t, fake.Defects{}, func(t *testing.T, f fault.Fault) {
		t.Helper()
		expect := func(when string, want bool) {
			t.Helper()
			if held, gone := holds(t, f); held != want || gone == want {
				t.Errorf("%s: it holds %v, it is gone %v, want %v and %v", when, held, gone, want, !want)
			}
		}
		expect("before", false)
		must(t, f.Heal(t.Context()))
		expect("healed before it was injected", false)
		must(t, f.Inject(t.Context()))
		expect("injected", true)
		must(t, f.Heal(t.Context()))
		must(t, f.Heal(t.Context()))
		expect("healed twice", false)
	})
}

func TestFaultsThatDoNotTakeHoldAreNotConfirmed(t *testing.T) {
	each(t, fake.Defects{FaultsDoNothing: true}, func(t *testing.T, f fault.Fault) {
		t.Helper()
		must(t, f.Inject(t.Context()))
		if held, _ := holds(t, f); held {
			t.Error("it is said to hold, and does not")
		}
	})
}

func TestFaultsThatStayAreNotHealed(t *testing.T) {
	each(t, fake.Defects{HealDoesNothing: true}, func(t *testing.T, f fault.Fault) {
		t.Helper()
		if f.String() == "host of a is lost" {
			t.Skip("a host can always be started")
		}
		must(t, f.Inject(t.Context()))
		must(t, f.Heal(t.Context()))
		if held, gone := holds(t, f); !held || gone {
			t.Errorf("it holds %v, it is gone %v, want it to stay", held, gone)
		}
	})
}

// mute is a node whose place cannot be asked for its state the first time.
type mute struct {
	host.Node
	host.Freezer

	asked *bool
}

func (n mute) State(ctx context.Context) (host.State, error) {
	if first := !*n.asked; first {
		*n.asked = true
		return "", errors.New("the place does not answer")
	}
	s, _ := n.Node.(host.Stater)
	return s.State(ctx)
}

// Where it cannot be told whether a member is frozen, it is not taken for thawed.
func TestFrozenStateIsAskedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db := fake.New(fake.Config{})
		c, err := cluster.Start(t.Context(), cluster.Spec{
			Driver: db, Host: db, Members: []string{"a", "b"}, Within: time.Second,
		})
		must(t, err)
		a := c.Members[0]
		must(t, fault.Freeze(a).Inject(t.Context()))
		freezer, _ := a.Node.(host.Freezer)
		a.Node = mute{Node: a.Node, Freezer: freezer, asked: new(bool)}
		f := fault.Freeze(a)
		healed := f.Heal(t.Context())
		if _, err := f.Healed(t.Context()); err != nil && healed == nil {
			t.Errorf("it is said to be thawed, and %v", err)
		}
	})
}
