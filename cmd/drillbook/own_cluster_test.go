package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"drillbook/fixtures/images"
	"drillbook/fixtures/sites"
	"drillbook/harness/host"
	"drillbook/harness/host/container"
	"drillbook/harness/host/ssh/sshtest"
	"drillbook/harness/plan"
	"drillbook/harness/record"
	"drillbook/harness/secret"
	"drillbook/harness/wait"
	"drillbook/scenarios/dsl"
	"drillbook/scenarios/postgres"
)

// learnCommands has commands that were not in a plan written where plans have them from.
const learnCommands = "DRILLBOOK_LEARN"

// everyOwn has all drills of clusters that were there already carried out.
const everyOwn = "DRILLBOOK_EVERY_SSH"

// shopPassword is that of the application's role in the pairs of make-pair.sh.
const shopPassword = "shop-Pa55word"

// sitePair is a pair of PostgreSQL on machines, which a shell script has made.
type sitePair struct {
	program

	product  dsl.Product
	machines *sshtest.Machines
	layout   string
	file     string   // of the site
	probe    []string // flags of its drills
	mayMiss  bool     // what its drills promise
	left     string   // prints, on a member, what drills have left in the database
	t        *testing.T
}

// siteOf is the file of a pair; its machines are reached by way of a jump host.
const siteOf = `product: postgres
members:
  - {name: db1, ssh: far-db1, public: %[1]s, private: %[2]s,
     fence: {off: [%[5]s, "off", db1], on: [%[5]s, "on", db1], status: [%[5]s, status, db1]}}
  - {name: db2, ssh: far-db2, public: %[3]s, private: %[4]s,
     fence: {off: [%[5]s, "off", db2], on: [%[5]s, "on", db2], status: [%[5]s, status, db2]}}
ssh_config: %[6]s
%[7]s
lease: 30s
`

// layouts are what the file says of each.
func layouts(ca string) map[string]string {
	return map[string]string{
		"plain": `layout: plain
data: /srv/pg/data
programs: /usr/lib/postgresql/17/bin
log: /srv/pg/log
port: 6432
login: {database: shop, user: shop, password: {env: SHOP_PASSWORD}}`,
		"debian": `layout: debian
cluster: 17/main
listens: [22]
login: {database: shop, user: shop, password: {env: SHOP_PASSWORD}, tls: verify-full, ca: ` + ca + `}`,
	}
}

// newSitePair makes a pair that is synchronous, whose machines let a drill do just what `drillbook site sudoers`
// says.
func newSitePair(t *testing.T, layout string) *sitePair {
	t.Helper()
	pair := filepath.Join("..", "..", "fixtures", "postgres", "testdata", "pair")
	image := host.Image{Name: "pair", Base: images.Debian(), Files: os.DirFS(filepath.Join(pair, "image"))}
	m, err := sshtest.Start(t.Context(), sshtest.Config{
		Dir: t.TempDir(), Image: image, NetAdmin: images.NetAdmin(), Names: []string{"db1", "db2", sshtest.Jump},
		Progress: func(line string) { t.Log(line) },
	})
	must(t, err)
	t.Cleanup(func() { must(t, m.Close(context.WithoutCancel(t.Context()))) })
	p := &sitePair{
		program: newProgram(t, t.TempDir()), product: postgres.Product(), machines: m, layout: layout, t: t,
		left: `port=$(ls -A /run/postgresql | sed -n 's/^.s.PGSQL.\([0-9]*\)$/\1/p')
runuser -u postgres -- env PGPORT="$port" psql -XAt -d shop \
-c "SELECT nspname FROM pg_namespace WHERE nspname LIKE 'drillbook%'" 2>/dev/null || true`,
	}
	dir := t.TempDir()
	script, err := os.ReadFile(filepath.Join(pair, "make-pair.sh"))
	must(t, err)
	ca := filepath.Join(dir, "ca.crt")
	must(t, os.WriteFile(ca, []byte(p.root(p.t.Context(), "db1", "cat /srv/ca/ca.crt")), 0o600))
	fence := p.fence(dir)
	p.file = filepath.Join(dir, "site.yaml")
	must(t, os.WriteFile(p.file, fmt.Appendf(nil, siteOf, p.ip("db1", host.Public), p.ip("db1", host.Private),
		p.ip("db2", host.Public), p.ip("db2", host.Private), fence, m.Settings, layouts(ca)[layout]), 0o600))
	code, sudoers := p.runs("site", "sudoers", p.file)
	if code != 0 {
		t.Fatalf("site sudoers ended with %d: %s", code, sudoers)
	}
	for _, name := range []string{"db1", "db2"} {
		p.root(p.t.Context(), name, "cat >/etc/sudoers.d/drill <<'END'\n"+sudoers+"\nEND\nvisudo -c")
		p.root(p.t.Context(), name, "cat >/root/make-pair.sh <<'ENDOFSCRIPT'\n"+string(script)+"\nENDOFSCRIPT\n")
	}
	p.makePair("sync")
	return p
}

// root runs a line of bash as root on a machine.
func (p *sitePair) root(ctx context.Context, name, line string) string {
	p.t.Helper()
	said, err := p.machines.Root(ctx, name, line)
	must(p.t, err)
	return said
}

func (p *sitePair) ip(name string, which host.Network) string {
	p.t.Helper()
	ip, err := p.machines.IP(p.t.Context(), name, which)
	must(p.t, err)
	return ip
}

// makePair makes a pair of the machines, db1 its primary, whatever they were.
func (p *sitePair) makePair(mode string) {
	p.t.Helper()
	for i, role := range []string{"primary", "standby"} {
		name, peer := []string{"db1", "db2"}[i], []string{"db2", "db1"}[i]
		p.root(p.t.Context(), name, `pkill -QUIT -x postgres; while pgrep -x postgres >/dev/null; do sleep 0.1; done
rm -rf /srv/pg; if pg_lsclusters -h | grep -q .; then pg_dropcluster 17 main; fi; `+
			fmt.Sprintf("bash /root/make-pair.sh %s layout=%s mode=%s name=%s peer=%s peer_address=%s public=%s", role,
				p.layout, mode, name, peer, p.ip(peer, host.Private), p.ip(name, host.Public)))
	}
}

// fence is a program that switches the power of the machines, which are containers here: it
// leaves a note, and the test does it.
func (p *sitePair) fence(dir string) string {
	p.t.Helper()
	file := filepath.Join(dir, "fence")
	must(p.t, os.WriteFile(file, fmt.Appendf(nil, `#!/bin/sh
cd %s
[ "$1" != status ] || exec cat "$2.power"
echo "$1" >"$2.next"; mv "$2.next" "$2.want"
tries=0; until [ "$(cat "$2.power")" = "$1" ]; do tries=$((tries + 1)); [ $tries -lt 300 ] || exit 1; sleep 0.1; done
`, dir), 0o700))
	for _, name := range []string{"db1", "db2"} {
		must(p.t, os.WriteFile(filepath.Join(dir, name+".power"), []byte("on\n"), 0o600))
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(p.t.Context()))
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		tick := time.NewTicker(50 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
				p.switchPower(ctx, dir)
			}
		}
	}()
	p.t.Cleanup(func() { cancel(); <-ended })
	return file
}

// switchPower does what the notes say.
func (p *sitePair) switchPower(ctx context.Context, dir string) {
	for _, name := range []string{"db1", "db2"} {
		note := filepath.Join(dir, name+".want")
		want, err := os.ReadFile(note)
		if err != nil {
			continue
		}
		n, _ := p.machines.Node(name)
		do := n.Start
		if strings.TrimSpace(string(want)) == "off" {
			do = n.Kill
		}
		if err := do(ctx); err != nil {
			p.t.Errorf("switch %s %s: %v", name, want, err)
		}
		if err := os.WriteFile(filepath.Join(dir, name+".power"), want, 0o600); err != nil {
			p.t.Error(err)
		}
		if err := os.Remove(note); err != nil {
			p.t.Error(err)
		}
	}
}

// command has the password in its environment.
func (p *sitePair) command(args ...string) *exec.Cmd {
	c := p.program.command(p.t, args...)
	c.Env = append(c.Env, "SHOP_PASSWORD="+shopPassword, "SYSDBA_PASSWORD="+sysdbaPassword)
	return c
}

func (p *sitePair) runs(args ...string) (code int, said string) {
	out, err := p.command(args...).CombinedOutput()
	return exitCode(p.t, err), string(out)
}

var planDigest = regexp.MustCompile(`SHA-256 of this plan: ([0-9a-f]{64})`)

// drill plans a page, accepts the plan, carries it out, and makes sure that it was met, that
// every command was in the plan, and that nothing is left.
func (p *sitePair) drill(page string, set ...string) *record.Record {
	p.t.Helper()
	params := make([]string, 0, 2*len(set))
	for _, s := range set {
		params = append(params, "--set", s)
	}
	file := filepath.Join(p.dir, "plan.json")
	code, said := p.runs(slices.Concat([]string{"plan", page, "--site", p.file, "-o", file}, params, p.probe)...)
	digest := planDigest.FindStringSubmatch(said)
	if code != 0 || digest == nil {
		p.t.Fatalf("plan of %s ended with %d:\n%s", page, code, said)
	}
	code, said = p.runs(slices.Concat([]string{
		"run", page, "--site", p.file, "--plan", file, "--accept", digest[1], "--plain",
	}, params, p.probe)...)
	if code != 0 && (code != exitMissed || !p.mayMiss) {
		p.t.Errorf("%s ended with %d:\n%s", page, code, said)
	}
	rec, err := record.ReadFile(p.latest(strings.ReplaceAll(page, "/", "-"), "record.jsonl"))
	must(p.t, err)
	p.checkCommands(rec, file)
	p.checkNothingLeft()
	return rec
}

// checkCommands makes sure that every command of the record was in the plan.
func (p *sitePair) checkCommands(rec *record.Record, file string) {
	p.t.Helper()
	text, err := os.ReadFile(file)
	must(p.t, err)
	made, err := plan.Read(text)
	must(p.t, err)
	own, err := sites.Read(p.file)
	must(p.t, err)
	owned, err := p.product.Own(p.t.Context(), own, secret.Text{})
	must(p.t, err)
	words, learned := owned.Commands.Site, map[int][]plan.Command{}
	for _, e := range rec.Events {
		ran, names := plan.Command{Member: e.Member, Command: e.What}, dsl.Names(made.Members)
		if e.Kind == record.Command && !slices.ContainsFunc(plannedCommands(made, e.Step), func(c plan.Command) bool {
			return words.Same(c, ran)
		}) {
			general := plan.Command{
				Member: names.General(ran.Member), Command: names.General(words.General(ran.Command)),
			}
			if !slices.Contains(learned[e.Step], general) {
				learned[e.Step] = append(learned[e.Step], general)
				p.t.Errorf("step %d of %s ran on %s what was not in the plan:\n%q", e.Step, made.Runbook,
					general.Member, general.Command)
			}
		}
	}
	if os.Getenv(learnCommands) != "" {
		p.learn(made.Runbook, learned)
	}
}

// learn adds commands to those that plans know.
func (p *sitePair) learn(page string, learned map[int][]plan.Command) {
	p.t.Helper()
	file := filepath.Join("..", "..", "scenarios", p.product.Name, "commands", p.layout+".json")
	text, err := os.ReadFile(file)
	must(p.t, err)
	known := map[string]map[int][]plan.Command{}
	must(p.t, json.Unmarshal(text, &known))
	if known[page] == nil {
		known[page] = map[int][]plan.Command{}
	}
	for step, all := range learned {
		for _, c := range all {
			if !slices.ContainsFunc(known[page][step], func(k plan.Command) bool { return dsl.SameCommand(k, c) }) {
				known[page][step] = append(known[page][step], c)
			}
		}
	}
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	must(p.t, encoder.Encode(known))
	must(p.t, os.WriteFile(file, out.Bytes(), 0o600))
}

// plannedCommands are those of a step of a plan, and what takes back something, which may be
// done in any.
func plannedCommands(p plan.Plan, step int) []plan.Command {
	all := slices.Clone(p.Before)
	for _, l := range p.Leaves {
		for _, u := range l.Undo {
			all = append(all, plan.Command{Member: u.Member, Command: u.Command})
		}
	}
	for _, s := range p.Steps {
		if s.Number == step {
			all = append(all, s.Commands...)
		}
		for _, f := range s.Faults {
			for _, u := range f.Undo {
				all = append(all, plan.Command{Member: u.Member, Command: u.Command})
			}
		}
	}
	return all
}

// checkNothingLeft makes sure that a drill has left nothing on the machines, once the standby
// has heard of that.
func (p *sitePair) checkNothingLeft() {
	p.t.Helper()
	must(p.t, wait.For(p.t.Context(), "nothing to be left", 10*time.Second, func(ctx context.Context) error {
		for _, name := range []string{"db1", "db2"} {
			left := p.root(ctx, name, `ls -A /run/drillbook | grep -v '^lock$' || true
nft list tables | grep drillbook || true
`+p.left)
			if left != "" {
				return fmt.Errorf("on %s is left:\n%s", name, left)
			}
		}
		return nil
	}))
}

// onOwnCluster skips tests that need machines, which must be made first.
func onOwnCluster(t *testing.T) {
	t.Helper()
	takesLong(t)
	if os.Getenv(everyOwn) == "" {
		t.Skip("make ssh does it")
	}
}

// TestOwnCluster drills a pair that drillbook has not made, over ssh, by way of a jump host,
// with no rights but those of the documented rule. Without make ssh it is one drill.
func TestOwnCluster(t *testing.T) {
	takesLong(t)
	if _, err := container.FindEngine(t.Context()); errors.Is(err, container.ErrNoEngine) {
		t.Skip(err)
	}
	every := os.Getenv(everyOwn) != ""
	for _, layout := range []string{"debian", "plain"} {
		t.Run(layout, func(t *testing.T) {
			if !every && layout != "debian" {
				t.Skip("make ssh does it")
			}
			p := newSitePair(t, layout)
			p.drill("postgres/lost-primary", "mode=sync")
			if !every {
				return
			}
			for _, page := range []string{"planned-switchover", "network-cut", "ordered-shutdown"} {
				p.drill("postgres/"+page, "mode=sync")
			}
			p.makePair("async") // so that both take writes while the network is cut
			p.drill("postgres/network-cut", "mode=async")
		})
	}
}
