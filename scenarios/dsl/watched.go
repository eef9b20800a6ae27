package dsl

import (
	"fmt"
	"runtime"
	"time"

	"drillbook/harness/driver"
	"drillbook/harness/record"
	"drillbook/runbooks"
)

// WatchedName is what stands for a runbook where people follow none of ours.
const WatchedName = "watch"

// WatchedHost is the name of the place of clusters that drillbook has not made.
const WatchedHost = "own"

// WatchedHead is what is known of a watch before it begins: it follows a runbook, or none.
// Whoever follows one by hand saves by hand what would be lost, and answers the rows of the
// form on paper, so that neither is asked of the record.
func WatchedHead(b *runbooks.Runbook, p driver.Description, harness string) record.Head {
	h := record.Head{
		Run: newRun(time.Now()), Runbook: p.Name + "/" + WatchedName,
		Title:   record.Text{"en": "A cluster watched while people act", "zh": "人工操作期间的集群监看"},
		Product: p.Name, System: p.Title.Text, StandIn: p.StandIn.Text, Host: WatchedHost, Harness: harness,
		Machine: fmt.Sprintf("%s/%s, %d processors", runtime.GOOS, runtime.GOARCH, runtime.NumCPU()),
		Trial:   1, Trials: 1, Promise: record.Promise{NoRTO: true, NoRPO: true},
	}
	if b == nil {
		return h
	}
	h.Runbook, h.Title = b.Name, record.Text(b.Title)
	h.Source, h.Sources = b.Source.In("en"), record.Text(b.Source)
	h.Promise = record.Promise{RTO: b.RTO, RPO: b.RPO, StaleReads: b.Stale}
	for _, st := range b.Steps {
		s := newStep(st)
		s.Rows = nil
		h.Steps = append(h.Steps, s)
	}
	return h
}
