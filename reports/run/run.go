// Package run is what reports are made of: the drills of a run, recorded and
// measured, and what its records do not tell.
package run

import (
	"fmt"
	"slices"
	"strconv"

	"drillbook/harness/linear"
	"drillbook/harness/measure"
	"drillbook/harness/record"
	"drillbook/reports/cover"
	"drillbook/reports/text"
)

// Drill is one drill, recorded and measured.
type Drill struct {
	Record *record.Record
	Result measure.Result // what [measure.Of] says of the record
	// Register is what [linear.Of] says of the record. It is evidence beside
	// the verdict, which rests on tokens.
	Register linear.Result
	Name     string // folder of the drill in its run; "" if it has none
	SHA256   string // of the file with the record; "" if it is not known
}

// Of measures the record of a drill.
func Of(rec *record.Record, name string) Drill {
	return Drill{Record: rec, Result: measure.Of(rec), Register: linear.Of(rec), Name: name}
}

// Unreadable stands for a drill whose record cannot be read: nothing is known of
// it but its name and why.
func Unreadable(name string, why error) Drill {
	return Of(&record.Record{
		Head: record.Head{Runbook: name}, Causes: []string{""}, Flaw: &record.CorruptError{Line: 1, Err: why},
	}, name)
}

// Run is the drills that are reported together, in the order of the report.
type Run struct {
	Drills    []Drill
	Skipped   []Skipped
	Broken    []Broken
	Night     *Night // nil unless the drills are those of a night
	Generator string // which drillbook renders: "drillbook 1.2.0"
	// Cover is what people say of the drills; nil if they say nothing.
	Cover *cover.Cover
	// Last are the drills of an earlier run that these are compared with.
	Last []Drill
}

// LastOf is the newest of the earlier drills that a drill repeats; nil if there is none.
func (r Run) LastOf(d Drill) *Drill {
	var last *Drill
	for i, l := range r.Last {
		if trialOf(l) == trialOf(d) && l.Record.Head.Run != d.Record.Head.Run &&
			(last == nil || l.Record.Head.Began.After(last.Record.Head.Began)) {
			last = &r.Last[i]
		}
	}
	return last
}

// Check refuses what cannot be rendered truthfully.
func (r Run) Check() error {
	for i, d := range r.Drills {
		switch {
		case d.Record == nil:
			return fmt.Errorf("drill %d %s has no record", i+1, d.Name)
		case d.Result.Verdict == "":
			return fmt.Errorf("drill %d %s is not measured", i+1, d.Name)
		}
	}
	return nil
}

// RenderedBy is what renders the reports.
func (r Run) RenderedBy() string {
	if r.Generator == "" {
		return "drillbook"
	}
	return r.Generator
}

// ToEnd reports whether the drill was recorded and carried out to its end.
func (d Drill) ToEnd() bool { return d.Record.Tail != nil && !d.Record.Tail.Interrupted }

// TriedWrites reports whether clients' writes were tried, without which nothing
// is known of downtime.
func (d Drill) TriedWrites() bool {
	return slices.ContainsFunc(d.Result.Streams, func(s measure.Stream) bool {
		return s.Kind == record.Write && s.Member == "" && s.Acked+s.Refused+s.Unknown > 0
	})
}

// Answered reports whether any attempt of a kind of stream was acknowledged.
func (d Drill) Answered(kind record.StreamKind) bool {
	return slices.ContainsFunc(d.Result.Streams, func(s measure.Stream) bool { return s.Kind == kind && s.Acked > 0 })
}

// SavedAll reports whether everything that was lost is in a file.
func (d Drill) SavedAll() bool {
	return len(d.Result.Saved) > 0 && d.Result.Writes.Counted && d.Result.Unsaved == 0
}

// Token is a write as the database holds it.
func (d Drill) Token(t measure.Token) string {
	return text.Name(d.Record.Head.Run) + "/" + strconv.Itoa(t.Stream) + "/" + strconv.FormatUint(uint64(t.Seq), 10)
}
