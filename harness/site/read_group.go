package site

import (
	"cmp"
	"regexp"
	"strings"

	"drillbook/harness/phrase"
)

// instances is what the instances of a group may be called.
var instances = regexp.MustCompile(`^[A-Za-z0-9_]{1,16}$`)

// ownName reads what the product itself calls a member.
func (f fields) ownName(m *Member, p Product) {
	m.Application, m.Instance = f.text("application_name"), f.text("instance")
	switch {
	case p.Name == "":
	case !p.Group && f.has("instance"):
		f.fail("instance", phrase.Errorf("a member of %s has none: leave it out", p.Name))
	case !p.Group:
		m.Application = cmp.Or(m.Application, m.Name)
	case f.has("application_name"):
		f.fail("application_name", phrase.Errorf("a member of %s has none: write instance: MAIN1", p.Name))
	case m.Instance == "" && !instances.MatchString(m.Name):
		f.fail("name", phrase.Errorf("no instance is called so: write instance: MAIN1 with it"))
	case m.Instance != "" && !instances.MatchString(m.Instance):
		f.fail("instance", phrase.Errorf("%q is no name of an instance: write it as the instance itself has it",
			m.Instance))
	default:
		m.Instance = cmp.Or(m.Instance, strings.ToUpper(m.Name))
	}
	if p.Group && m.Name == MonitorName {
		f.fail("name", phrase.Errorf("the monitor's machine is called so: give the member another name"))
	}
}

// services is what services may be called.
var services = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_]{0,127}$`)

// serviceLogin reads how clients find a group, and get in.
func (f fields) serviceLogin(p Product) Login {
	const example = "{service: shop, password: {env: SHOP_PASSWORD}}"
	if !f.need("login", example) {
		return Login{}
	}
	g := f.r.mapping(f.values["login"], "login", "service", "password")
	l := Login{Service: g.text("service"), User: p.Admin}
	if g.need("service", "shop") && l.Service != "" && !services.MatchString(l.Service) {
		g.fail("service", phrase.Errorf("%q is no name of a service: write it as the clients' file of services has it",
			l.Service))
	}
	if !g.has("password") {
		g.fail("password", phrase.Errorf("%s needs one: write login: %s", p.Admin, example))
		return l
	}
	l.Password = g.secret("password")
	return l
}

// monitor reads from where a group is watched.
func (f fields) monitor(p Product) *Monitor {
	const example = "{ssh: mon1, public: 10.0.0.13, ini: /srv/monitor/monitor.ini}"
	switch {
	case p.Name == "":
		return nil
	case !p.Group:
		if f.has("monitor") {
			f.fail("monitor", phrase.Errorf("%s has none: leave it out", p.Name))
		}
		return nil
	case !f.need("monitor", example):
		return nil
	}
	g := f.r.mapping(f.values["monitor"], "monitor", "ssh", "public", "private", "ini")
	m := &Monitor{SSH: g.ssh(), Public: g.address("public"), Private: g.address("private"), Ini: g.path("ini")}
	g.need("ssh", "mon1")
	g.need("public", "10.0.0.13")
	g.need("ini", "/srv/monitor/monitor.ini")
	if !g.has("private") {
		m.Private = m.Public
	}
	return m
}
