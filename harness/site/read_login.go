package site

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"drillbook/harness/fault"
	"drillbook/harness/phrase"
	"drillbook/harness/secret"
)

func (f fields) login(p Product) Login {
	if p.Group {
		return f.serviceLogin(p)
	}
	if !f.need("login", "{database: shop, user: app, password: {env: SHOP_PASSWORD}}") {
		return Login{}
	}
	g := f.r.mapping(f.values["login"], "login", "database", "user", "password", "tls", "ca")
	g.need("database", "shop")
	g.need("user", "app")
	l := Login{Database: g.text("database"), User: g.text("user"), TLS: g.text("tls"), CA: g.path("ca")}
	known := []string{"", "disable", "require", "verify-ca", "verify-full"}
	switch {
	case !slices.Contains(known, l.TLS):
		g.fail("tls", phrase.Errorf("it must be one of %s", strings.Join(known[1:], ", ")))
	case g.has("ca") && !strings.HasPrefix(l.TLS, "verify-"):
		g.fail("ca", phrase.Errorf("nobody would look at it: write tls: verify-full with it"))
	}
	if g.has("password") {
		l.Password = g.secret("password")
	}
	return l
}

// variables is what variables of the environment are called.
var variables = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// secret reads where a secret is kept. No value is repeated, since it may be the secret.
func (f fields) secret(key string) secret.Source {
	g := f.r.mapping(f.values[key], f.key(key), "env", "file", "command")
	s := secret.Source{Env: g.text("env"), File: g.path("file"), Command: g.argv("command")}
	if len(g.values) != 1 && !g.odd {
		f.fail(key, phrase.Errorf("it must have exactly one of env, file and command"))
	}
	if s.Env != "" && !variables.MatchString(s.Env) {
		g.fail("env", phrase.Errorf("it must be the name of a variable of the environment: SHOP_PASSWORD"))
	}
	return s
}

func (f fields) listens() []int {
	var ports []int
	for _, n := range f.list("listens", "[22, 9100]") {
		p, ok := numberOf(n)
		if !ok || p < 1 || p > maxPort {
			f.r.add(n, phrase.Errorf("listens: it must be a list of ports: [22, 9100]"))
			continue
		}
		ports = append(ports, p)
	}
	return ports
}

func (f fields) never() []string {
	kinds := fault.Kinds("en")
	known := make([]string, 0, len(kinds))
	for _, k := range kinds {
		known = append(known, k.Name)
	}
	items := f.list("never", "[host-loss]")
	for i, word := range f.words("never", "[host-loss]") {
		if !slices.Contains(known, word) {
			f.r.add(items[i], phrase.Errorf("never: %q is no kind of fault, so nothing would be forbidden by it: %s",
				word, strings.Join(known, ", ")))
		}
	}
	return f.words("never", "[host-loss]")
}

func (f fields) clients() Clients {
	switch value := f.text("clients"); value {
	case string(Hosts), "":
	case "vip":
		f.fail("clients", phrase.Errorf("not yet: behind a virtual address nobody can tell which member took a write, "+
			"so two primaries would not be seen: write hosts if clients can have a list"))
	case "service":
		f.fail("clients", phrase.Errorf("not yet: behind a service or a pooler nobody can tell which member took a "+
			"write, so two primaries would not be seen: write hosts if clients can have a list"))
	default:
		f.fail("clients", phrase.Errorf("%q is none: write hosts", value))
	}
	return Hosts
}

func (f fields) window() Window {
	const example = `{days: [sat, sun], from: "22:00", to: "04:00", zone: Europe/Berlin}`
	if !f.has("window") {
		return Window{}
	}
	g := f.r.mapping(f.values["window"], "window", "days", "from", "to", "zone")
	for _, key := range []string{"days", "from", "to", "zone"} {
		if !g.has(key) && !g.odd {
			g.fail(key, phrase.Errorf("it is missing: write window: %s", example))
		}
	}
	w := Window{Days: g.words("days", "[sat, sun]"), From: g.clock("from"), To: g.clock("to"), Zone: g.text("zone")}
	for _, d := range w.Days {
		if !slices.Contains(weekdays(), d) {
			g.fail("days", phrase.Errorf("%q is no day: write mon, tue, wed, thu, fri, sat, sun", d))
		}
	}
	if _, err := time.LoadLocation(w.Zone); g.has("zone") && (err != nil || w.Zone == "Local") {
		g.fail("zone", phrase.Errorf("%q is no time zone: write one such as Europe/Berlin, Asia/Shanghai or UTC",
			w.Zone))
	}
	if g.has("from") && g.has("to") && w.From == w.To {
		g.fail("to", phrase.Errorf("it is the same as from: write \"00:00\" and \"24:00\" for whole days"))
	}
	return w
}

var clocks = regexp.MustCompile(`^([01]?[0-9]|2[0-3]):([0-5][0-9])$`)

// clock reads a time of day.
func (f fields) clock(key string) Clock {
	if !f.has(key) {
		return 0
	}
	value, _ := textOf(f.values[key])
	parts := clocks.FindStringSubmatch(value)
	switch {
	case value == endOfDay.String() && key == "to":
		return endOfDay
	case parts == nil:
		f.fail(key, phrase.Errorf("it must be a time of day in quotes: \"22:00\""))
		return 0
	}
	hours, _ := strconv.Atoi(parts[1]) // which the pattern has checked
	minutes, _ := strconv.Atoi(parts[2])
	return Clock(hours*minutesPerHour + minutes)
}
