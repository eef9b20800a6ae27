package main

import (
	"context"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"drillbook/harness/wait"
)

// refusal is a run that must not begin.
type refusal struct {
	name   string
	args   []string
	edit   func(site string) string // of the site's file
	code   int
	wanted string
}

// refusals are runs that must not begin, on a pair that is synchronous.
func refusals() []refusal {
	same := func(s string) string { return s }
	return []refusal{
		{
			"nobody answers", []string{"postgres/lost-primary"}, same, exitUsage, "--accept",
		},
		{
			"another plan",
			[]string{"postgres/lost-primary", "--accept", strings.Repeat("0", 64)},
			same, exitEnvironment,
			"that is not the plan that you have accepted",
		},
		{
			"no plan",
			[]string{"postgres/lost-primary", "--accept", "x", "--plan", "/nowhere"},
			same, exitUsage,
			"/nowhere",
		},
		{
			"a parameter that is a fact",
			[]string{"postgres/network-cut", "--set", "mode=async", "--accept", "x"},
			same,
			exitEnvironment, "say mode=sync",
		},
		{
			"two pages",
			[]string{"postgres/lost-primary", "postgres/network-cut", "--accept", "x"},
			same, exitUsage,
			"one at a time",
		},
		{
			"a page of another product",
			[]string{"dm8/takeover", "--accept", "x"},
			same, exitUsage,
			"no runbook of PostgreSQL",
		},
		{
			"no page", []string{"--accept", "x"}, same, exitUsage, "name one runbook",
		},
		{
			"a flag that the file answers",
			[]string{"postgres/lost-primary", "--host", "container"},
			same, exitUsage,
			"--host",
		},
		{
			"trials", []string{"postgres/lost-primary", "--trials", "2", "--accept", "x"}, same, exitUsage, "one drill",
		},
		{
			"no such condition",
			[]string{"postgres/lost-primary", "--accept", "x", "--stop-if", "lag>3"},
			same, exitUsage,
			"outage>60s",
		},
		{
			"never",
			[]string{"postgres/network-cut", "--set", "mode=sync", "--accept", "x"},
			func(s string) string { return s + "never: [drop]\n" }, exitEnvironment, "drop",
		},
		{
			"no fence", []string{"postgres/lost-primary", "--accept", "x"}, withoutFence, exitEnvironment, "fence",
		},
		{
			"a closed window", []string{"postgres/lost-primary", "--accept", "x"}, func(s string) string {
				now := time.Now().UTC().Add(-3 * time.Hour)
				day := strings.ToLower(now.Weekday().String()[:3])
				return s + "window: {days: [" + day + "], from: \"" + now.Format("15:04") + "\", to: \"" +
					now.Add(time.Hour).Format("15:04") + "\", zone: UTC}\n"
			}, exitUsage, "window is closed",
		},
		{
			"a wrong password", []string{"postgres/lost-primary", "--accept", "x"}, func(s string) string {
				return strings.Replace(s, "{env: SHOP_PASSWORD}", "{command: [uname]}", 1)
			}, exitEnvironment, "is not let in",
		},
		{
			"swapped addresses", []string{"postgres/lost-primary", "--accept", "x"}, func(s string) string {
				return addresses.ReplaceAllString(s, "${1}${4}${3}${2}${5}")
			}, exitEnvironment, "at the public address of db1 the server of db2 answers",
		},
		{
			"one machine twice", []string{"postgres/lost-primary", "--accept", "x"}, func(s string) string {
				return strings.Replace(s, "ssh: far-db2", "ssh: db1", 1)
			}, exitEnvironment, "one machine",
		},
	}
}

// addresses are those that clients dial, of both members.
var addresses = regexp.MustCompile(`(?s)(public: )([0-9.]+)(,.*public: )([0-9.]+)(,)`)

// withoutFence is a site's file that does not say how power is cut.
func withoutFence(s string) string { return fences.ReplaceAllString(s, "}") }

var fences = regexp.MustCompile(`,\s+fence: .*}}`)

// TestOwnClusterRefused: what must not begin does not, says why in a line, and touches
// nothing.
func TestOwnClusterRefused(t *testing.T) {
	onOwnCluster(t)
	p := newSitePair(t, "debian")
	text, err := os.ReadFile(p.file)
	must(t, err)
	was := p.state()
	for _, tt := range refusals() {
		t.Run(tt.name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "site.yaml")
			must(t, os.WriteFile(file, []byte(tt.edit(string(text))), 0o600))
			c := p.command(append([]string{"run", "--site", file, "--plain"}, tt.args...)...)
			said, err := c.CombinedOutput()
			if code := exitCode(t, err); code != tt.code || !strings.Contains(string(said), tt.wanted) {
				t.Errorf("it ended with %d and says %s, want %d and %q", code, said, tt.code, tt.wanted)
			}
			if entries, err := os.ReadDir(filepath.Join(p.dir, "reports")); err == nil {
				t.Errorf("it has left %v", entries)
			}
		})
	}
	if now := p.state(); now != was {
		t.Errorf("the machines are not as they were:\n%s\nand before:\n%s", now, was)
	}
	p.checkNothingLeft()
	t.Run("changed since", func(t *testing.T) { testChanged(t, p) })
	t.Run("a second drill", func(t *testing.T) { testSecondDrill(t, p) })
}

// state is what a plan must leave as it is.
func (p *sitePair) state() string {
	p.t.Helper()
	all := make([]string, 0, 2)
	for _, name := range []string{"db1", "db2"} {
		all = append(all, p.root(p.t.Context(), name, `find /etc -type f -exec sha256sum {} + | sort -k 2 | sha256sum
nft list tables; ls -A /run/drillbook 2>/dev/null | grep -v '^lock$'
ps -eo user,comm --no-headers | grep -v 'ps$\|bash$\|sshd' | sort | uniq -c
find /var/lib/postgresql/*/main -maxdepth 1 -name '*.conf' -exec sha256sum {} +`))
	}
	return strings.Join(all, "\n")
}

// testChanged: a plan does not hold once a fact is another one.
func testChanged(t *testing.T, p *sitePair) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "plan.json")
	code, said := p.runs("plan", "postgres/ordered-shutdown", "--site", p.file, "--set", "mode=sync", "-o", file)
	if code != 0 {
		t.Fatalf("plan ended with %d: %s", code, said)
	}
	alter := func(sql string) {
		p.root(t.Context(), "db1", `runuser -u postgres -- psql -X -q -c "`+sql+`" -c "SELECT pg_reload_conf()"`)
	}
	alter("ALTER SYSTEM SET synchronous_standby_names = 'ANY 1 (db2, db1)'")
	defer alter("ALTER SYSTEM RESET synchronous_standby_names")
	code, said = p.runs("run", "postgres/ordered-shutdown", "--site", p.file, "--set", "mode=sync", "--plan", file,
		"--accept", planDigest.FindStringSubmatch(p.planned(t))[1], "--plain")
	if code != exitEnvironment || !strings.Contains(said, "something has changed") ||
		!strings.Contains(said, "db2, db1") {
		t.Errorf("a plan is carried out that does not hold: %d, %s", code, said)
	}
}

// planned prints a plan, as it is now.
func (p *sitePair) planned(t *testing.T) string {
	t.Helper()
	code, said := p.runs("plan", "postgres/ordered-shutdown", "--site", p.file, "--set", "mode=sync")
	if code != 0 {
		t.Fatalf("plan ended with %d: %s", code, said)
	}
	return said
}

// testSecondDrill: while one drill waits for its answer, a second one is told who is there.
// Ctrl-C at the question ends the first, and leaves nothing.
func testSecondDrill(t *testing.T, p *sitePair) {
	t.Helper()
	first := p.command("run", "postgres/ordered-shutdown", "--site", p.file, "--set", "mode=sync")
	_, err := first.StdinPipe() // somebody could answer
	must(t, err)
	var out safe
	first.Stdout, first.Stderr = &out, &out
	must(t, first.Start())
	must(t, wait.For(t.Context(), "the question", time.Minute, func(context.Context) error {
		return out.has("go on? [y/N]")
	}))
	code, said := p.runs("plan", "postgres/lost-primary", "--site", p.file)
	if code != exitEnvironment || !strings.Contains(said, "since") {
		t.Errorf("a second one ended with %d and says %s", code, said)
	}
	must(t, first.Process.Signal(syscall.SIGINT))
	if code := exitCode(t, first.Wait()); code != exitInterrupted {
		t.Errorf("Ctrl-C at the question: %d, %s", code, out.String())
	}
	p.checkNothingLeft()
}
