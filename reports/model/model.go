// Package model is what the report of a run says, in the words of one language:
// verdicts, tables, sections and the data of pictures. [Of] makes it once; page,
// markdown, junit and table only put it into their formats.
//
// Every text in it is fit to be shown ([text.Clean]), and every list of foreign things
// is bounded. Nothing in it is escaped.
package model

import (
	"time"

	"drillbook/harness/measure"
)

// Report is what is said of a run.
type Report struct {
	Lang       string
	Kind       string // what kind of document it is
	Title      string
	Several    bool  // it is not about one drill alone: there is an overview, and a conclusion on all
	Conclusion       // on all drills: the worst of their verdicts; empty unless Several
	Night      Night // empty unless the drills are those of a night
	// Pages says that the pages of drills were written apart, into their folders: the
	// report only lists them.
	Pages      bool
	Overview   Section
	Grid       Grid // the overview, runbooks by products; empty unless Several
	Trials     Section
	Strips     []Strip // the trials, each on its axis
	Expected   Section // of the trials: what the cluster's own settings make of an outage
	Drills     []Drill
	Absent     []Absent
	Broken     Section // the absent, as people read of them
	Skipped    Section
	Reading    Section // how to read the figures
	Signatures Signatures
	Made       string // says what rendered the report
	words      writer
}

// LeftOut says that so many drills are not shown in full.
func (r Report) LeftOut(n int) string {
	if n <= 0 {
		return ""
	}
	return r.words.Say("drills-left-out", "count", count(n))
}

// Label says what stands on a page besides the report itself.
func (r Report) Label(key string) string { return r.words.Say("page." + key) }

// VerdictWord is the word for a verdict.
func (r Report) VerdictWord(verdict string) string { return r.words.verdict(measure.Verdict(verdict)) }

// Signatures are the words over and beside the lines where people sign.
type Signatures struct{ Signature, Date, By, Approved string }

// The verdicts.
const (
	Met          = string(measure.Met)
	Missed       = string(measure.Missed)
	Unmeasurable = string(measure.Unmeasurable)
	Unjudged     = string(measure.Unjudged)
)

// Conclusion is a verdict, in words.
type Conclusion struct {
	Verdict string
	Symbol  string
	Word    string
	Line    string
	Summed  string // word and line in one
}

// Drill is what is said of one drill.
type Drill struct {
	ID     string // unique in the report
	Folder string // of the drill in its run; "" if it has none
	Conclusion
	VerdictTitle string
	Title        string
	Under        []string // what was drilled, where and when
	StandIn      string   // "" if the product itself ran
	Apart        string   // what stands between the harness and the members; "" if nothing does
	ReasonsTitle string
	Reasons      []Reason
	Figures      []Fact // the four that everybody asks for first
	Promise      Promise
	Steps        []Step
	Sections     Sections
	Timeline     *Timeline // nil if nothing happened
	Explorer     *Explorer // nil if nothing was tried
	Zoom         *Zoom     // nil without an outage
	Waterfall    *Waterfall
	Sheet        Sheet
	Origin
}

// Origin is what machines sort a drill by.
type Origin struct {
	Heading    string // names it among others
	Product    string
	Runbook    string
	Host       string
	Began      time.Time
	Took       time.Duration
	Error      string     // why it could not be carried out; "" if it could
	Properties []Property // of cluster, harness and trial
}

// Property is a setting or a version, by its name for machines.
type Property struct{ Name, Value string }

// Promise is what was to be kept.
type Promise struct{ RTO, RPO string }

// Reason is why a verdict is what it is.
type Reason struct {
	Symbol, Text string
	Code         string // for machines; "" if it stands for those left out
}

// Step is one step of a drill.
type Step struct {
	Number  int
	Title   string // on one line
	Name    string // the step and its number
	Line    string // downtime and outcome
	Reached bool
	Why     string // it was not reached, or had nothing to do
	Took    time.Duration
	Verdict string
	Word    string // for the verdict
	Reasons []Reason
	Rows    []FormRow
}

// FormRow is a row of the form that a step with several answers.
type FormRow struct {
	Number  string // of the step and within it
	Title   string
	Comment string // what is said of it and what was found, in lines
	Verdict string
	Symbol  string
	Word    string
	Why     []string // it is not right
}

// Sections are the parts of a drill's report. One that has nothing to say is
// empty.
type Sections struct {
	Steps, Expected, Phases, Measured, Writes, Lost, Split, Saved, Outages, Faults, Probe, Checks Section
	Consents                                                                                      Section
	Alerts, Commands, Logs, About, Reads                                                          Section
}

// Section is one part of a report.
type Section struct {
	ID, Title, Lead string
	Table           *Table
	Facts           []Fact
	Answers         []Answer
	Notes           []string
}

// Empty reports whether there is nothing to say.
func (s Section) Empty() bool { return s.ID == "" }

// Fact is a figure and what it is.
type Fact struct {
	Name, Value, Note string
	Label             string // the name, and what separates it from the value in a line
	Remark            string // the note in brackets; "" if there is none
}

// Answer is a command and what it printed.
type Answer struct {
	Where, Command, Text, Err string
}

// Absent is a drill of which there is no record, or whose place failed it
// besides.
type Absent struct {
	Breakage   string // of what kind; "" if the drill was skipped
	LeftBehind bool   // only things are left behind; the drill itself went through
	Why        string
	Origin
}
