package dsl_test

import (
	"regexp"
	"strings"
	"testing"

	"drillbook/harness/plan"
	"drillbook/harness/site"
	"drillbook/scenarios/dsl"
)

// What a site cannot do, or must not, is known before anything is reached.
func TestSiteLacks(t *testing.T) {
	fence := &site.Fence{Off: []string{"off"}, On: []string{"on"}}
	all := site.Site{Members: []site.Member{
		{Name: "db1", SSH: "far", Fence: fence}, {Name: "db2", SSH: "db2", Fence: fence},
	}}
	one, never := all, all
	one.Members = []site.Member{all.Members[0], {Name: "db2"}}
	never.Never = []string{"drop", "host-loss"}
	for _, tt := range []struct {
		name  string
		site  site.Site
		lacks map[dsl.Need]string
	}{
		{"all", all, map[dsl.Need]string{}},
		{"no fence", one, map[dsl.Need]string{dsl.Power: "the power of db2"}},
		{"never", never, map[dsl.Need]string{dsl.Power: "host-loss is never", dsl.Cuts: "drop is never"}},
	} {
		p := dsl.Site(tt.site, dsl.Owned{})
		if !p.Stays {
			t.Errorf("%s: it does not stay", tt.name)
		}
		for _, need := range []dsl.Need{dsl.Power, dsl.Cuts} {
			if want := tt.lacks[need]; !strings.Contains(p.Lacks[need], want) || (want == "") != (p.Lacks[need] == "") {
				t.Errorf("%s: %s: %q, want %q", tt.name, need, p.Lacks[need], want)
			}
		}
	}
}

// A command of one site is told of another one by that one's names; what is made anew for
// each run does not count.
func TestCommandsOfAnotherSite(t *testing.T) {
	words := func(user string) dsl.SiteWords {
		return dsl.SiteWords{{
			Of: regexp.MustCompile(`(user=)` + user + `\b`), General: "${1}{user}", Token: "{user}", Value: user,
		}}
	}
	ours := dsl.Names{
		{Name: "db1", Page: "a", Public: "10.0.0.1", Private: "10.0.1.1"},
		{Name: "db10", Page: "b", Public: "10.0.0.10", Private: "10.0.1.10"},
	}
	theirs := dsl.Names{
		{Name: "east", Page: "a", Public: "192.0.2.1", Private: "192.0.2.1"},
		plan.Member{Name: "west", Page: "b", Public: "192.0.2.2", Private: "192.0.2.2"},
	}
	const ran = "psql 'host=10.0.1.10 user=shop' -c 'db10 after 0/3000148 at 2026-11-28 03:04:05.6+00' # db1"
	known := ours.General(words("shop").General(ran))
	const want = "psql 'host={b.private} user={user}' -c '{b} after <lsn> at <time>' # {a}"
	if known != want {
		t.Errorf("it is known as\n%s, want\n%s", known, want)
	}
	said := theirs.Named(words("app").Named(known))
	if want := "psql 'host=192.0.2.2 user=app' -c 'west after <lsn> at <time>' # east"; said != want {
		t.Errorf("it is told as\n%s, want\n%s", said, want)
	}
	same := "psql 'host=192.0.2.2 user=app' -c 'west after 1/AB at 2027-01-01 00:00:00+00' # east"
	planned, was := plan.Command{Member: "east", Command: said}, plan.Command{Member: "east", Command: same}
	another, elsewhere := was, was
	another.Command, elsewhere.Member = strings.Replace(same, "west after", "east after", 1), "west"
	if at := words("app"); !at.Same(planned, was) || at.Same(planned, another) || at.Same(planned, elsewhere) {
		t.Error("it is not the same command, or any is")
	}
}
