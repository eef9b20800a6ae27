package driver

// LogKeeper is a driver whose product writes logs, besides what the first process of a
// node prints ([host.Node.Logs]).
type LogKeeper interface {
	// LogFiles are where it writes them on the node of a member or of an auxiliary: paths
	// as a shell of the node reads them, with its variables and with *. Nothing need be
	// there, nor need the product run.
	LogFiles(m Member) []string
}
