package dsl

import (
	"strings"
	"time"

	"drillbook/harness/phrase"
	"drillbook/reports"
)

// errNotBegun is why a drill did not begin of which nothing else is known.
var errNotBegun = phrase.Errorf("the run ended before it began")

// breakages returns what the record of the drill does not contain: that there is
// no record, and that something was left behind.
func (d *Drill) breakages() []reports.Broken {
	var all []reports.Broken
	add := func(what reports.Breakage, why error) {
		all = append(all, reports.Broken{
			What: what, Runbook: d.Book.Name, Run: d.head.Run, Product: d.head.Product, Host: d.head.Host,
			Params: d.Params, Found: time.Now(), Why: strings.TrimPrefix(why.Error(), d.Book.Name+": "),
		})
	}
	switch {
	case d.broken != nil && d.Drill != nil:
		add(reports.PlaceBroke, d.broken)
	case d.hasRecordOfFailure():
	case d.broken != nil:
		add(reports.NotBegun, d.broken)
	case d.recordLost != nil:
	default:
		add(reports.NotBegun, errNotBegun)
	}
	if d.recordLost != nil {
		add(reports.RecordLost, d.recordLost)
	}
	if d.leftBehind != nil {
		add(reports.LeftBehind, d.leftBehind)
	}
	return all
}

// hasRecordOfFailure reports whether the drill has a record that says why it
// could not begin, if it could not.
func (d *Drill) hasRecordOfFailure() bool {
	if d.outcome == nil {
		return false
	}
	tail := d.outcome.Record.Tail
	return d.broken == nil || tail != nil && tail.Err != ""
}
