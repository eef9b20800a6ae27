package site_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"drillbook/fixtures/sites"
	"drillbook/harness/secret"
	"drillbook/harness/site"
)

// whole has every key of a site.
const whole = `product: postgres
members:
  - name: db1
    ssh: dba@db1.example
    public: 10.0.0.11
    private: 10.0.1.11
    application_name: one
    fence:
      off: [fence_ipmilan, -a, 10.9.0.11, --lanplus, -S, /etc/drillbook/ipmi, -o, off]
      on: [fence_ipmilan, -a, 10.9.0.11, --lanplus, -S, /etc/drillbook/ipmi, -o, on]
      status: [fence_ipmilan, -a, 10.9.0.11, -u, 443, -o, status]
  - name: db2
    public: db2.example
user: pg
layout: debian
cluster: 17/main
port: 5433
login: {database: shop, user: app, password: {env: SHOP_PASSWORD}, tls: verify-full, ca: /etc/ssl/ca.pem}
listens: [22, 9100]
never: [host-loss, drop]
window: {days: [sat, sun], from: "22:00", to: "04:00", zone: Europe/Berlin}
clients: hosts
lease: 1m
rate: 20
`

// small has only what must be there.
const small = `product: postgres
members:
  - {name: db1, public: 10.0.0.11}
  - {name: db2, public: 10.0.0.12}
layout: plain
data: /srv/pg
programs: /usr/lib/postgresql/17/bin
login: {database: shop, user: app}
`

func TestWhole(t *testing.T) {
	agent := func(rest ...string) []string {
		return append([]string{"fence_ipmilan", "-a", "10.9.0.11"}, rest...)
	}
	want := site.Site{
		File: "site.yaml", Product: "postgres", User: "pg", Layout: site.Debian, Cluster: "17/main", Port: 5433,
		Members: []site.Member{
			{
				Name: "db1", SSH: "dba@db1.example", Public: "10.0.0.11", Private: "10.0.1.11", Application: "one",
				Fence: &site.Fence{
					Off:    agent("--lanplus", "-S", "/etc/drillbook/ipmi", "-o", "off"),
					On:     agent("--lanplus", "-S", "/etc/drillbook/ipmi", "-o", "on"),
					Status: agent("-u", "443", "-o", "status"),
				},
			},
			{Name: "db2", SSH: "db2", Public: "db2.example", Private: "db2.example", Application: "db2"},
		},
		Login: site.Login{
			Database: "shop", User: "app", Password: secret.Source{Env: "SHOP_PASSWORD"}, TLS: "verify-full",
			CA: "/etc/ssl/ca.pem",
		},
		Listens: []int{22, 9100}, Never: []string{"host-loss", "drop"}, Clients: site.Hosts,
		Window: site.Window{Days: []string{"sat", "sun"}, From: 22 * 60, To: 4 * 60, Zone: "Europe/Berlin"},
		Lease:  time.Minute, Rate: 20,
	}
	for name, text := range map[string]string{
		"as it is": whole, "of Windows": "\ufeff" + strings.ReplaceAll(whole, "\n", "\r\n"),
		"begun as a document": "\n---\n" + whole,
	} {
		got, err := site.Parse("site.yaml", []byte(text), sites.Products())
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %+v, %v\nwant %+v", name, got, err, want)
		}
	}
}

// What is left out is as it usually is.
func TestSmall(t *testing.T) {
	file := filepath.Join(t.TempDir(), "site.yaml")
	if err := os.WriteFile(file, []byte(small), 0o600); err != nil {
		t.Fatal(err)
	}
	got, err := sites.Read(file)
	want := site.Site{
		File: file, Product: "postgres", User: "postgres", Layout: site.Plain, Data: "/srv/pg",
		Programs: "/usr/lib/postgresql/17/bin", Port: 5432, Login: site.Login{Database: "shop", User: "app"},
		Members: []site.Member{
			{Name: "db1", SSH: "db1", Public: "10.0.0.11", Private: "10.0.0.11", Application: "db1"},
			{Name: "db2", SSH: "db2", Public: "10.0.0.12", Private: "10.0.0.12", Application: "db2"},
		},
		Clients: site.Hosts, Lease: 30 * time.Second, Rate: 50,
	}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, %v\nwant %+v", got, err, want)
	}
	if _, err := sites.Read(file + ".not"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a file that is not there: %v", err)
	}
}

// Programs that print a secret, or switch the power, may have options that look like one.
func TestHarmless(t *testing.T) {
	for old, text := range map[string]string{
		"{env: SHOP_PASSWORD}":   "{command: [vault, kv, get, -path=x, -field=password, secret/shop]}",
		"SHOP_PASSWORD":          "SECRET_TOKEN",
		"lease: 1m":              "lease: 1m # password: {env: NAME}",
		"{env: SHOP_PASSWORD},":  "{command: [sh, -c, 'printf %s \"$(cat /run/key)\"; echo \"$PW\"']},",
		"{env: SHOP_PASSWORD}, ": "{command: [sh, -c, 'echo secret/shop | vault read -']}, ",
		"rate: 20":               "rate: 20 # the password is in the vault, see db1's page",
		"on: [":                  "on: [docker, exec, -u, '26:26', ",
		"  on: [":                "  on: [sh, -c, 'mkdir -p /run/x; ssh -p 22 bmc off', ",
		"      on: [fence":       "      on: [curl, --netrc-file, /etc/netrc, -u, bmc, 'https://bmc:8443/off', fence",
		"name: db2":              "name: db2\n    fence: ask",
		"off: [fence_ipmilan,":   "off: [ssh, -p, 2222, bmc, power, off, fence_ipmilan,",
		"on: [fence_ipmilan,":    "on: [fence_ipmilan, --password-script=/etc/drillbook/ipmi, -P,",
	} {
		if _, err := site.Parse("f", []byte(strings.Replace(whole, old, text, 1)), sites.Products()); err != nil {
			t.Errorf("%s: %v", text, err)
		}
	}
}

// hidden is a secret that must not be repeated.
const hidden = "hunter2"

// bad is a file that is refused.
type bad struct {
	old, new string // a change of whole
	line     string // of the file, as it begins the error
	want     string // in it
}

func badFiles() []bad {
	const agents = "off: [fence_ipmilan"
	const login, pw = "login: {database: shop, user: app, password: ", "{env: SHOP_PASSWORD}"
	return []bad{
		{"rate: 20", "rte: 20", "24", `there is no key "rte" here: it may be product`},
		{
			"    application_name: one", "    applicationname: one",
			"7", `there is no key "applicationname" here: it may be name`,
		},
		{"rate: 20", "rate: fast", "24", "rate: it must be a whole number from 1 to 1000"},
		{"rate: 20", "rate: '20'", "24", "rate: it must be a whole number"},
		{"rate: 20", "rate: 1e9", "24", "rate: it must be a whole number"},
		{"rate: 20", "port: 20", "24", "port stands here twice"},
		{"rate: 20", "rate:", "24", "rate: it must be a whole number"},
		{"product: postgres", "product: mysql", "1", `"mysql" is none: write postgres`},
		{"product: postgres", "product: patroni", "1", "not yet: a cluster under Patroni can be watched"},
		{"product: postgres", "product: [postgres]", "1", "product: it must be a text"},
		{"product: postgres\n", "", "1", "product: it is missing: write product: postgres"},
		{"port: 5433", "port: 70000", "17", "port: it must be a whole number from 1 to 65535"},
		{"user: pg", "user: root", "14", "it must not be root"},
		{"user: pg", `user: "pg ALL=(ALL) ALL"`, "14", "is no user of the operating system"},
		{"layout: debian", "layout: systemd", "15", "not yet: systemd would start a server again"},
		{"layout: debian", "layout: plain", "1", "data: it is missing: write data: /srv/pg"},
		{"cluster: 17/main", "cluster: 17/main\ndata: /srv/pg", "17", "the layout debian does not have it"},
		{"cluster: 17/main", "cluster: main", "16", "as `pg_lsclusters` has it: 17/main"},
		{"public: db2.example", "public: 10.0.0.11", "13", "db1 has the same"},
		{"public: db2.example", "public: 10.0.0.11:5432", "13", "write it without a port"},
		{"public: db2.example", "public: 10.0.0.300", "13", "is neither an address nor a name"},
		{"public: db2.example", "public: 2001:db8::1", "13", "IPv6 addresses cannot be cut off yet"},
		{"public: db2.example", "public: 127.0.0.1", "13", "by which others reach"},
		{"    public: db2.example", "    ssh: db2", "12", "public: it is missing"},
		{"name: db2", "name: a/b", "12", `"a/b" is no name`},
		{"name: db2", "name: 2", "12", "member.name: it must be a text"},
		{"dba@db1.example", "-oProxyCommand=x", "4", "is no destination of ssh"},
		{"name: db2", "name: db2\n    fence: yes", "13", "fence: it must be ask"},
		{"name: db2", "name: db2\n    fence: [a]", "13", "fence must be keys and values"},
		{"name: db2", "name: db2\n    fence: asks", "13", "fence: it must be ask"},
		{"      on: [fence_ipmilan", "      of: [fence_ipmilan", "10", `there is no key "of" here`},
		{
			"status: [fence_ipmilan, -a, 10.9.0.11, -u, 443, -o, status]", "status: []",
			"11", "status: it must be a list",
		},
		{pw, "{env: A, file: /b}", "18", "exactly one of env, file and command"},
		{pw, "{}", "18", "exactly one of env, file and command"},
		{pw, "{file: secrets/x}", "18", "it must be a whole path"},
		{pw, "{env: hunter2-!}", "18", "it must be the name of a variable"},
		{pw, "{hunter2}", "18", "there is no such key below login.password"},
		{pw, "[hunter2]", "18", "login.password must be keys and values"},
		{"user: app, password: {env: SHOP_PASSWORD}, ", "user: app}\nx: |hunter2\n  y: {", "19", "invalid header"},
		{pw, hidden, "18", "a site file with a secret in it"},
		{pw, `"hunter2"`, "18", "a site file with a secret in it"},
		{pw, "|\n  hunter2", "19", ""},
		{"user: app", "PassWord: hunter2", "18", "a site file with a secret in it"},
		{"rate: 20", "token: hunter2", "24", "a site file with a secret in it"},
		{"shop", "'host=db1 password=hunter2'", "18", "a site file with a secret in it"},
		{"dba@db1.example", "ssh://dba:hunter2@db1.example", "4", "a site file with a secret in it"},
		{
			"-S, /etc/drillbook/ipmi, -o, off", "-p, hunter2, -o, off",
			"9", "fence_ipmilan gets a password as an argument",
		},
		{"-S, /etc/drillbook/ipmi, -o, off", "-phunter2, -o, off", "9", "gets a password as an argument"},
		{"-S, /etc/drillbook/ipmi, -o, off", "--password=hunter2", "9", "gets a password"},
		{"-S, /etc/drillbook/ipmi, -o, off", "--password, hunter2", "9", "gets a password as an argument"},
		{"off: [fence_ipmilan, -a,", "off: [/usr/bin/ipmitool, -P, hunter2, -a,", "9", "ipmitool gets a password"},
		{pw, "{command: [getpw, --password=hunter2]}", "18", "getpw gets a password as an argument"},
		{agents, "off: [sh, -c, 'curl -u root:hunter2 https://bmc/off'", "9", "curl gets a password as an argument"},
		{agents, "off: [sh, -c, 'true && fence_ipmilan -p hunter2'", "9", "fence_ipmilan gets a password"},
		{agents, "off: [sudo, fence_ipmilan, --passwd=hunter2", "9", "fence_ipmilan gets a password"},
		{agents, "off: [curl, -u, 'root:hunter2'", "9", "curl gets a password as an argument"},
		{agents, "off: [curl, '-uroot:hunter2'", "9", "curl gets a password as an argument"},
		{agents, "off: [curl, --user, 'root:hunter2'", "9", "curl gets a password as an argument"},
		{agents, "off: [curl, '--user=root:hunter2'", "9", "curl gets a password as an argument"},
		{agents, "off: [sh, -c, 'curl https://root:hunter2@bmc/off'", "9", "a site file with a secret in it"},
		{agents, "off: [sshpass, -p, hunter2, ssh, bmc", "9", "sshpass gets a password as an argument"},
		{pw, "{command: [sh, -c, 'echo hunter2']}", "18", "the command has the secret in it"},
		{pw, "{command: [sh, -c, 'true; printf %s hunter2']}", "18", "the command has the secret in it"},
		{pw, "{command: []}", "18", "command: it must be a list"},
		{pw, "{command: [/bin/echo, hunter2]}", "18", "the command has the secret in it"},
		{"rate: 20", "rate: 20 # password: hunter2", "24", "a secret stands in a comment"},
		{"rate: 20", "# old PASSWORD=hunter2\nrate: 20", "24", "a secret stands in a comment"},
		{"rate: 20", "rate: 20 # 密码：hunter2", "24", "a secret stands in a comment"},
		{"rate: 20", "rate: 20 # 口令: hunter2", "24", "a secret stands in a comment"},
		{"tls: verify-full", "tls: prefer", "18", "disable, require, verify-ca, verify-full"},
		{"tls: verify-full", "tls: require", "18", "write tls: verify-full with it"},
		{"listens: [22, 9100]", "listens: 22", "19", "listens: it must be a list: [22, 9100]"},
		{"listens: [22, 9100]", "listens: [22, ssh]", "19", "listens: it must be a list of ports"},
		{"never: [host-loss, drop]", "never: [hots-loss]", "20", `"hots-loss" is no kind of fault`},
		{"[sat, sun]", "[saturday]", "21", `"saturday" is no day`},
		{`"22:00"`, `"25:00"`, "21", "window.from: it must be a time of day"},
		{`"22:00"`, `"04:00"`, "21", "it is the same as from"},
		{"Europe/Berlin", "Berlin", "21", `"Berlin" is no time zone`},
		{", zone: Europe/Berlin", "", "21", "window.zone: it is missing"},
		{"clients: hosts", "clients: vip", "22", "two primaries would not be seen"},
		{"clients: hosts", "clients: service", "22", "two primaries would not be seen"},
		{"lease: 1m", "lease: 60", "23", "lease: it must be a time from 5s to 10m0s"},
		{"lease: 1m", "lease: 1s", "23", "lease: it must be a time"},
		{"lease: 1m", "lease: &x 1m", "23", "a site has no anchors"},
		{"lease: 1m", "lease: !!str 1m", "23", "a site has no anchors"},
		{"rate: 20", "rate: 20\n---\nproduct: postgres", "26", "a second site begins here"},
		{"rate: 20", "rate: [20", "24", ""},
		{"rate: 20", "\trate: 20", "24", ""},
		{"  - name: db2\n    public: db2.example\n", "", "3", "a cluster that can be drilled has 2 to 9"},
	}
}

// Whatever is wrong is said in a line, with the line of the file and what to do; and no
// secret is repeated.
func TestBad(t *testing.T) {
	for _, tt := range badFiles() {
		text := strings.Replace(whole, tt.old, tt.new, 1)
		if text == whole {
			t.Errorf("%q is not in the file", tt.old)
		}
		_, err := site.Parse("site.yaml", []byte(text), sites.Products())
		switch {
		case err == nil:
			t.Errorf("%q is taken", tt.new)
		case !strings.HasPrefix(err.Error(), "site.yaml:"+tt.line+": "),
			!strings.Contains(err.Error(), tt.want), strings.Contains(err.Error(), hidden):
			t.Errorf("%q: %v, want line %s, %q", tt.new, err, tt.line, tt.want)
		case strings.Contains(err.Error(), "\n") && tt.new != "layout: plain":
			t.Errorf("%q: %v, want one line", tt.new, err)
		}
	}
}

// What is no text at all, and what is too much.
func TestNoText(t *testing.T) {
	for text, want := range map[string]string{
		"": "there is nothing in it", "\n# none\n": "there is nothing in it", "\xff\xfep\x00r\x00": "it is no UTF-8",
		"product": "a site must be keys and values", "- product": "a site must be keys and values",
		strings.Repeat("#", 2<<20): "it is larger than", strings.Repeat("[", 6000): "are nested as in no site",
	} {
		_, err := site.Parse("site.yaml", []byte(text), sites.Products())
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.10q: %v, want %q", text, err, want)
		}
	}
}

// All mistakes are told at once, from the top.
func TestAllAtOnce(t *testing.T) {
	_, err := site.Parse("s", []byte(strings.NewReplacer("port: 5433", "port: x", "rate: 20", "rate: x", "user: pg",
		"user: root").Replace(whole)), sites.Products())
	if err == nil || strings.Count(err.Error(), "\n") != 2 || !strings.HasPrefix(err.Error(), "s:14: user: ") {
		t.Errorf("it says %v", err)
	}
}

// FuzzParse: any text is a site that is whole, or refused with a reason, a line each.
func FuzzParse(f *testing.F) {
	f.Add([]byte(whole))
	f.Add([]byte(small))
	for _, b := range badFiles() {
		f.Add([]byte(strings.Replace(whole, b.old, b.new, 1)))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		s, err := site.Parse("f", text, sites.Products())
		if err != nil {
			for line := range strings.Lines(err.Error()) {
				if !strings.HasPrefix(line, "f:") {
					t.Errorf("%q is no line of a reason", line)
				}
			}
			return
		}
		if len(s.Members) < 2 || s.Product == "" || s.Port == 0 || s.Rate == 0 || s.Lease == 0 || s.User == "" ||
			s.Login.Database == "" || s.Clients != site.Hosts {
			t.Errorf("it is taken, and lacks something: %+v", s)
		}
		for _, m := range s.Members {
			if m.Name == "" || m.SSH == "" || m.Public == "" || m.Private == "" || m.Application == "" ||
				bytes.ContainsAny([]byte(m.Name+m.SSH+m.Public), "\n") {
				t.Errorf("a member lacks something: %+v", m)
			}
		}
	})
}
