package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"drillbook/fixtures/images"
	"drillbook/harness/host"
	"drillbook/harness/host/ssh/sshtest"
	"drillbook/scenarios/dm8"
)

// sysdbaPassword is that of SYSDBA in the groups of make-group.sh.
const sysdbaPassword = "Shop-Pa55word"

// siteOfGroup is the file of a group of DM8, whose machines are reached by way of a jump host.
const siteOfGroup = `product: dm8
members:
  - {name: db1, ssh: far-db1, public: %[1]s, private: %[2]s, instance: SHOP1}
  - {name: db2, ssh: far-db2, public: %[3]s, private: %[4]s, instance: SHOP2}
monitor: {ssh: far-mon, public: %[5]s, private: %[6]s, ini: /dmdata/monitor/dmmonitor.ini}
ssh_config: %[7]s
layout: dm8
data: /dmdata/SHOP
programs: /opt/dmdbms/bin
port: 6236
login: {service: shop, password: {env: SYSDBA_PASSWORD}}
lease: 30s
`

// newSiteGroup makes a group of the stand-in, whose machines let a drill do just what `drillbook site sudoers` says.
func newSiteGroup(t *testing.T) *sitePair {
	t.Helper()
	group := filepath.Join("..", "..", "fixtures", "dm8", "testdata", "group")
	image := host.Image{
		Name: "group", Base: images.Debian(), Files: os.DirFS(filepath.Join(group, "image")),
		Program: &host.Program{Package: "drillbook/fixtures/dm8/standin"},
	}
	m, err := sshtest.Start(t.Context(), sshtest.Config{
		Dir: t.TempDir(), Image: image, NetAdmin: images.NetAdmin(), Names: []string{"db1", "db2", "mon", sshtest.Jump},
		Progress: func(line string) { t.Log(line) },
	})
	must(t, err)
	t.Cleanup(func() { must(t, m.Close(context.WithoutCancel(t.Context()))) })
	p := &sitePair{
		program: newProgram(t, t.TempDir()), product: dm8.Product(), machines: m, layout: "dm8", t: t,
		left: `ls -d /dmdata/SHOP/bak/DRILLBOOK* 2>/dev/null || true
{ echo 'conn SYSDBA/` + sysdbaPassword + `@127.0.0.1:6236'; echo 'select count(*) from SYSDBA.DRILLBOOK_TOKEN;'
echo exit; } |
runuser -u dmdba -- /opt/dmdbms/bin/disql -S /nolog | grep -q -e -2106 || echo 'the table of tokens'`,
	}
	dir := t.TempDir()
	script, err := os.ReadFile(filepath.Join(group, "make-group.sh"))
	must(t, err)
	p.file = filepath.Join(dir, "site.yaml")
	must(t, os.WriteFile(p.file, fmt.Appendf(nil, siteOfGroup, p.ip("db1", host.Public), p.ip("db1", host.Private),
		p.ip("db2", host.Public), p.ip("db2", host.Private), p.ip("mon", host.Public), p.ip("mon", host.Private),
		m.Settings), 0o600))
	code, sudoers := p.runs("site", "sudoers", p.file)
	if code != 0 {
		t.Fatalf("site sudoers ended with %d: %s", code, sudoers)
	}
	for _, name := range []string{"db1", "db2", "mon"} {
		p.root(t.Context(), name,
			"cat >/etc/sudoers.d/drill <<'END'\n"+sudoers+"\nEND\nchmod 440 /etc/sudoers.d/drill\nvisudo -c")
		p.root(t.Context(), name, "cat >/root/make-group.sh <<'ENDOFSCRIPT'\n"+string(script)+"\nENDOFSCRIPT\n")
	}
	p.makeGroup()
	return p
}

// makeGroup makes a group of the machines, db1 its primary, whatever they were.
func (p *sitePair) makeGroup(words ...string) {
	p.t.Helper()
	for _, part := range [][2]string{{"db1", "primary"}, {"db2", "standby"}, {"db1", "open"}, {"mon", "monitor"}} {
		line := fmt.Sprintf("bash /root/make-group.sh %s shop1=%s,%s shop2=%s,%s", part[1], p.ip("db1", host.Public),
			p.ip("db1", host.Private), p.ip("db2", host.Public), p.ip("db2", host.Private))
		p.root(p.t.Context(), part[0], line+" "+strings.Join(words, " "))
	}
}

// TestOwnClusterDM8 drills a group that drillbook has not made, over ssh, by way of a jump host,
// with no rights but those of the documented rule.
func TestOwnClusterDM8(t *testing.T) {
	onOwnCluster(t)
	p := newSiteGroup(t)
	p.groupRefuses()
	for _, page := range []string{"switchover", "rebuild-standby", "takeover"} {
		rec := p.drill("dm8/" + page)
		if rec.Head.StandIn == "" {
			t.Errorf("the record of %s does not say that a stand-in runs", page)
		}
	}
}

// groupRefuses makes sure of what is refused on a group in mode MANUAL with one realtime standby, before
// anything is touched.
func (p *sitePair) groupRefuses() {
	p.t.Helper()
	text, err := os.ReadFile(p.file)
	must(p.t, err)
	as := func(old, with string) string { return strings.Replace(string(text), old, with, 1) }
	same := string(text)
	for _, tt := range []struct {
		name, site string
		args       []string
		code       int
		wanted     string
	}{
		{"a page without faults", same, []string{"dm8/build-group"}, exitEnvironment, "which faults it injects"},
		{"a page of another mode", same, []string{"dm8/auto-takeover"}, exitEnvironment, "which faults it injects"},
		{
			"a parameter that is a fact", same,
			[]string{"dm8/switchover", "--set", "standbys=2"},
			exitEnvironment,
			"say --set standbys=1",
		},
		{
			"files that would change", same,
			[]string{"dm8/takeover", "--set", "feed=async"},
			exitEnvironment,
			"rewrites files of the group",
		},
		{
			"another instance", as("SHOP1", "OTHER"),
			[]string{"dm8/switchover"},
			exitEnvironment,
			"write instance: SHOP1",
		},
		{
			"a wrong password", as("{env: SYSDBA_PASSWORD}", "{command: [uname]}"),
			[]string{"dm8/switchover"},
			exitEnvironment, "SYSDBA is not let in",
		},
		{
			"another service", as("service: shop", "service: other"),
			[]string{"dm8/switchover"},
			exitEnvironment,
			"has no service other",
		},
		{"never", same + "never: [drop]\n", []string{"dm8/takeover"}, exitEnvironment, "drop"},
	} {
		file := filepath.Join(p.t.TempDir(), "site.yaml")
		must(p.t, os.WriteFile(file, []byte(tt.site), 0o600))
		code, said := p.runs(append([]string{"plan", "--site", file}, tt.args...)...)
		if code != tt.code || !strings.Contains(said, tt.wanted) {
			p.t.Errorf("%s: ended with %d, want %d and %q:\n%s", tt.name, code, tt.code, tt.wanted, said)
		}
	}
	p.root(p.t.Context(), "mon", "sed -i 's/MON_DW_CONFIRM = 0/MON_DW_CONFIRM = 1/' /dmdata/monitor/dmmonitor.ini")
	if code, said := p.runs("plan", "dm8/switchover", "--site", p.file); code != exitEnvironment ||
		!strings.Contains(said, "is the file of a confirm monitor") {
		p.t.Errorf("the file of a confirm monitor: %d, %s", code, said)
	}
	p.root(p.t.Context(), "mon", "sed -i 's/MON_DW_CONFIRM = 1/MON_DW_CONFIRM = 0/' /dmdata/monitor/dmmonitor.ini")
}
