package host

// Finder is a host that can be asked for a launched node by its name.
type Finder interface {
	Node(name string) (Node, bool)
}
