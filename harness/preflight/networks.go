package preflight

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"drillbook/harness/driver"
	"drillbook/harness/host"
	"drillbook/harness/phrase"
)

// errSharedNetwork says that a node shares its network with others, so that what is in
// it says nothing of the node.
var errSharedNetwork = phrase.Errorf("the nodes of this place share one network: %w", host.ErrUnsupported)

// errOwnHosts says that nobody has told what may listen.
var errOwnHosts = phrase.Errorf("these hosts are somebody's own: say in the site file what may listen (listens): %w",
	host.ErrUnsupported)

// networks: the member is on both, on an interface each, and the private one
// leads nowhere else.
func (c *checker) networks(ctx context.Context, m driver.Member, s survey) (phrase.Phrase, error) {
	own, ok := m.Node.(host.Addresser)
	if !ok {
		return phrase.Phrase{}, errSharedNetwork
	}
	ips, err := own.IPs(ctx)
	if err != nil {
		return phrase.Phrase{}, err
	}
	var found []phrase.Phrase
	devices := map[string]host.Network{}
	for _, n := range []host.Network{host.Public, host.Private} {
		device := s.device(ips[n])
		if device == "" {
			return phrase.Join(found, ", "), phrase.Errorf("%s is not on the %s network: it has no interface for %s; "+
				"plug it in", m.Name, n, orNone(ips[n]))
		}
		if other, taken := devices[device]; taken && !c.Stays {
			return phrase.Join(found, ", "), phrase.Errorf("the %s and the %s network of %s are the same "+
				"interface, %s: "+
				"give replication its own", other, n, m.Name, device)
		}
		devices[device] = n
		found = append(found, phrase.Say("%s %s on %s", n, ips[n], device))
	}
	for _, r := range s.routes {
		if r.to.Bits() == 0 && devices[r.device] == host.Private && !c.Stays {
			return phrase.Join(found, ", "), phrase.Errorf("the private network of %s leads everywhere else, by %s: "+
				"take that route out", m.Name, r.via)
		}
	}
	return phrase.Join(found, ", "), nil
}

func orNone(s string) string {
	if s == "" {
		return "any address"
	}
	return s
}

// device is the interface whose network holds an address.
func (s *survey) device(ip string) string {
	addr, err := netip.ParseAddr(ip)
	if err != nil {
		return ""
	}
	for _, r := range s.routes {
		if r.to.Bits() > 0 && r.via.IsUnspecified() && r.to.Contains(addr) {
			return r.device
		}
	}
	return ""
}

// dialWithin is how long the harness itself tries to connect to a member.
const dialWithin = time.Second

// reaches: the node reaches what it needs.
func reaches(m driver.Member, needed []string, s survey) (phrase.Phrase, error) {
	found := phrase.Say("%s reaches %s", m.Name, strings.Join(s.reaches, ", "))
	for _, addr := range needed {
		if !slices.Contains(s.reaches, addr) {
			return found, phrase.Errorf("%s cannot connect to %s: let it through every firewall on the way, "+
				"and see that the server listens there", m.Name, addr)
		}
	}
	return found, nil
}

// paths: the member reaches what it needs, replicates over the private network,
// and can be reached by clients.
func (c *checker) paths(ctx context.Context, m driver.Member, s survey) (phrase.Phrase, error) {
	found, err := reaches(m, c.needed(m), s)
	if err != nil {
		return found, err
	}
	_, apart := m.Node.(host.Addresser)
	for peer, addr := range m.Dial {
		_, port, err := net.SplitHostPort(addr)
		if err != nil {
			return found, phrase.Errorf("where %s replicates from %s: %w", m.Name, peer, err)
		}
		n, err := strconv.Atoi(port)
		if err != nil {
			return found, phrase.Errorf("where %s replicates from %s: %w", m.Name, peer, err)
		}
		if apart && !c.Stays && addr == c.Host.Address(peer, host.Public, n) {
			return found, phrase.Errorf("%s replicates from %s over the public network: use the private one", m.Name,
				addr)
		}
	}
	at, err := m.Node.Addr(ctx, c.Driver.Product().Port)
	if err != nil {
		return found, err
	}
	conn, err := (&net.Dialer{Timeout: dialWithin}).DialContext(ctx, "tcp", at)
	if err != nil {
		return found, phrase.Errorf("clients cannot connect to %s: %w: let them through", m.Name, err)
	}
	return phrase.Say("%s; clients reach %s", found, at), conn.Close()
}

// ports: nothing listens but what the product needs.
func (c *checker) ports(m driver.Member, seat driver.Seat, s survey) (phrase.Phrase, error) {
	if _, ok := m.Node.(host.Addresser); !ok {
		return phrase.Phrase{}, errSharedNetwork
	}
	if c.Stays && c.Listens == nil {
		return phrase.Phrase{}, errOwnHosts
	}
	wanted, err := c.productPorts(seat)
	if err != nil {
		return phrase.Phrase{}, err
	}
	var found []string
	var unwanted error
	for _, at := range s.listens {
		if s := strconv.Itoa(int(at.Port())); !slices.Contains(found, s) {
			found = append(found, s)
		}
		if !slices.Contains(wanted, int(at.Port())) {
			unwanted = errors.Join(unwanted, phrase.Errorf("something listens on %s of %s that nobody needs: "+
				"stop it, or bind it to the loopback", at, m.Name))
		}
	}
	return phrase.Say("listens on %s", strings.Join(found, ", ")), unwanted
}

// productPorts are the ports that the product has a member serve.
func (c *checker) productPorts(seat driver.Seat) ([]int, error) {
	if c.Stays {
		p := c.Driver.Product()
		return append(slices.Concat(c.Listens, p.OtherPorts), p.Port, p.ReplicationPort), nil
	}
	plan, err := c.Driver.Plan(seat)
	if err != nil {
		return nil, phrase.Errorf("plan %s: %w", seat.Name, err)
	}
	p := c.Driver.Product()
	return append(slices.Concat(plan.Ports, p.OtherPorts), p.Port, p.ReplicationPort), nil
}

// disk: there is room for what the drill writes.
func (c *checker) disk(m driver.Member, s survey) (phrase.Phrase, error) {
	if !s.disk {
		return phrase.Phrase{}, phrase.Errorf("the product does not say where its data are: %w", errors.ErrUnsupported)
	}
	found := phrase.Say("%d %% full, %d MB free", s.data.Full, s.data.Free>>20)
	if s.data.Full >= FullFrom || s.data.Free < LeastFree {
		return found, phrase.Errorf("the disk with the data of %s is %d %% full, with %d MB free: make room",
			m.Name, s.data.Full, s.data.Free>>20)
	}
	return found, nil
}
