package preflight

import (
	"context"
	"encoding/hex"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"drillbook/harness/driver"
	"drillbook/harness/host"
	"drillbook/harness/phrase"
	"drillbook/harness/shell"
)

// script is what a host is asked: the time, the disk of $1, what listens, where
// packets go, and which of the further addresses can be connected to.
const script = `echo "clock $(date +%s.%N)"
dir=$1; shift
[ -z "$dir" ] || echo "disk $(df -P -B1 "$dir" | tail -n 1)"
cat /proc/net/tcp /proc/net/tcp6 2>/dev/null | while read -r _ at _ state _; do
	[ "$state" != 0A ] || echo "listen $at"
done
while read -r interface to via flags _ _ _ mask _; do echo "route $interface $to $via $mask"; done </proc/net/route
for addr; do
	if timeout 1 bash -c "exec 3<>/dev/tcp/${addr%:*}/${addr##*:}" 2>/dev/null; then
		echo "reaches $addr"
	fi
done`

// survey is what a host has said.
type survey struct {
	clock   offset
	data    shell.Disk // that holds them
	disk    bool       // it was asked for
	listens []netip.AddrPort
	routes  []route
	reaches []string
}

// offset is by how much a clock is ahead of the harness': something between the
// two.
type offset struct {
	name        string
	least, most time.Duration
}

// route is a line of the kernel's table.
type route struct {
	device string
	to     netip.Prefix
	via    netip.Addr // 0.0.0.0: directly
}

// surveyHost surveys the host of a member.
func (c *checker) surveyHost(ctx context.Context, m driver.Member) (survey, error) {
	dir := ""
	if s, ok := c.Driver.(driver.Server); ok {
		var err error
		if dir, err = s.DataDir(ctx, m); err != nil {
			return survey{}, err
		}
	}
	return surveyOf(ctx, m, dir, c.needed(m))
}

// surveyOf asks a host for what it has, for the disk of a folder unless that is "",
// and which addresses it can connect to.
func surveyOf(ctx context.Context, m driver.Member, dir string, addrs []string) (survey, error) {
	argv := append([]string{"bash", "-c", script, "preflight", dir}, addrs...)
	before := time.Now()
	answer, err := m.Node.Exec(ctx, host.Command{Argv: argv})
	after := time.Now()
	const unknown, unusable = 127, 126
	switch {
	case err != nil:
		return survey{}, phrase.Errorf("ask the host of %s: %w", m.Name, err)
	case answer.Code == unknown || answer.Code == unusable:
		return survey{}, phrase.Errorf("the host of %s has no bash: %w", m.Name, host.ErrUnsupported)
	}
	s, err := parse(answer.Stdout, before, after)
	if err != nil {
		return s, phrase.Errorf("read what the host of %s says: %w", m.Name, err)
	}
	s.disk = dir != ""
	return s, nil
}

// needed are the addresses that a member must reach: its peers and the auxiliary nodes
// on the public network, and where it replicates.
func (c *checker) needed(m driver.Member) []string {
	var all []string
	for _, x := range c.Auxiliaries {
		if x.Public != "" {
			all = append(all, x.Public)
		}
	}
	for _, peer := range c.Members {
		if peer.Name == m.Name {
			continue
		}
		all = append(all, peer.Public)
		if at := m.Dial[peer.Name]; at != "" && at != peer.Public {
			all = append(all, at)
		}
	}
	return all
}

// neededByAuxiliary are the addresses that an auxiliary node must reach: where clients
// dial the members.
func (c *checker) neededByAuxiliary() []string {
	all := make([]string, 0, len(c.Members))
	for _, m := range c.Members {
		all = append(all, m.Public)
	}
	return all
}

var errLine = phrase.Errorf("a line that is not understood")

// parse reads the answer of the script, which was asked at some time between the
// two.
func parse(text string, before, after time.Time) (survey, error) {
	var s survey
	for line := range strings.Lines(text) {
		words := strings.Fields(line)
		if len(words) < 2 {
			continue
		}
		var err error
		switch key, rest := words[0], words[1:]; key {
		case "clock":
			s.clock, err = readClock(rest[0], before, after)
		case "disk":
			s.data, err = shell.ReadDisk(strings.Join(rest, " "), 1)
		case "listen":
			var at netip.AddrPort
			if at, err = readSocket(rest[0]); err == nil && !at.Addr().IsLoopback() && !slices.Contains(s.listens, at) {
				s.listens = append(s.listens, at)
			}
		case "route":
			err = s.readRoute(rest)
		case "reaches":
			s.reaches = append(s.reaches, rest[0])
		}
		if err != nil {
			return s, phrase.Errorf("%q: %w", strings.TrimSpace(line), err)
		}
	}
	if s.clock.most == 0 && s.clock.least == 0 {
		return s, phrase.Errorf("it does not tell the time")
	}
	return s, nil
}

// readClock reads seconds with a fraction since 1970.
func readClock(text string, before, after time.Time) (offset, error) {
	seconds, fraction, _ := strings.Cut(text, ".")
	s, err := strconv.ParseInt(seconds, 10, 64)
	if err != nil {
		return offset{}, errLine
	}
	n, err := strconv.ParseInt((fraction + "000000000")[:9], 10, 64)
	if err != nil {
		return offset{}, errLine
	}
	at := time.Unix(s, n)
	// Not the monotonic clock: another host's time is compared with ours.
	return offset{least: at.Sub(after.Round(0)), most: at.Sub(before.Round(0))}, nil
}

// readSocket reads an address as the kernel writes it: words of 32 bits in the
// machine's own order, which is little-endian wherever drills run.
func readSocket(text string) (netip.AddrPort, error) {
	ip, port, ok := strings.Cut(text, ":")
	n, err := strconv.ParseUint(port, 16, 16)
	if !ok || err != nil {
		return netip.AddrPort{}, errLine
	}
	addr, err := readAddr(ip)
	return netip.AddrPortFrom(addr, uint16(n)), err
}

func readAddr(text string) (netip.Addr, error) {
	b, err := hex.DecodeString(text)
	if err != nil || len(b)%4 != 0 {
		return netip.Addr{}, errLine
	}
	for word := range slices.Chunk(b, 4) {
		slices.Reverse(word)
	}
	addr, ok := netip.AddrFromSlice(b)
	if !ok {
		return netip.Addr{}, errLine
	}
	return addr.Unmap(), nil
}

// readRoute reads device, destination, gateway and mask; the table's heading is
// no route.
func (s *survey) readRoute(words []string) error {
	if len(words) < 4 {
		return errLine
	}
	if words[1] == "Destination" {
		return nil
	}
	to, err := readAddr(words[1])
	if err != nil {
		return err
	}
	via, err := readAddr(words[2])
	if err != nil {
		return err
	}
	mask, err := readAddr(words[3])
	if err != nil || !mask.Is4() || !to.Is4() {
		return errLine
	}
	m := mask.As4()
	ones, _ := net.IPMask(m[:]).Size()
	s.routes = append(s.routes, route{words[0], netip.PrefixFrom(to, ones), via})
	return nil
}
