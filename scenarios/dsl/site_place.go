package dsl

import (
	"context"
	"slices"
	"strings"

	"drillbook/harness/driver"
	"drillbook/harness/host"
	"drillbook/harness/host/ssh"
	"drillbook/harness/link"
	"drillbook/harness/secret"
	"drillbook/harness/site"
)

// Owned is what a product needs to drill a cluster that is there already.
type Owned struct {
	// Driver makes the driver for the values of a runbook's parameters.
	Driver func(params map[string]string) (driver.Driver, error)
	Env    map[string]string // of the commands that run as the database's user
	// Commands are those that drills are known to run there.
	Commands Commands
}

// Owner makes what a product needs for a site, whose login has the password.
type Owner func(ctx context.Context, s site.Site, password secret.Text) (Owned, error)

// Site is the place of a cluster that is there already: machines that stay, reached by ssh.
func Site(s site.Site, o Owned) Place {
	p := Machines()
	p.Undo = "carry out what undoes each fault, on its machine"
	p.Stays, p.Listens, p.Machines = true, s.Listens, machines(s)
	p.Instead = "drill it in containers"
	p.Lacks = map[Need]string{
		Unplug: "the machines stay: one without its cable could not be plugged in again from here",
		Disks:  "the machines' disks are their owner's",
	}
	if i := slices.IndexFunc(s.Members, func(m site.Member) bool { return m.Fence == nil }); i >= 0 {
		p.Lacks[Power] = "the site file does not say how the power of " + s.Members[i].Name + " is cut (fence)"
	}
	for kind, need := range map[string]Need{"host-loss": Power, "drop": Cuts} {
		if slices.Contains(s.Never, kind) {
			p.Lacks[need] = "the site file says that " + kind + " is never done"
		}
	}
	p.Open = func(ctx context.Context, run string, _ driver.Driver, _ func(string)) (host.Host, link.Network, error) {
		return openSite(ctx, s, o, run)
	}
	return p
}

// machines names the machines of a site.
func machines(s site.Site) string {
	all := make([]string, 0, len(s.Members))
	for _, m := range s.Members {
		all = append(all, m.Name+" = "+m.SSH)
	}
	if s.Monitor != nil {
		all = append(all, site.MonitorName+" = "+s.Monitor.SSH)
	}
	return strings.Join(all, ", ")
}

func openSite(ctx context.Context, s site.Site, o Owned, run string) (host.Host, link.Network, error) {
	cfg := ssh.Config{Run: run, Term: s.Lease, Settings: s.Settings}
	for _, m := range s.Members {
		public, private, err := m.Addresses(ctx)
		if err != nil {
			return nil, nil, err
		}
		cfg.Machines = append(cfg.Machines, ssh.Machine{
			Name: m.Name, Reach: m.SSH, Public: public.String(), Private: private.String(), User: s.User, Env: o.Env,
			Power: power(m),
		})
	}
	if m := s.Monitor; m != nil {
		public, private, err := m.Addresses(ctx)
		if err != nil {
			return nil, nil, err
		}
		cfg.Machines = append(cfg.Machines, ssh.Machine{
			Name: site.MonitorName, Reach: m.SSH, Public: public.String(), Private: private.String(), User: s.User,
			Env: o.Env,
		})
	}
	h, err := ssh.Open(ctx, cfg)
	if err != nil {
		return nil, nil, err
	}
	return withCuts(ctx, h)
}

// power is how a machine's power is switched; nil if nobody has said.
func power(m site.Member) *ssh.Power {
	f := m.Fence
	switch {
	case f == nil:
		return nil
	case f.Ask:
		return ssh.ByPerson(m.Name + " (" + m.SSH + ")")
	}
	return &ssh.Power{Off: f.Off, On: f.On, Status: f.Status}
}
