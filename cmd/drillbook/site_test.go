package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

const siteText = `product: postgres
members:
  - name: db1
    ssh: dba@db1.example
    public: 10.0.0.11
    fence: {off: [/usr/sbin/fence_ipmilan, -o, off, -S, /x], on: [fence_ipmilan, -o, on, -S, /x]}
  - {name: db2, ssh: ops@db2.example, public: 10.0.0.12}
layout: debian
cluster: 17/main
login: {database: shop, user: app, password: {env: SHOP_PASSWORD}, tls: require}
window: {days: [sat], from: "22:00", to: "04:00", zone: Europe/Berlin}
never: [drop]
`

func siteFile(t *testing.T, text string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "site.yaml")
	must(t, os.WriteFile(file, []byte(text), 0o600))
	return file
}

// What was understood is said in both languages, and what is wrong with its line.
func TestSiteCheck(t *testing.T) {
	file := siteFile(t, siteText)
	for _, tt := range []struct {
		args []string
		want []string
	}{
		{[]string{file}, []string{
			"db1     dba@db1.example  10.0.0.11  10.0.0.11  db1               fence_ipmilan, without a status",
			"db2     ops@db2.example  10.0.0.12  10.0.0.12  db2               not in our hands",
			"postgres, debian, 17/main, port 5432, runs as postgres",
			"as app at database shop; TLS require; password from the variable SHOP_PASSWORD",
			"sat 22:00 to 04:00 Europe/Berlin; now ", "not asked", "30 s", "50 writes a second", "Nothing was opened",
		}},
		{[]string{file, "--lang", "zh"}, []string{"不可控制", "口令取自变量 SHOP_PASSWORD", "没有连接任何东西"}},
		{[]string{file, "--json"}, []string{`"application_name": "db1"`, `"from": "22:00"`, `"never": [`}},
	} {
		code, out, errs := command(t, append([]string{"site", "check"}, tt.args...)...)
		if code != 0 {
			t.Errorf("%v: %d, %s", tt.args, code, errs)
		}
		for _, want := range tt.want {
			if !strings.Contains(out, want) {
				t.Errorf("%v prints\n%s\nwant %q", tt.args, out, want)
			}
		}
	}
	for text, want := range map[string]string{
		strings.Replace(siteText, "tls: require", "tls: maybe", 1):      "site.yaml:10: login.tls: it must be one of",
		strings.Replace(siteText, "{env: SHOP_PASSWORD}", "hunter2", 1): "site.yaml:10: a site file with a secret",
	} {
		code, _, errs := command(t, "site", "check", siteFile(t, text))
		if code != exitUsage || !strings.Contains(errs, want) || strings.Contains(errs, "hunter2") {
			t.Errorf("%d, %s, want %q", code, errs, want)
		}
		code, _, errs = command(t, "site", "check", siteFile(t, text), "--lang", "zh")
		if code != exitUsage || !isChinese(errs) || strings.Contains(errs, "hunter2") {
			t.Errorf("in Chinese: %d, %s", code, errs)
		}
	}
	for _, args := range [][]string{{"site", "check"}, {"site", "sudoers", file, file}, {"site", "chek"}} {
		if code, _, errs := command(t, args...); code != exitUsage || errs == "" {
			t.Errorf("%v: %d, %s", args, code, errs)
		}
	}
}

// The sudoers file has the lines of everybody who logs in, and is one.
func TestSiteSudoers(t *testing.T) {
	if _, err := exec.LookPath("ssh"); err != nil {
		t.Skip("there is no ssh here, which says who logs in")
	}
	for _, lang := range []string{"en", "zh"} {
		code, out, errs := command(t, "site", "sudoers", siteFile(t, siteText), "--lang", lang)
		var rules []string
		for line := range strings.Lines(out) {
			if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
				rules = append(rules, line)
			}
		}
		want := []string{
			"Defaults:dba !requiretty", "dba ALL=(postgres) NOPASSWD: ALL",
			"dba ALL=(root) NOPASSWD: /usr/sbin/nft, /usr/bin/install -d -m 1777 /run/drillbook",
			"Defaults:ops !requiretty", "ops ALL=(postgres) NOPASSWD: ALL",
			"ops ALL=(root) NOPASSWD: /usr/sbin/nft, /usr/bin/install -d -m 1777 /run/drillbook",
		}
		if got := strings.Join(rules, "\n"); code != 0 || got != strings.Join(want, "\n") {
			t.Errorf("%d, %s, it has\n%s", code, errs, out)
		}
		checkSudoers(t, out)
	}
	code, _, errs := command(t, "site", "sudoers", siteFile(t, strings.Replace(siteText, "dba@", `a=b@`, 1)))
	if code != exitUsage || !strings.Contains(errs, "cannot stand in sudoers") {
		t.Errorf("a login that sudoers misreads: %d, %s", code, errs)
	}
}

// checkSudoers has sudo's own program look at a file, where it is there.
func checkSudoers(t *testing.T, text string) {
	t.Helper()
	if _, err := exec.LookPath("visudo"); err != nil {
		t.Log("there is no visudo here: make ssh has one")
		return
	}
	cmd := exec.Command("visudo", "-c", "-f", "-")
	cmd.Stdin = strings.NewReader(text)
	if said, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("visudo: %s, %v", said, err)
	}
}

// The site file that the documentation shows is one.
func TestSiteOfTheDocumentation(t *testing.T) {
	for _, name := range []string{"own-cluster.md", "own-cluster.zh.md"} {
		text, err := os.ReadFile(filepath.Join("..", "..", "docs", name))
		must(t, err)
		_, rest, _ := strings.Cut(string(text), "```yaml\n")
		example, _, ok := strings.Cut(rest, "```\n")
		if !ok {
			t.Fatalf("%s shows no site file", name)
		}
		const ca = "/etc/ssl/shop-ca.pem"
		file := filepath.Join(t.TempDir(), "ca.pem")
		example = strings.Replace(example, ca, file, 1)
		code, out, errs := command(t, "site", "check", siteFile(t, example))
		if code != exitUsage || !strings.Contains(errs, "ca: ") || !strings.Contains(errs, file) {
			t.Errorf("%s: the file %s is not there: %d, %s%s", name, file, code, out, errs)
		}
		must(t, os.WriteFile(file, []byte("-----BEGIN CERTIFICATE-----\n"), 0o600))
		code, out, errs = command(t, "site", "check", siteFile(t, example))
		if code != 0 || !strings.Contains(out, "db2") {
			t.Errorf("%s: %d, %s%s", name, code, out, errs)
		}
	}
}
