package driver

import (
	"context"
	"time"
)

// LogKeeper is a driver whose product writes logs, besides what the first process of a
// node prints ([host.Node.Logs]).
type LogKeeper interface {
	// LogFiles are where it writes them on the node of a member or of an auxiliary: paths
	// as a shell of the node reads them, with its variables and with *. Nothing need be
	// there, nor need the product run.
	LogFiles(m Member) []string
}

// Alert is a line of a log that somebody should read.
type Alert struct {
	Clock    string        // when, by the node's own clock, as the log has it
	Age      time.Duration // how long that was before it was read, by the same clock
	Level    string
	Code     int // of the product; 0 if there is none
	Instance string
	Thread   string
	Text     string
}

// AlertReader is a driver that can tell what in its product's logs somebody should read.
type AlertReader interface {
	// Alerts are those in the logs of a node, in their order; of many, the last ones.
	Alerts(ctx context.Context, m Member) ([]Alert, error)
}
