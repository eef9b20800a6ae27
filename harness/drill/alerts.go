package drill

import (
	"context"

	"drillbook/harness/driver"
	"drillbook/harness/phrase"
	"drillbook/harness/record"
)

// mostAlerts is how many alerts of a node are recorded, the last ones.
const mostAlerts = 50

// findAlerts records what somebody should read in the logs of all nodes.
func (d *Drill) findAlerts(ctx context.Context) {
	r, ok := d.cfg.Driver.(driver.AlertReader)
	if !ok {
		return
	}
	for _, e := range ofNodes(d, func(m driver.Member) []record.Event { return d.alertsOf(ctx, r, m) }) {
		e.At = d.now()
		d.emit(e)
	}
}

// alertsOf are the alerts of a node since the drill began. Its clock is compared with
// itself alone: a line is as old as its own clock has run on since.
func (d *Drill) alertsOf(ctx context.Context, r driver.AlertReader, m driver.Member) []record.Event {
	ctx, cancel := context.WithTimeout(ctx, copyWithin)
	defer cancel()
	before := d.now()
	alerts, err := r.Alerts(ctx, m)
	half := (d.now() - before) / 2
	if err != nil {
		said := phrase.Of(phrase.Errorf("read the alerts of %s: %w", m.Name, err))
		d.journal.Phrase(said)
		return []record.Event{{Kind: record.Note, Err: said.Text}}
	}
	var all []record.Event
	for _, a := range alerts[max(0, len(alerts)-mostAlerts):] {
		at := before + half - a.Age
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
