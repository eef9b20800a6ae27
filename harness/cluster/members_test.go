package cluster_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"drillbook/fixtures/fake"
	"drillbook/harness/cluster"
	"drillbook/harness/driver"
	"drillbook/harness/host"
	"drillbook/harness/phrase"
)

func names(all []driver.Member) []string {
	said := make([]string, 0, len(all))
	for _, m := range all {
		said = append(said, m.Name)
	}
	return said
}

// many is a cluster of nine of mixed kinds, in which f follows e, with three auxiliary nodes.
func many() (fake.Config, cluster.Spec) {
	cfg := quick()
	cfg.Cascade = map[string]string{"f": "e"}
	for n := range driver.MaxAuxiliaries {
		cfg.Auxiliaries = append(cfg.Auxiliaries, driver.Auxiliary{
			Spec: host.Spec{Name: fmt.Sprint("x", n)}, Duty: phrase.Say("arbiter"),
		})
	}
	return cfg, cluster.Spec{
		Members: strings.Split("abcdefghi", ""), Within: 5 * time.Second,
		Kinds: map[string]driver.Kind{
			"b": driver.Synchronous, "c": driver.Synchronous, "d": driver.Asynchronous, "e": driver.Asynchronous,
			"f": driver.DisasterRecovery, "g": driver.DisasterRecovery, "h": driver.Witness, "i": driver.Witness,
		},
	}
}

// Members are found by their role and by their kind, and after a change of primary too.
func TestMembersByRoleAndKind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg, spec := many()
		db := fake.New(cfg)
		spec.Driver, spec.Host, spec.Replication = db, db, db.Links()
		c, err := cluster.Start(t.Context(), spec)
		if err != nil {
			t.Fatal(err)
		}
		standbys, err := c.Standbys(t.Context())
		if got := strings.Join(names(standbys), ""); err != nil || got != "bcdefg" {
			t.Errorf("standbys %s, %v", got, err)
		}
		for kind, want := range map[driver.Kind]string{
			"": "a", driver.Synchronous: "bc", driver.Asynchronous: "de", driver.DisasterRecovery: "fg",
			driver.Witness: "hi",
		} {
			if got := strings.Join(names(c.Of(kind)), ""); got != want {
				t.Errorf("of kind %q are %s, want %s", kind, got, want)
			}
		}
		if got := strings.Join(names(c.Holders()), ""); got != "abcdefg" || len(c.Auxiliaries) != 3 {
			t.Errorf("%s hold data, beside %d auxiliary nodes", got, len(c.Auxiliaries))
		}
		_, err = c.Standby(t.Context())
		if !errors.Is(err, cluster.ErrNotOne) || !strings.Contains(err.Error(), "several standbys") {
			t.Errorf("Standby = %v, want that there are several", err)
		}
		if err := db.Switchover(t.Context(), c.Members[0], c.Members[1]); err != nil {
			t.Fatal(err)
		}
		standbys, err = c.Standbys(t.Context())
		if got := strings.Join(names(standbys), ""); err != nil || got != "acdefg" {
			t.Errorf("standbys of b are %s, %v", got, err)
		}
		for _, m := range standbys {
			if lag, err := db.Lag(t.Context(), m, c.Members[1]); err != nil || !lag.Streaming {
				t.Errorf("%s does not follow b: %+v, %v", m.Name, lag, err)
			}
		}
	})
}

func TestNoStandbys(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, c, err := launch(t, quick())
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Members[1].Node.Kill(t.Context()); err != nil {
			t.Fatal(err)
		}
		if found, err := c.Standbys(t.Context()); err == nil || !strings.Contains(err.Error(), "a is primary") {
			t.Errorf("Standbys = %v, %v, want what the members say", names(found), err)
		}
	})
}

// plain is a product whose members are of no kind.
type plain struct{ *fake.DB }

// Product has members of no kind.
func (p plain) Product() driver.Description {
	d := p.DB.Product()
	d.Kinds = nil
	return d
}

// What cannot be a cluster is refused before anything is launched.
func TestMembersThatCannotBe(t *testing.T) {
	kinds := func(member string, kind driver.Kind) map[string]driver.Kind {
		return map[string]driver.Kind{member: kind}
	}
	pair := []string{"a", "b"}
	for _, tt := range []struct {
		members []string
		kinds   map[string]driver.Kind
		plain   bool
		want    string
	}{
		{strings.Split("abcdefghij", ""), nil, false, "10 members: there must be 1 to 9"},
		{nil, nil, false, "0 members"},
		{[]string{"a", "a"}, nil, false, `name of its own, not "a"`},
		{[]string{"a", ""}, nil, false, `name of its own, not ""`},
		{pair, kinds("c", driver.Synchronous), false, `"c" is to be synchronous, and is none`},
		{pair, kinds("b", "quick"), false, "member b cannot be quick"},
		{pair, kinds("a", driver.Witness), false, "a is the first primary: it cannot be a witness"},
		{pair, kinds("b", driver.Asynchronous), true, "member b cannot be asynchronous"},
	} {
		db := fake.New(quick())
		var d driver.Driver = db
		if tt.plain {
			d = plain{db}
		}
		_, err := cluster.Start(t.Context(), cluster.Spec{
			Driver: d, Host: db, Members: tt.members, Kinds: tt.kinds, Within: time.Second,
		})
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("Start = %v, want %q", err, tt.want)
		}
		if s := db.Standing(); s.Primary != "" {
			t.Errorf("%q: %s was launched", tt.want, s.Primary)
		}
	}
	got := driver.Holders([]string{"a", "b", "c"}, kinds("b", driver.Witness))
	if !slices.Equal(got, []string{"a", "c"}) {
		t.Errorf("%q hold data", got)
	}
}
