package cut

import "net/netip"

// Outsiders are the peers, as ss lists them, that are not near.
func Outsiders(listed string, via netip.Addr, near []netip.Prefix) []string {
	return outsiders(listed, via, near)
}
