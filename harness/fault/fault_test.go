package fault_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"drillbook/fixtures/fake"
	"drillbook/fixtures/images"
	"drillbook/fixtures/postgres"
	"drillbook/harness/cluster"
	"drillbook/harness/driver"
	"drillbook/harness/fault"
	"drillbook/harness/host"
	"drillbook/harness/host/container"
	"drillbook/harness/phrase"
	"drillbook/harness/wait"
)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// within is how long a fault may take to be confirmed, or to be gone.
const within = 20 * time.Second

func await(t *testing.T, what string, look func(context.Context) (phrase.Phrase, error)) string {
	t.Helper()
	var evidence phrase.Phrase
	must(t, wait.For(t.Context(), what, within, func(ctx context.Context) (err error) {
		evidence, err = look(ctx)
		return err
	}))
	if evidence.Text == "" {
		t.Errorf("%s: the evidence is empty", what)
	}
	return evidence.Text
}

// live carries a fault through its life, as package drill does, and in every
// wrong order. While it holds, the test may look.
func live(t *testing.T, f fault.Fault, holds func(evidence string)) {
	t.Helper()
	if f.String() == "" || f.Mechanism().Text == "" {
		t.Errorf("the fault is called %q and made by %q, want names for both", f, f.Mechanism())
	}
	if said, err := f.Confirm(t.Context()); err == nil {
		t.Errorf("%s is confirmed before it is injected: %s", f, said)
	}
	if said, err := f.Holds(t.Context()); err == nil {
		t.Errorf("%s holds before it is injected: %s", f, said)
	}
	must(t, f.Heal(t.Context())) // what never was
	await(t, "healed before injected", f.Healed)
	for range 2 {
		must(t, f.Inject(t.Context()))
		evidence := await(t, "confirmed", f.Confirm)
		t.Logf("%s: %s", f, evidence)
		if said, err := f.Healed(t.Context()); err == nil {
			t.Errorf("%s holds, and yet it is healed: %s", f, said)
		}
		holds(evidence)
		said, err := f.Holds(t.Context())
		event := strings.HasPrefix(f.String(), "server of ") // is killed, or stopped
		if event && !errors.Is(err, fault.ErrEvent) || !event && (err != nil || said.Text == "") {
			t.Errorf("%s: before it is healed it says %q, %v, want that it holds; an event: %v", f, said, err, event)
		}
		for range 2 {
			must(t, f.Heal(t.Context()))
		}
		t.Logf("healed: %s", await(t, "healed", f.Healed))
		if said, err := f.Confirm(t.Context()); err == nil {
			t.Errorf("%s is healed, and yet it is confirmed: %s", f, said)
		}
	}
}

// members starts a cluster of PostgreSQL in containers.
func members(t *testing.T, cfg postgres.Config) (d *postgres.Driver, a, b driver.Member) {
	t.Helper()
	if testing.Short() {
		t.Skip("needs a container engine, which -short does without")
	}
	h, err := container.Open(t.Context(), container.Config{
		Run: fmt.Sprintf("fault-%08x", rand.Uint32()), NetAdmin: images.NetAdmin(),
	})
	must(t, err)
	t.Cleanup(func() { must(t, h.Close(context.WithoutCancel(t.Context()))) })
	d = postgres.New(cfg)
	c, err := cluster.Start(t.Context(), cluster.Spec{
		Driver: d, Host: h, Members: []string{"a", "b"}, Within: time.Minute,
	})
	must(t, err)
	must(t, d.Prepare(t.Context(), c.Members[0]))
	return d, c.Members[0], c.Members[1]
}

// write writes one token to a member.
func write(t *testing.T, d driver.Driver, m driver.Member) error {
	t.Helper()
	s, err := d.Open(t.Context(), driver.Target{Members: []driver.Member{m}})
	if err != nil {
		return err
	}
	_, err = s.Write(t.Context(), driver.Token{Run: "fault", Seq: 1})
	return errors.Join(err, s.Close())
}

func TestServerFaults(t *testing.T) {
	t.Parallel()
	d, a, b := members(t, postgres.Config{})
	gone := func(string) {
		if err := write(t, d, a); err == nil {
			t.Error("a write was acknowledged by a server that does not run")
		}
		if s, err := a.Node.(host.Stater).State(t.Context()); err != nil || s != host.Running {
			t.Errorf("the host is %s, %v, want it to be up", s, err)
		}
	}
	t.Run("kill", func(t *testing.T) { live(t, fault.KillServer(d, a), gone) })
	t.Run("stop", func(t *testing.T) { live(t, fault.StopServer(d, a), gone) })
	t.Run("hang", func(t *testing.T) {
		live(t, fault.HangServer(d, a), func(string) {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			if s, err := d.Open(ctx, driver.Target{Members: []driver.Member{a}}); err == nil {
				t.Errorf("a server that hangs opened a session: %v", s.Close())
			}
		})
	})
	t.Run("turn away", func(t *testing.T) {
		live(t, fault.RejectClients(d, d, a), func(evidence string) {
			if !strings.Contains(evidence, "28000") {
				t.Errorf("evidence = %q, want the server's refusal", evidence)
			}
			if lag, err := postgres.Psql(t.Context(), a, "SELECT state FROM pg_stat_replication"); lag != "streaming" {
				t.Errorf("replication is %q, %v, want it to go on", lag, err)
			}
		})
	})
	t.Run("freeze", func(t *testing.T) {
		live(t, fault.Freeze(a), func(string) {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			if s, err := d.Open(ctx, driver.Target{Members: []driver.Member{a}}); err == nil {
				t.Errorf("a frozen server opened a session: %v", s.Close())
			}
		})
	})
	t.Run("no second primary", func(t *testing.T) {
		f := fault.KillServer(d, a)
		must(t, f.Inject(t.Context()))
		await(t, "confirmed", f.Confirm)
		must(t, d.Promote(t.Context(), b))
		if err := f.Heal(t.Context()); err == nil || !strings.Contains(err.Error(), "b is the primary by now") {
			t.Errorf("heal = %v, want a refusal to make a second primary", err)
		}
		must(t, d.Rejoin(t.Context(), a, b, driver.Rewind))
		must(t, f.Heal(t.Context()))
		await(t, "healed", f.Healed)
	})
}

func TestUseUpSessions(t *testing.T) {
	t.Parallel()
	d, a, _ := members(t, postgres.Config{})
	live(t, fault.UseUpSessions(d, a), func(evidence string) {
		if !strings.Contains(evidence, "53300") {
			t.Errorf("evidence = %q, want the server's refusal", evidence)
		}
		if err := write(t, d, a); err == nil {
			t.Error("a session was opened although all are used up")
		}
	})
}

func TestFillDisk(t *testing.T) {
	t.Parallel()
	t.Run("on a disk of its own", func(t *testing.T) {
		t.Parallel()
		d, a, _ := members(t, postgres.Config{Disk: 256 << 20})
		live(t, fault.FillDisk(d, a), func(string) {
			_, err := postgres.Psql(t.Context(), a, "CREATE TABLE too_large AS SELECT generate_series(1, 1000000)")
			if err == nil || !strings.Contains(err.Error(), "No space left on device") {
				t.Errorf("a table of 35 MB on a full disk: %v, want that there is no space", err)
			}
		})
		must(t, d.StartServer(t.Context(), a)) // it may have ended over the full disk
		must(t, write(t, d, a))
	})
	t.Run("on a disk of others", func(t *testing.T) {
		t.Parallel()
		d, a, _ := members(t, postgres.Config{})
		err := fault.FillDisk(d, a).Inject(t.Context())
		if !errors.Is(err, host.ErrUnsupported) {
			t.Errorf("inject = %v, want a refusal to fill a disk that is not the member's own", err)
		}
	})
}

// The faults of servers hold on a database of goroutines, too.
func TestServerFaultsOnFake(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db := fake.New(fake.Config{})
		c, err := cluster.Start(t.Context(), cluster.Spec{
			Driver: db, Host: db, Members: []string{"a", "b"}, Within: time.Minute,
		})
		must(t, err)
		a, b := c.Members[0], c.Members[1]
		fails := func(string) {
			if err := write(t, db, a); err == nil {
				t.Error("a write was acknowledged")
			}
		}
		for _, f := range []fault.Fault{
			fault.KillServer(db, a), fault.StopServer(db, a), fault.RejectClients(db, db, a),
		} {
			live(t, f, fails)
		}
		f := fault.StopServer(db, a)
		must(t, f.Inject(t.Context()))
		must(t, db.Promote(t.Context(), b))
		if err := f.Heal(t.Context()); err == nil {
			t.Error("healing made a second primary")
		}
		must(t, db.Close(t.Context()))
	})
}

// What is listed is what is done, in both languages.
func TestKinds(t *testing.T) {
	en, zh := fault.Kinds("en"), fault.Kinds("zh")
	if len(en) != len(zh) {
		t.Fatalf("%d kinds in English, %d in Chinese", len(en), len(zh))
	}
	made, lasts := map[string]string{}, map[string]bool{}
	for i, k := range en {
		made[k.Name], lasts[k.Name] = k.Made, k.Lasts
		if zh[i].Name != k.Name || zh[i].Lasts != k.Lasts {
			t.Errorf("kind %d is %s in English and %s in Chinese", i, k.Name, zh[i].Name)
		}
		for _, x := range []fault.Kind{k, zh[i]} {
			if slices.Contains([]string{x.Made, x.Like, x.Unlike, x.Proof}, "") {
				t.Errorf("%s: something is not said: %+v", x.Name, x)
			}
		}
	}
	d, m := postgres.New(postgres.Config{}), driver.Member{Name: "a"}
	// How hosts are lost and frozen, the place says.
	for name, f := range map[string]fault.Fault{
		"kill":      fault.KillServer(d, m),
		"stop":      fault.StopServer(d, m),
		"hang":      fault.HangServer(d, m),
		"turn-away": fault.RejectClients(d, d, m),
		"disk-full": fault.FillDisk(d, m),
		"sessions":  fault.UseUpSessions(d, m),
	} {
		if f.Mechanism().Text != made[name] {
			t.Errorf("%s is listed as %q and made by %q", name, made[name], f.Mechanism())
		}
		if lasts[name] {
			continue // which it shows when it is carried through its life
		}
		if _, err := f.Holds(t.Context()); !errors.Is(err, fault.ErrEvent) {
			t.Errorf("%s is listed as an event, and says %v", name, err)
		}
	}
}
