package host

// Finder is a host that can be asked for a launched node by its name.
type Finder interface {
	Node(name string) (Node, bool)
}

// Publisher is a host that may be dialled at ports that it publishes, since
// the harness is not on its networks. Then something stands between the
// harness and the nodes: it may accept in their place, and tell of their end.
type Publisher interface {
	// Published is where the ports are published, "" if the harness dials the
	// nodes themselves.
	Published() string
}
