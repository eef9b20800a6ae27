package driver

import (
	"cmp"
	"slices"
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

// InOrder are alerts with the oldest first, each of them once.
func InOrder(all []Alert) []Alert {
	var once []Alert
	for _, a := range all {
		if !slices.Contains(once, a) {
			once = append(once, a)
		}
	}
	slices.SortStableFunc(once, func(a, b Alert) int { return cmp.Compare(b.Age, a.Age) })
	return once
}

// AlertReader is a driver that can tell what in its product's logs somebody should read.
type AlertReader interface {
	LogKeeper
	// AlertLines is what lines look like that may be alerts: an extended regular expression
	// of grep, in any case. Of a long log only such lines are read, and of many the last ones.
	AlertLines() string
	// Alerts are those among the lines of a node's logs, the oldest first; a line that
	// stands in two logs is one. Now is what the node's clock said when they were read, in
	// its own zone. A line without a time is left out: nobody can say when it was.
	Alerts(lines string, now time.Time) []Alert
}
