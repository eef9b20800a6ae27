// Package junit renders a report as junit.xml: a suite for each drill, in it a case for
// each step, for each row of the form that a step answers, and one for the promise.
// Missed is a failure, unmeasurable an error, a step that was not reached is skipped, and
// so are a row that nobody could look at and the only case of a drill that was; what went
// wrong outside of its record is an error. A promise that nobody has made is skipped.
//
// Names of cases are English, whatever the report is written in, so that their
// history does not depend on its language.
package junit

import (
	"cmp"
	"encoding/xml"
	"io"
	"strconv"
	"strings"
	"time"

	"drillbook/reports/model"
)

// Write renders a report.
func Write(w io.Writer, r model.Report) error {
	var out suites
	for _, d := range r.Drills {
		out.add(newSuite(d))
	}
	for _, a := range r.Absent {
		out.add(newAbsent(a))
	}
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	enc := xml.NewEncoder(w)
	enc.Indent("", "  ")
	if err := enc.Encode(out); err != nil {
		return err
	}
	_, err := io.WriteString(w, "\n")
	return err
}

// The elements, in the order that the schema of Ant wants, which is stricter
// than that of Jenkins: no output inside of a case.
type (
	suites struct {
		XMLName xml.Name `xml:"testsuites"`
		Suites  []suite  `xml:"testsuite"`
	}
	suite struct {
		ID         int        `xml:"id,attr"`
		Package    string     `xml:"package,attr"`
		Name       string     `xml:"name,attr"`
		Timestamp  string     `xml:"timestamp,attr"`
		Hostname   string     `xml:"hostname,attr"`
		Tests      int        `xml:"tests,attr"`
		Failures   int        `xml:"failures,attr"`
		Errors     int        `xml:"errors,attr"`
		Skipped    int        `xml:"skipped,attr"`
		Time       string     `xml:"time,attr"`
		Properties []property `xml:"properties>property"`
		Cases      []testcase `xml:"testcase"`
		Out        output     `xml:"system-out"`
		Err        output     `xml:"system-err"`
	}
	property struct {
		Name  string `xml:"name,attr"`
		Value string `xml:"value,attr"`
	}
	testcase struct {
		Name      string `xml:"name,attr"`
		Classname string `xml:"classname,attr"`
		Time      string `xml:"time,attr"`
		Skipped   *cause `xml:"skipped"`
		Error     *cause `xml:"error"`
		Failure   *cause `xml:"failure"`
	}
	cause struct {
		Message string `xml:"message,attr"`
		Type    string `xml:"type,attr,omitempty"`
		Text    string `xml:",cdata"`
	}
	output struct {
		Text string `xml:",cdata"`
	}
)

// add numbers a suite and counts its cases.
func (all *suites) add(s suite) {
	s.ID = len(all.Suites)
	for _, c := range s.Cases {
		s.Tests++
		switch {
		case c.Failure != nil:
			s.Failures++
		case c.Error != nil:
			s.Errors++
		case c.Skipped != nil:
			s.Skipped++
		}
	}
	all.Suites = append(all.Suites, s)
}

// suiteOf is a suite without cases.
func suiteOf(o model.Origin) suite {
	s := suite{
		Package: attribute(o.Product), Name: o.Heading, Timestamp: o.Began.UTC().Format("2006-01-02T15:04:05"),
		Hostname: attribute(o.Host), Time: seconds(o.Took), Err: output{o.Error},
	}
	for _, p := range o.Properties {
		s.Properties = append(s.Properties, property(p))
	}
	return s
}

// attribute is for attributes that may not be empty.
func attribute(s string) string { return cmp.Or(s, "-") }

// class groups the cases of a runbook under its product.
func class(o model.Origin) string {
	product, runbook := attribute(o.Product), attribute(o.Runbook)
	return product + "." + strings.ReplaceAll(strings.TrimPrefix(runbook, product+"/"), "/", ".")
}

func newSuite(d model.Drill) suite {
	s := suiteOf(d.Origin)
	if d.StandIn != "" {
		s.Name += " (stand-in)"
	}
	for _, step := range d.Steps {
		c := testcase{Name: strconv.Itoa(step.Number) + ". " + step.Title, Classname: class(d.Origin), Time: "0"}
		if step.Reached {
			c.Time = seconds(step.Took)
		}
		if step.Why != "" {
			c.Skipped = &cause{Message: step.Why}
		} else {
			c.judge(step.Verdict, step.Word, step.Reasons)
		}
		s.Cases = append(s.Cases, c)
		for _, r := range step.Rows {
			s.Cases = append(s.Cases, newRow(r, class(d.Origin)))
		}
	}
	name := "The promise: RTO " + d.Promise.RTO + ", RPO " + d.Promise.RPO
	c := testcase{Name: name, Classname: class(d.Origin), Time: seconds(d.Took)}
	c.judge(d.Verdict, d.Word, d.Reasons)
	s.Cases = append(s.Cases, c)
	s.Out.Text = suffered(d)
	return s
}

// newRow is the case of a row of the form. What nobody could look at, or did, is no
// failure; the step of the row has that where it counts.
func newRow(r model.FormRow, class string) testcase {
	c := testcase{Name: r.Number + " " + r.Title, Classname: class, Time: "0"}
	because := &cause{Message: r.Word, Text: strings.Join(r.Why, "\n")}
	switch {
	case r.Verdict == model.Missed:
		because.Type = "row-wrong"
		c.Failure = because
	case r.Verdict != model.Met:
		c.Skipped = because
	}
	return c
}

// newAbsent has one case, which is not named as any of a drill's.
func newAbsent(a model.Absent) suite {
	c := testcase{Name: "The drill", Classname: class(a.Origin), Time: seconds(a.Took)}
	if a.LeftBehind {
		c.Name = "Nothing is left behind"
	}
	if a.Breakage == "" {
		c.Skipped = &cause{Message: a.Why}
	} else {
		c.Error = &cause{Type: a.Breakage, Message: a.Why}
	}
	s := suiteOf(a.Origin)
	s.Cases = []testcase{c}
	return s
}

// judge makes the case fail as the verdict demands, for these reasons.
func (c *testcase) judge(verdict, word string, why []model.Reason) {
	if verdict == model.Met {
		return
	}
	because := &cause{Type: verdict, Message: word}
	for i, r := range why {
		if i == 0 {
			because.Message, because.Type = r.Text, r.Code
		}
		because.Text += r.Text + "\n"
	}
	switch verdict {
	case model.Missed:
		c.Failure = because
	case model.Unjudged:
		c.Skipped = because
	default:
		c.Error = because
	}
}

// suffered is what clients suffered, in lines.
func suffered(d model.Drill) string {
	var b strings.Builder
	line := func(name, value string) { b.WriteString(name + ": " + value + "\n") }
	line(d.VerdictTitle, d.Summed)
	for _, f := range d.Figures {
		line(f.Name, f.Value+" ("+f.Note+")")
	}
	for _, s := range d.Steps {
		line(s.Name, s.Line)
	}
	for _, note := range d.Sections.Faults.Notes {
		b.WriteString(note + "\n")
	}
	return b.String()
}

func seconds(d time.Duration) string { return strconv.FormatFloat(d.Seconds(), 'f', 3, 64) }
