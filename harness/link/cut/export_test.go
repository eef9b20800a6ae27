package cut

import (
	"net/netip"
	"time"

	"drillbook/harness/link"
)

// Outsiders are the peers, as ss lists them, that are not near.
func Outsiders(listed string, via netip.Addr, near []netip.Prefix) []string {
	return outsidePeers(listed, via, near)
}

// FromPort are the addresses of peers, as ss lists them, that come from the port.
func FromPort(listed string, port uint16) []string { return fromPort(listed, port) }

// Packets adds up the counters that nft lists.
func Packets(listed string) (int64, error) { return packets(listed) }

// Rules are those of a link between two ends, as nft reads them.
func Rules(kind link.Kind, port int, dialled bool) string {
	return ruleset{
		table: "drillbook_test_0", peers: []string{"127.0.0.1", "10.1.2.3"}, port: port, dialled: dialled, kind: kind,
	}.String()
}

// Leased are the rules of a link whose peers have terms, and what renews these.
func Leased(term time.Duration, spared ...int) (rules, renewal string) {
	r := ruleset{
		table: "drillbook_test_0", peers: []string{"127.0.0.1", "10.1.2.3"}, kind: link.Drop,
		term: term, spared: spared,
	}
	return r.String(), r.renewal()
}
