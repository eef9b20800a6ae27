package cluster_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"drillbook/fixtures/fake"
	"drillbook/harness/cluster"
	"drillbook/harness/driver"
	"drillbook/harness/fault"
)

// launch makes a database and a cluster of a and b of it.
func launch(t *testing.T, cfg fake.Config) (*fake.DB, *cluster.Cluster, error) {
	t.Helper()
	db := fake.New(cfg)
	c, err := cluster.Start(t.Context(), cluster.Spec{
		Driver: db, Host: db, Members: []string{"a", "b"}, Replication: db.Links(), Within: 5 * time.Second,
	})
	return db, c, err
}

func quick() fake.Config {
	return fake.Config{Latency: 2 * time.Millisecond, Delay: 5 * time.Millisecond}
}

func TestStart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, c, err := launch(t, quick())
		if err != nil {
			t.Fatal(err)
		}
		primary, err := c.Primary(t.Context())
		if err != nil || primary.Name != "a" {
			t.Errorf("primary = %s, %v, want a", primary.Name, err)
		}
		standby, err := c.Standby(t.Context())
		if err != nil || standby.Name != "b" {
			t.Errorf("standby = %s, %v, want b", standby.Name, err)
		}
		if got := c.Members[1].Dial["a"]; got != "a:2" {
			t.Errorf("b dials a at %q, want the address of the link", got)
		}
		if _, ok := c.Member("nobody"); ok {
			t.Error("there is a member that nobody launched")
		}
	})
}

func TestStartSaysWhatIsNotReady(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := quick()
		cfg.Defects.SaysPrimary = true
		_, _, err := launch(t, cfg)
		if !errors.Is(err, cluster.ErrNotOne) || !strings.Contains(err.Error(), "every member ready") {
			t.Errorf("Start = %v, want %v and what was waited for", err, cluster.ErrNotOne)
		}
	})
}

// closing is a database with something beside its members.
type closing struct {
	*fake.DB
	said  error
	times int
}

func (d *closing) CloseCluster(ctx context.Context) error {
	d.times++
	return errors.Join(ctx.Err(), d.said)
}

// What a driver runs besides its members ends with the cluster, and with one
// that was never ready, even if that was called off.
func TestClusterIsClosed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := func(ctx context.Context, d *closing) (*cluster.Cluster, error) {
			return cluster.Start(ctx, cluster.Spec{
				Driver: d, Host: d, Members: []string{"a", "b"}, Replication: d.Links(), Within: 5 * time.Second,
			})
		}
		d := &closing{DB: fake.New(quick())}
		c, err := start(t.Context(), d)
		if err != nil || d.times != 0 {
			t.Fatalf("closed %d times by its start, %v", d.times, err)
		}
		if err := c.Close(t.Context()); err != nil || d.times != 1 {
			t.Errorf("closed %d times, %v, want once", d.times, err)
		}
		d.said = errors.New("it stays")
		if err := c.Close(t.Context()); !errors.Is(err, d.said) {
			t.Errorf("Close = %v, want %v", err, d.said)
		}
		cfg := quick()
		cfg.Defects.SaysPrimary = true
		d = &closing{DB: fake.New(cfg)}
		brief, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := start(brief, d); err == nil || strings.Contains(err.Error(), "close the cluster") || d.times != 1 {
			t.Errorf("one that was never ready was closed %d times, %v, want once", d.times, err)
		}
		_, c, err = launch(t, quick())
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Close(t.Context()); err != nil {
			t.Errorf("with nothing to close, Close = %v", err)
		}
	})
}

// One that does not answer is passed over, and does not hold up the others.
func TestPrimaryPassesOverTheDead(t *testing.T) {
	for _, tt := range []struct {
		name string
		harm func(m driver.Member) fault.Fault
	}{
		{"lost", fault.HostLoss},
		{"frozen", fault.Freeze},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				db, c, err := launch(t, quick())
				if err != nil {
					t.Fatal(err)
				}
				a, b := c.Members[0], c.Members[1]
				if err := tt.harm(a).Inject(t.Context()); err != nil {
					t.Fatal(err)
				}
				began := time.Now()
				_, err = c.Primary(t.Context())
				if !errors.Is(err, cluster.ErrNotOne) {
					t.Errorf("Primary = %v, want %v before anybody is promoted", err, cluster.ErrNotOne)
				}
				for _, part := range []string{"a:", "b is standby"} {
					if err != nil && !strings.Contains(err.Error(), part) {
						t.Errorf("error %q does not say %q", err, part)
					}
				}
				if took := time.Since(began); took > time.Second {
					t.Errorf("asking took %s, want half a second for the one that does not answer", took)
				}
				if err := db.Promote(t.Context(), b); err != nil {
					t.Fatal(err)
				}
				if got, err := c.Primary(t.Context()); err != nil || got.Name != "b" {
					t.Errorf("primary = %s, %v, want b", got.Name, err)
				}
			})
		})
	}
}

func TestTwoPrimariesAreAnError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := quick()
		cfg.Defects.KeepsWriting = true
		db, c, err := launch(t, cfg)
		if err != nil {
			t.Fatal(err)
		}
		if err := db.Promote(t.Context(), c.Members[1]); err != nil {
			t.Fatal(err)
		}
		if _, err := c.Primary(t.Context()); !errors.Is(err, cluster.ErrNotOne) ||
			!strings.HasSuffix(err.Error(), "2 members say they are primary: a is primary\nb is primary") {
			t.Errorf("Primary = %v, want that there are two, and who", err)
		}
	})
}
