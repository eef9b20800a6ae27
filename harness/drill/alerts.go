package drill

import (
	"strings"
	"time"

	"drillbook/harness/driver"
	"drillbook/harness/record"
	"drillbook/harness/shell"
)

// mostAlerts is how many alerts of a node are recorded, the last ones.
const mostAlerts = 50

// alertLines are what lines of logs look like that may be alerts; "" if the driver cannot
// tell.
func (d *Drill) alertLines() string {
	if r, ok := d.cfg.Driver.(driver.AlertReader); ok {
		return r.AlertLines()
	}
	return ""
}

// alertsIn are the alerts of a node since the drill began: among what its first process has
// printed, and in its logs, which were read between two times. The node's clock is compared
// with itself alone: a line is as old as its own clock has run on since.
func (d *Drill) alertsIn(m driver.Member, printed string, logs shell.Logs, from, to time.Duration) []record.Event {
	r, ok := d.cfg.Driver.(driver.AlertReader)
	if !ok {
		return nil
	}
	texts := []string{printed}
	for _, f := range logs.Files {
		texts = append(texts, f.Lines)
	}
	found := r.Alerts(strings.Join(texts, "\n"), logs.Began)
	half := max(0, to-from-logs.Ended.Sub(logs.Began)) / 2
	var all []record.Event
	for _, a := range found[max(0, len(found)-mostAlerts):] {
		at := from + half - a.Age
		if at < 0 {
			continue // of before the drill
		}
		all = append(all, record.Event{
			Kind: record.Alert, Member: m.Name, Answer: d.hide(a.Text), Least: max(0, at-half), Most: at + half,
			Logged: &record.Logged{
				Clock: a.Clock, Level: a.Level, Code: a.Code, Instance: a.Instance, Thread: a.Thread,
			},
		})
	}
	return all
}
