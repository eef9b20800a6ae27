package host

// Finder is a host that returns a launched node by name.
type Finder interface {
	Node(name string) (Node, bool)
}

// Publisher is a host that may be dialled at published ports, because the harness
// is not on its networks. Then a forwarder stands between the harness and the
// nodes: it may accept connections in their place, and reveal their end.
type Publisher interface {
	// Published is where the ports are published, "" if the harness dials the
	// nodes themselves.
	Published() string
}

// Joiner is a host whose networks the harness may have joined as one more member of
// them. Then nodes see it under an address of its own, not under their gateway's.
type Joiner interface {
	// Joined is the address of the harness on the public network, "" if it has none.
	Joined() string
}
