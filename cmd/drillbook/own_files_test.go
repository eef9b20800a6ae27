package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"drillbook/harness/secret"
)

const ownAccess = "hostssl shop app all scram-sha-256\nhostssl all postgres all scram-sha-256\n" +
	"hostssl replication postgres all scram-sha-256\n"

// TestOwnFilesThatAreWrong: what would stop a drill is said in one line, before anything is
// started.
func TestOwnFilesThatAreWrong(t *testing.T) {
	dir := writeTree(t, map[string]string{
		"off.conf": "hot_standby = off\n", "short.conf": "statement_timeout = 200ms\n",
		"few.conf": "max_connections = 100\n", "line.conf": "work_mem = 4 MB password=geheim\n",
		"include.conf": "include 'nowhere.conf'\n",
		"trust":        "host all all all trust\nhost replication all all trust\n",
		"scram":        ownAccess, "alone": "host all all all trust\n", "broken": "host all\n",
		"mine/postgres/words.md": "---\nrto: 1s\nrpo: 0\nsource: x\n---\n# T\n\nI.\n\n## 1. Say\n\nWords.\n",
	})
	at := func(name string) string { return filepath.Join(dir, name) }
	for name, tt := range map[string]struct {
		args []string
		env  map[string]string
		want string
	}{
		"hot_standby":     {[]string{"--postgres-conf", at("off.conf")}, nil, "off.conf:1: must: pg-no-hot-st"},
		"timeout":         {[]string{"--postgres-conf", at("short.conf")}, nil, "short.conf:1: must: pg-session"},
		"connections":     {[]string{"--postgres-conf", at("few.conf")}, nil, "takes 80: lower --rate to"},
		"a line":          {[]string{"--postgres-conf", at("line.conf")}, nil, "line.conf:1: the line cannot be read"},
		"an include":      {[]string{"--postgres-conf", at("include.conf")}, nil, "include.conf:1: include nowhere"},
		"no such file":    {[]string{"--postgres-conf", at("nowhere")}, nil, "no such file"},
		"no standbys":     {[]string{"--hba", at("alone")}, nil, "alone: must: pg-hba-replication"},
		"access":          {[]string{"--hba", at("broken")}, nil, "broken:1: the line cannot be read"},
		"no password":     {[]string{"--hba", at("scram")}, nil, "set POSTGRES_PASSWORD"},
		"a short one":     {nil, map[string]string{"POSTGRES_PASSWORD": "short"}, "8 to 100"},
		"a port":          {[]string{"--set", "port=80"}, nil, "port=80: it may be 1024 to 65535"},
		"tls":             {[]string{"--set", "tls=maybe"}, nil, "tls=maybe: it may be on, off"},
		"members":         {[]string{"--set", "members=4"}, nil, "members=4: it may be 2, 3"},
		"an old version":  {[]string{"--set", "version=12"}, nil, "13 is the oldest"},
		"two images":      {[]string{"--set", "version=15"}, map[string]string{"POSTGRES_IMAGE": "x"}, "leave one"},
		"another product": {[]string{"dm8/switchover", "--set", "version=15"}, nil, `has a parameter "version"`},
		"words alone": {
			[]string{"postgres/words", "--runbooks", at("mine")}, nil, "words.md:10: step 1. Say has no commands",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("POSTGRES_PASSWORD", "")
			t.Setenv("POSTGRES_IMAGE", "")
			for n, v := range tt.env {
				t.Setenv(n, v)
			}
			args := []string{"run", "--lang", "en", "--out", at("out")}
			if len(tt.args) == 0 || strings.HasPrefix(tt.args[0], "--") {
				args = append(args, "postgres/lost-primary")
			}
			var out, errs bytes.Buffer
			code := run(t.Context(), append(args, tt.args...), &out, &errs)
			said := strings.TrimSpace(errs.String())
			if code != exitUsage || !strings.Contains(said, tt.want) || strings.Contains(said, "\n") ||
				strings.Contains(said, "geheim") {
				t.Errorf("code %d, %q, want %d and %q in one line", code, said, exitUsage, tt.want)
			}
			if _, err := os.Stat(at("out")); err == nil {
				t.Error("a folder for reports was made")
			}
		})
	}
}

// ownPage has steps before and behind a login that only the person's own settings allow.
const ownPage = `---
rto: 60s
rpo: 0
source: "our own"
params:
  mode: {default: sync, allowed: [async, sync]}
---
# Does our application get in?

A page of our own.

## 1. Look at the settings

They are ours.

~~~sh on=all
psql -XAtc "SHOW work_mem" | grep -x 3MB
psql -XAtc "SHOW archive_mode" | grep -x off
~~~

## 2. Look at the connections

Standbys and the application use TLS.

~~~bash on=primary
psql -XAtc "SELECT count(*) FROM pg_stat_ssl JOIN pg_stat_replication USING (pid) WHERE ssl" | grep -x 1
psql -XAtc "SELECT count(*) > 0 FROM pg_stat_ssl JOIN pg_stat_activity USING (pid)
            WHERE ssl AND usename = 'app'" | grep -x t
cat "$PGPASSFILE"
~~~
`

// TestOwnClusterIsDrilled: a page of a person's own, on a cluster with their files, port, login
// and password, of which nothing is left.
func TestOwnClusterIsDrilled(t *testing.T) {
	takesLong(t)
	needLocal(t)
	const password = "Chestnut-7-of-ours"
	dir := writeTree(t, map[string]string{
		"postgresql.conf": "\ufeffmax_connections = 300\r\narchive_mode = on\r\narchive_command = 'false'\r\n" +
			"ssl = on\r\nssl_cert_file = '/nowhere.pem'\r\ninclude_dir 'conf.d'\r\n",
		"conf.d/own.conf": "work_mem = 3MB\nlog_statement = all\n", "pg_hba.conf": ownAccess,
		"mine/postgres/ours.zh.md": ownPage,
		"mine/postgres/failing.md": strings.Replace(ownPage, "3MB", "4MB", 1),
	})
	p := newProgram(t, t.TempDir())
	drill := func(page string) (code int, said string) {
		c := p.command(t, "run", page, "--runbooks", filepath.Join(dir, "mine"), "--host", "local", "--plain",
			"--postgres-conf", filepath.Join(dir, "postgresql.conf"), "--hba", filepath.Join(dir, "pg_hba.conf"),
			"--set", "user=app", "--set", "database=shop", "--set", "port=6432")
		c.Env = append(c.Env, "POSTGRES_PASSWORD="+password, "POSTGRES_IMAGE=")
		out, err := c.CombinedOutput()
		return exitCode(t, err), string(out)
	}
	code, said := drill("postgres/ours")
	if code != 0 {
		t.Fatalf("exit code = %d, want 0\n%s", code, said)
	}
	for _, want := range []string{"archive_mode (", "ssl_cert_file (", "pg_hba.conf: local all postgres trust"} {
		if !strings.Contains(said, want) {
			t.Errorf("no %q in\n%s", want, said)
		}
		page, err := os.ReadFile(p.latest("report.md"))
		if err != nil || !strings.Contains(string(page), strings.Fields(want)[0]) {
			t.Errorf("no %q in the report, %v", want, err)
		}
	}
	leaks, err := secret.Leaks(os.DirFS(p.dir), secret.New("password", password))
	if err != nil || len(leaks) > 0 || strings.Contains(said, password) {
		t.Errorf("the password is in %q, %v, or on the terminal", leaks, err)
	}
	code, said = drill("postgres/failing")
	if code != exitMissed || !strings.Contains(said, "failing.md:16 on a ended") {
		t.Errorf("exit code = %d, want %d\n%s", code, exitMissed, said)
	}
}
