// Package site reads the file in which people write down a cluster that is there already:
// where its members are, how clients get in, and what may be done to it. It is an inventory.
// What is done, and in which order, is said by runbooks.
//
// A site is plain data. It has no secret in it: it says where one is kept.
package site

import (
	"context"
	"net"
	"net/netip"
	"time"

	"drillbook/harness/phrase"
	"drillbook/harness/secret"
)

// Site is a cluster that is there already and stays. [Read] fills in what the file leaves
// out.
type Site struct {
	File    string   `json:"file"` // from which it was read
	Product string   `json:"product"`
	Members []Member `json:"members"` // two to nine, in the order of the file
	// User is the user of the operating system as whom the database runs.
	User   string `json:"user"`
	Layout Layout `json:"layout"`
	// Cluster names the cluster as Debian does, "17/main". It is set with [Debian] only.
	Cluster string `json:"cluster,omitempty"`
	// Data, Programs and Log are the data directory, the folder of the server's programs
	// and the file of its log, or the folder of its logs, each as an absolute path. They are
	// set where the layout has them; Log may be missing there.
	Data     string `json:"data,omitempty"`
	Programs string `json:"programs,omitempty"`
	Log      string `json:"log,omitempty"`
	Port     int    `json:"port"`
	Login    Login  `json:"login"`
	// Listens are the ports that may listen on a member besides the product's own. Where
	// the file does not have them, they are nil and nobody asks.
	Listens []int `json:"listens,omitempty"`
	// Never are the kinds of fault that are never injected here, by the names that package
	// fault has for them.
	Never []string `json:"never,omitempty"`
	// Window is when drills may run; the zero Window is always open.
	Window  Window  `json:"window,omitzero"`
	Clients Clients `json:"clients"`
	// Lease is how long a fault lasts that nobody renews.
	Lease time.Duration `json:"lease_ns"`
	// Monitor is the machine from which the group is watched; nil: its product has none.
	Monitor *Monitor `json:"monitor,omitempty"`
	Rate    int      `json:"rate"` // of the probe's writes, a second
	// Settings is the file that ssh reads in place of the person's own; "": that.
	Settings string `json:"ssh_config,omitempty"`
}

// Member is one machine of the cluster and its server.
type Member struct {
	Name string `json:"name"` // what drills and reports call it
	SSH  string `json:"ssh"`  // as ssh is told: "db1", "dba@db1.example"
	// Public is where clients dial it, and Private where members replicate: addresses, or
	// names that resolve. See [Member.Addresses].
	Public  string `json:"public"`
	Private string `json:"private"`
	// Application is the application_name with which it replicates.
	Application string `json:"application_name,omitempty"`
	// Instance is the name of its instance, where the product's members are instances of a
	// group.
	Instance string `json:"instance,omitempty"`
	Fence    *Fence `json:"fence,omitempty"` // nil: its power is not in our hands
}

// Monitor is a machine that is no member: a monitor of the group is started there, and the
// probe's clients.
type Monitor struct {
	SSH string `json:"ssh"` // as that of a member
	// Public and Private are its addresses on the two networks.
	Public  string `json:"public"`
	Private string `json:"private"`
	Ini     string `json:"ini"` // file of settings of the monitor, as an absolute path
}

// Fence is how the power of a member's machine is switched: programs with their arguments,
// which run on the machine of the harness. There is no secret among the arguments.
type Fence struct {
	Ask bool     `json:"ask,omitempty"` // a person does it, and there are no programs
	Off []string `json:"off,omitempty"`
	On  []string `json:"on,omitempty"`
	// Status, if set, ends with 0 and prints "on" or "off", or ends with 2 for off, as fence
	// agents do.
	Status []string `json:"status,omitempty"`
}

// Layout is how a server is laid out on its machine.
type Layout string

// The layouts.
const (
	Plain  Layout = "plain"  // a data directory and the product's own programs
	Debian Layout = "debian" // a cluster that Debian's tools have made and drive
)

// Clients is how clients find the member that serves them.
type Clients string

// Hosts is a list of all members in the clients' own configuration.
const Hosts Clients = "hosts"

// Login is how the probe gets in: as the application does.
type Login struct {
	Database string `json:"database,omitempty"`
	// Service is what the clients' file of services calls the group, where the product has
	// that in place of a database.
	Service  string        `json:"service,omitempty"`
	User     string        `json:"user"`
	Password secret.Source `json:"password,omitzero"` // the zero Source: none is needed
	TLS      string        `json:"tls,omitempty"`     // as libpq's sslmode; "": as the product does by itself
	CA       string        `json:"ca,omitempty"`      // file of the certificates that are trusted; "": the system's
}

// resolveWithin bounds the question after one name.
const resolveWithin = 5 * time.Second

// Addresses are the member's addresses for clients and for replication. Names are resolved
// here and now; each must lead to exactly one IPv4 address.
func (m Member) Addresses(ctx context.Context) (public, private netip.Addr, err error) {
	return addresses(ctx, m.Name, m.Public, m.Private)
}

// MonitorName is what drills and reports call the monitor's machine.
const MonitorName = "monitor"

// Addresses are those of the machine, as those of a member.
func (m Monitor) Addresses(ctx context.Context) (public, private netip.Addr, err error) {
	return addresses(ctx, MonitorName, m.Public, m.Private)
}

func addresses(ctx context.Context, name, one, other string) (public, private netip.Addr, err error) {
	if public, err = resolve(ctx, one); err != nil {
		return public, private, phrase.Errorf("the public address of %s: %w", name, err)
	}
	if private, err = resolve(ctx, other); err != nil {
		return public, private, phrase.Errorf("the private address of %s: %w", name, err)
	}
	return public, private, nil
}

func resolve(ctx context.Context, name string) (netip.Addr, error) {
	if ip, err := netip.ParseAddr(name); err == nil {
		return ip, nil
	}
	ctx, done := context.WithTimeout(ctx, resolveWithin)
	defer done()
	found, err := net.DefaultResolver.LookupNetIP(ctx, "ip4", name)
	if err != nil {
		return netip.Addr{}, phrase.Errorf("%s has no IPv4 address here: %w: write the address itself", name, err)
	}
	if len(found) != 1 {
		return netip.Addr{}, phrase.Errorf("%s has %d addresses: write the one that is meant", name, len(found))
	}
	return found[0].Unmap(), nil
}
