package fault_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"drillbook/fixtures/fake"
	"drillbook/harness/cluster"
	"drillbook/harness/driver"
	"drillbook/harness/fault"
	"drillbook/harness/host"
	"drillbook/harness/phrase"
)

// wired is a node with cables, whose place fails half-way as often as is asked for.
type wired struct {
	host.Node

	plugged  map[host.Network]bool
	killings int // that will still fail, once the cables are pulled
	unplugs  int // that succeed before all others fail half-way
	plugs    []host.Network
}

var errHalf = errors.New("the place failed half-way")

func wire(n host.Node) *wired {
	return &wired{Node: n, plugged: map[host.Network]bool{host.Public: true, host.Private: true}, unplugs: 9}
}

func (w *wired) whole() bool { return w.plugged[host.Public] && w.plugged[host.Private] }

func (w *wired) Kill(ctx context.Context) error {
	clear(w.plugged)
	if w.killings > 0 {
		w.killings--
		return errHalf
	}
	return w.Node.Kill(ctx)
}

func (w *wired) Start(ctx context.Context) error {
	w.plugged[host.Public], w.plugged[host.Private] = true, true
	return w.Node.Start(ctx)
}

func (w *wired) State(ctx context.Context) (host.State, error) {
	s, _ := w.Node.(host.Stater)
	state, err := s.State(ctx)
	if state == host.Running && !w.whole() {
		state = host.Severed
	}
	return state, err
}

func (w *wired) Unplug(_ context.Context, n host.Network) error {
	w.plugged[n] = false
	if w.unplugs == 0 {
		return errHalf
	}
	w.unplugs--
	return nil
}

func (w *wired) Plug(_ context.Context, n host.Network) error {
	w.plugs = append(w.plugs, n)
	w.plugged[n] = true
	return nil
}

// Exec lists interfaces as ls does.
func (w *wired) Exec(context.Context, host.Command) (host.Answer, error) {
	names := []string{"lo"}
	for n, in := range w.plugged {
		if in {
			names = append(names, string(n))
		}
	}
	return host.Answer{Stdout: strings.Join(names, "\n")}, nil
}

// half starts a database of goroutines whose first member is wired.
func half(t *testing.T, try func(db *fake.DB, a driver.Member, n *wired)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		db := fake.New(fake.Config{})
		c, err := cluster.Start(t.Context(), cluster.Spec{
			Driver: db, Host: db, Members: []string{"a", "b"}, Within: time.Second,
		})
		must(t, err)
		a := c.Members[0]
		n := wire(a.Node)
		a.Node = n
		try(db, a, n)
		must(t, db.Close(t.Context()))
	})
}

// Whatever a kill has done, once or again, is undone, and nothing is said to be
// healed before.
func TestPartialKillIsHealed(t *testing.T) {
	for _, tt := range []struct {
		name            string
		failures, kills int
	}{{"it fails", 1, 1}, {"it fails twice", 2, 2}, {"it fails, then succeeds", 1, 2}, {"it succeeds", 0, 1}} {
		t.Run(tt.name, func(t *testing.T) {
			half(t, func(_ *fake.DB, a driver.Member, n *wired) {
				n.killings = tt.failures
				f := fault.HostLoss(a)
				for i := range tt.kills {
					if err := f.Inject(t.Context()); (err != nil) != (i < tt.failures) {
						t.Fatalf("kill %d: %v", i+1, err)
					}
				}
				if said, err := f.Healed(t.Context()); err == nil {
					t.Errorf("it is said to be healed, off its networks: %s", said)
				}
				must(t, f.Heal(t.Context()))
				if said, err := f.Healed(t.Context()); err != nil || !n.whole() {
					t.Errorf("healed %q, %v, networks %v, want it to run on all", said, err, n.plugged)
				}
			})
		})
	}
}

// What a fault has not done, it does not undo.
func TestOnlyWhatWasDoneIsHealed(t *testing.T) {
	t.Run("a host that another has lost", func(t *testing.T) {
		half(t, func(_ *fake.DB, a driver.Member, _ *wired) {
			must(t, a.Node.Kill(t.Context()))
			must(t, fault.HostLoss(a).Heal(t.Context()))
			if s, err := a.Node.(host.Stater).State(t.Context()); s != host.Ended {
				t.Errorf("the host is %s, %v, want it to be as it was", s, err)
			}
		})
	})
	t.Run("a server that did not run", func(t *testing.T) {
		half(t, func(db *fake.DB, a driver.Member, n *wired) {
			inner := a
			inner.Node = n.Node
			must(t, db.StopServer(t.Context(), inner))
			f := fault.KillServer(db, inner)
			if err := f.Inject(t.Context()); err == nil {
				t.Error("a server was killed that does not run")
			}
			must(t, f.Heal(t.Context()))
			if pid, err := db.MainProcess(t.Context(), inner); pid != 0 || err != nil {
				t.Errorf("the server runs as %d, %v, want it to be as it was", pid, err)
			}
		})
	})
	t.Run("a network that another has taken away", func(t *testing.T) {
		half(t, func(_ *fake.DB, a driver.Member, n *wired) {
			n.plugged[host.Private] = false
			n.unplugs = 0
			f := fault.Unplug(a, host.Public, host.Private)
			if err := f.Inject(t.Context()); !errors.Is(err, errHalf) {
				t.Fatalf("inject = %v, want %v", err, errHalf)
			}
			must(t, f.Heal(t.Context()))
			must(t, f.Heal(t.Context()))
			if want := []host.Network{host.Public}; !slices.Equal(n.plugs, want) {
				t.Errorf("it plugged %v, want %v, which it had begun to take away", n.plugs, want)
			}
		})
	})
}

// Faults of which one is an event and one a state are a state.
func TestTogetherIsAStateIfAPartIs(t *testing.T) {
	half(t, func(db *fake.DB, a driver.Member, n *wired) {
		a.Node = n.Node
		kill, freeze := fault.KillServer(db, a), fault.Freeze(a)
		if said, err := fault.Group(phrase.Quote("both"), kill, kill).Holds(t.Context()); !errors.Is(err,
			fault.ErrEvent) {
			t.Errorf("two events: %q, %v, want an event", said, err)
		}
		if said, err := fault.Group(phrase.Quote("both"), kill, freeze).Holds(t.Context()); err == nil ||
			errors.Is(err, fault.ErrEvent) {
			t.Errorf("with a state that does not hold: %q, %v, want an error", said, err)
		}
		must(t, freeze.Inject(t.Context()))
		if said, err := fault.Group(phrase.Quote("both"), kill, freeze).Holds(t.Context()); err != nil ||
			said.Text == ""+
				"" {
			t.Errorf("with a state that holds: %q, %v, want evidence", said, err)
		}
	})
}
