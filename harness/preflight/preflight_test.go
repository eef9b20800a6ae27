package preflight_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
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
	"drillbook/harness/link"
	"drillbook/harness/link/cut"
	"drillbook/harness/preflight"
)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// start starts a cluster of two.
func start(t *testing.T, d driver.Driver, h host.Host) preflight.Config {
	t.Helper()
	c, err := cluster.Start(t.Context(), cluster.Spec{
		Driver: d, Host: h, Members: []string{"a", "b"}, Within: time.Minute,
	})
	must(t, err)
	return preflight.Config{
		Driver: d, Host: h, Members: c.Members, Seats: c.Seats,
		Clients: driver.Target{Members: c.Members, Writable: true},
	}
}

// wrong are the findings that say that something is wrong.
func wrong(t *testing.T, cfg preflight.Config) string {
	t.Helper()
	var all []string
	for _, f := range preflight.Check(t.Context(), cfg) {
		if f.Err != nil {
			all = append(all, strings.TrimSpace(f.Member+" "+f.What.Text)+": "+f.Err.Error())
		}
	}
	return strings.Join(all, "\n")
}

func expect(t *testing.T, cfg preflight.Config, want string) {
	t.Helper()
	if got := wrong(t, cfg); !strings.HasPrefix(got, want) || strings.Contains(got, "\n") {
		t.Errorf("wrong is\n%s\nwant nothing but %q", got, want)
	}
}

// A cluster that is as it should be passes, quickly; each thing that is wrong
// with it is found, and nothing else is.
func TestCheckOnContainers(t *testing.T) {
	if testing.Short() {
		t.Skip("needs a container engine, which -short does without")
	}
	h, err := container.Open(t.Context(), container.Config{
		Run: fmt.Sprintf("preflight-%08x", rand.Uint32()), NetAdmin: images.NetAdmin(),
	})
	must(t, err)
	t.Cleanup(func() { must(t, h.Close(context.WithoutCancel(t.Context()))) })
	d := postgres.New(postgres.Config{Disk: 256 << 20})
	cfg := start(t, d, h)
	a, b := cfg.Members[0], cfg.Members[1]

	began := time.Now()
	for _, f := range preflight.Check(t.Context(), cfg) {
		t.Logf("%s %s: %s", f.Member, f.What, f.Found)
		if f.Err != nil || f.Unchecked != nil || f.Found.Text == "" {
			t.Errorf("%s %s: wrong %v, unchecked %v", f.Member, f.What, f.Err, f.Unchecked)
		}
	}
	took := time.Since(began)
	t.Logf("took %s", took)
	if took > 3*time.Second {
		t.Errorf("took %s, want a fraction of a second", took)
	}

	t.Run("a port that is closed in one direction", func(t *testing.T) {
		links, err := cut.New(h)
		must(t, err)
		l, err := links.Link(t.Context(), link.Route{From: "b", To: "a", Over: host.Private, Port: postgres.Port})
		must(t, err)
		must(t, l.Impose(t.Context(), link.Condition{Kind: link.Drop}))
		expect(t, cfg, "b paths: b cannot connect to a-private:5432: ")
		must(t, links.Close(t.Context()))
	})
	t.Run("something else listens", func(t *testing.T) {
		_, err := b.Node.Exec(t.Context(), host.Command{Argv: []string{
			"sh", "-c",
			`perl -MIO::Socket::INET -e 'my $s = IO::Socket::INET->new(Listen => 1, LocalPort => 6000); sleep 60' \
				>/dev/null 2>&1 & for i in $(seq 100); do grep -q ":1770 " /proc/net/tcp && exit; sleep 0.05; done`,
		}})
		must(t, err)
		expect(t, cfg, "b ports that listen: something listens on 0.0.0.0:6000 of b that nobody needs: ")
		_, err = b.Node.Exec(t.Context(), host.Command{Argv: []string{
			"sh", "-c",
			`for p in /proc/[0-9]*; do [ "$(cat $p/comm)" != perl ] || kill "${p#/proc/}"; done`,
		}})
		must(t, err)
	})
	t.Run("a network that is unplugged", func(t *testing.T) {
		must(t, b.Node.(host.Unplugger).Unplug(t.Context(), host.Private))
		got := wrong(t, cfg)
		if !strings.Contains(got, "b networks: b is not on the private network") {
			t.Errorf("wrong is\n%s\nwant the network of b", got)
		}
		must(t, b.Node.(host.Unplugger).Plug(t.Context(), host.Private))
	})
	t.Run("replication on the public network", func(t *testing.T) {
		cfg := cfg
		cfg.Members = []driver.Member{a, b}
		cfg.Members[1].Dial = map[string]string{"a": "a:5432"}
		want := "b paths: b replicates from a:5432 over the public network"
		if got := wrong(t, cfg); !strings.HasPrefix(got, want) { // nor is that what its server was told
			t.Errorf("wrong is\n%s\nwant %q", got, want)
		}
	})
	t.Run("clients that go to one member", func(t *testing.T) {
		cfg := cfg
		cfg.Clients = driver.Target{Members: cfg.Members[:1]}
		expect(t, cfg, "clients' entry: clients go to [a] and nowhere else")
	})
	t.Run("a setting below its unit", func(t *testing.T) {
		set(t, b, "ALTER SYSTEM SET wal_receiver_status_interval = '100ms'")
		expect(t, cfg, `b settings: wal_receiver_status_interval of b was written as "1s", and in force is 0 times s `+
			"from configuration file: ")
		set(t, b, "ALTER SYSTEM RESET wal_receiver_status_interval")
	})
	t.Run("a full disk", func(t *testing.T) {
		f := fault.FillDisk(d, b)
		must(t, f.Inject(t.Context()))
		expect(t, cfg, "b disk: the disk with the data of b is 100 % full, with 0 MB free: make room")
		must(t, f.Heal(t.Context()))
	})
	expect(t, cfg, "")
}

// set changes a member's configuration and waits until the server has read it.
func set(t *testing.T, m driver.Member, sql string) {
	t.Helper()
	for _, sql := range []string{sql, "SELECT pg_reload_conf()", "SELECT pg_sleep(0.2)"} {
		_, err := postgres.Psql(t.Context(), m, sql)
		must(t, err)
	}
}

// configured is a database of goroutines that tells of a setting.
type configured struct {
	*fake.DB

	got map[string]string // by member
	err error
}

func (c configured) Settings(_ context.Context, m driver.Member, seat driver.Seat) ([]driver.Setting, error) {
	want := "standby"
	if seat.First {
		want = "primary of " + strings.Join(seat.Peers, ",")
	}
	got, ok := c.got[m.Name]
	if !ok {
		got = want
	}
	return []driver.Setting{{Name: "seat", Want: want, Got: got}}, c.err
}

// A setting that was written and is not in force stops the drill, by name.
func TestSettings(t *testing.T) {
	for _, tt := range []struct {
		name string
		got  map[string]string
		err  error
		want string
	}{
		{"in force", nil, nil, ""},
		{
			"of one that is not",
			map[string]string{"b": "0"},
			nil,
			`b settings: seat of b was written as "standby", and in force is 0: `,
		},
		{
			"cannot be read", nil, errors.New("it does not answer"),
			"a settings: read the settings of a back: it does not answer\n",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			db := fake.New(fake.Config{})
			cfg := start(t, db, db)
			cfg.Driver = configured{db, tt.got, tt.err}
			if got := wrong(t, cfg); !strings.HasPrefix(got, tt.want) || (tt.want == "") != (got == "") {
				t.Errorf("wrong is %q, want %q", got, tt.want)
			}
		})
	}
}

// odd is a database of goroutines that tells versions and the time.
type odd struct {
	*fake.DB

	versions map[string]string
}

func (o odd) Versions(_ context.Context, m driver.Member) (map[string]string, error) {
	v, ok := o.versions[m.Name]
	if !ok {
		return nil, errors.New("it does not answer")
	}
	return map[string]string{"database": v}, nil
}

func (o odd) Product() driver.Description {
	p := o.DB.Product()
	p.Oldest = map[string]int{"database": 13}
	return p
}

// clock is a node whose host only tells the time.
type clock struct {
	host.Node

	ahead time.Duration
}

func (c clock) Exec(context.Context, host.Command) (host.Answer, error) {
	at := time.Now().Add(c.ahead)
	return host.Answer{Stdout: fmt.Sprintf("clock %d.%09d\n", at.Unix(), at.Nanosecond())}, nil
}

func TestVersionsAndClocks(t *testing.T) {
	for _, tt := range []struct {
		name     string
		versions map[string]string
		ahead    time.Duration // of b
		want     string
	}{
		{"alike", map[string]string{"a": "17.1", "b": "17.1"}, 300 * time.Millisecond, ""},
		{
			"another version",
			map[string]string{"a": "17.1", "b": "17.2"},
			0,
			`versions: database of b is "17.2", that of a is "17.1"`,
		},
		{"no version", map[string]string{"a": "17.1"}, 0, "versions: it does not answer"},
		{"the oldest", map[string]string{"a": "13.23 (Debian)", "b": "13.23 (Debian)"}, 0, ""},
		{"not out yet", map[string]string{"a": "19beta1", "b": "19beta1"}, 0, ""},
		{
			"too old",
			map[string]string{"a": "12.22 (Debian)", "b": "12.22 (Debian)"},
			0,
			"versions: database of a is 12.22 (Debian), and 13 is the oldest that can be drilled: upgrade it",
		},
		{
			"a version that is none",
			map[string]string{"a": "devel", "b": "devel"},
			0,
			`versions: database of a is "devel", in which no number of a version can be read`,
		},
		{
			"a clock that is ahead",
			map[string]string{"a": "17.1", "b": "17.1"},
			time.Minute,
			"clocks: the clocks of the harness and b are at least 1m0s apart",
		},
		{
			"a clock that is behind",
			map[string]string{"a": "17.1", "b": "17.1"},
			-time.Minute,
			"clocks: the clocks of the harness and b are at least 1m0s apart",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			db := fake.New(fake.Config{})
			cfg := start(t, db, db)
			cfg.Driver = odd{DB: db, versions: tt.versions}
			clients := cfg.Members // whom the database itself knows
			cfg.Clients.Members = clients
			cfg.Members = []driver.Member{clients[0], clients[1]}
			cfg.Members[0].Node = clock{cfg.Members[0].Node, 0}
			cfg.Members[1].Node = clock{cfg.Members[1].Node, tt.ahead}
			var said []string
			for _, f := range preflight.Check(t.Context(), cfg) {
				if f.Err != nil && (f.What.Text == "versions" || f.What.Text == "clocks") {
					said = append(said, f.What.Text+": "+f.Err.Error())
				}
			}
			got := strings.Join(said, "; ")
			if !strings.HasPrefix(got, tt.want) || (tt.want == "") != (got == "") {
				t.Errorf("wrong is %q, want %q", got, tt.want)
			}
		})
	}
}

// shy is a database whose first logins fail.
type shy struct {
	*fake.DB

	fail int // logins that still will
}

func (s *shy) Open(ctx context.Context, t driver.Target) (driver.Session, error) {
	if s.fail > 0 {
		s.fail--
		return nil, errors.New("too busy")
	}
	return s.DB.Open(ctx, t)
}

// A login that fails is tried again for a while, and is told all the same.
func TestEntryThatFails(t *testing.T) {
	const looks = "clients look for the one that takes writes among [a b]"
	for _, tt := range []struct {
		fail       int
		found, err string
	}{
		{0, looks, ""},
		{2, looks + "; the login before the one that succeeded failed: too busy", ""},
		{math.MaxInt, looks, "the clients' entry leads nowhere"},
	} {
		t.Run(fmt.Sprintf("%d times", tt.fail), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				db := fake.New(fake.Config{})
				cfg := start(t, db, db)
				cfg.Driver = &shy{DB: db, fail: tt.fail}
				for _, f := range preflight.Check(t.Context(), cfg) {
					if f.What.Text != "clients' entry" {
						continue
					}
					if f.Found.Text != tt.found || (f.Err == nil) != (tt.err == "") ||
						f.Err != nil && !strings.Contains(f.Err.Error(), tt.err) {
						t.Errorf("found %q, wrong is %v; want %q, %q", f.Found, f.Err, tt.found, tt.err)
					}
				}
			})
		})
	}
}

// What a place cannot tell is unchecked, and not right.
func TestUnchecked(t *testing.T) {
	db := fake.New(fake.Config{})
	for _, f := range preflight.Check(t.Context(), start(t, db, db)) {
		if f.Err != nil {
			t.Errorf("%s: %v", f.What, f.Err)
		}
		if unchecked := f.What.Text != "clients' entry"; (f.Unchecked != nil) != unchecked {
			t.Errorf("%s: unchecked is %v", f.What, f.Unchecked)
		}
	}
}
