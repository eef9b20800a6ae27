package reports

import (
	"encoding/xml"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"drillbook/harness/measure"
	"drillbook/harness/record"
	"drillbook/reports/text"
)

// JUnit renders a run as junit.xml: a suite for each drill, in it a case for
// each step and one for the promise. Missed is a failure, unmeasurable an error,
// a step that was not reached is skipped, and so is the only case of a drill
// that was; what went wrong outside of its record is an error. Names are English, so that the
// history of a case does not depend on the language of the report.
func JUnit(w io.Writer, r Run) error {
	wr, err := prepare(r, "en")
	if err != nil {
		return err
	}
	var out junitSuites
	for i, d := range r.Drills {
		out.Suites = append(out.Suites, newJUnitSuite(i, d, wr))
	}
	for _, s := range r.Skipped {
		out.Suites = append(out.Suites, newSkippedSuite(len(out.Suites), s))
	}
	for _, b := range r.Broken {
		out.Suites = append(out.Suites, newBrokenSuite(len(out.Suites), b))
	}
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	enc := xml.NewEncoder(w)
	enc.Indent("", "  ")
	if err := enc.Encode(out); err != nil {
		return err
	}
	_, err = io.WriteString(w, "\n")
	return err
}

// The elements, in the order that the schema of Ant wants, which is stricter
// than that of Jenkins: no output inside of a case.
type (
	junitSuites struct {
		XMLName xml.Name     `xml:"testsuites"`
		Suites  []junitSuite `xml:"testsuite"`
	}
	junitSuite struct {
		ID         int             `xml:"id,attr"`
		Package    string          `xml:"package,attr"`
		Name       string          `xml:"name,attr"`
		Timestamp  string          `xml:"timestamp,attr"`
		Hostname   string          `xml:"hostname,attr"`
		Tests      int             `xml:"tests,attr"`
		Failures   int             `xml:"failures,attr"`
		Errors     int             `xml:"errors,attr"`
		Skipped    int             `xml:"skipped,attr"`
		Time       string          `xml:"time,attr"`
		Properties []junitProperty `xml:"properties>property"`
		Cases      []junitCase     `xml:"testcase"`
		Out        junitText       `xml:"system-out"`
		Err        junitText       `xml:"system-err"`
	}
	junitProperty struct {
		Name  string `xml:"name,attr"`
		Value string `xml:"value,attr"`
	}
	junitCase struct {
		Name      string      `xml:"name,attr"`
		Classname string      `xml:"classname,attr"`
		Time      string      `xml:"time,attr"`
		Skipped   *junitCause `xml:"skipped"`
		Error     *junitCause `xml:"error"`
		Failure   *junitCause `xml:"failure"`
	}
	junitCause struct {
		Message string `xml:"message,attr"`
		Type    string `xml:"type,attr,omitempty"`
		Text    string `xml:",cdata"`
	}
	junitText struct {
		Text string `xml:",cdata"`
	}
)

// junitTime is in UTC.
const junitTime = "2006-01-02T15:04:05"

func newJUnitSuite(n int, d Drill, w writer) junitSuite {
	h, r := d.Record.Head, d.Result
	s := junitSuite{
		ID: n, Package: orDash(text.Name(h.Product)), Name: w.heading(d),
		Timestamp: h.Began.UTC().Format(junitTime),
		Hostname:  orDash(text.Name(h.Host)), Time: seconds(r.Took), Properties: junitProperties(d),
	}
	class := junitClass(h)
	for _, step := range r.Steps {
		s.Cases = append(s.Cases, junitStep(step, class, r, w))
	}
	s.Cases = append(s.Cases, junitPromise(d, class, w))
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
	s.Out.Text = junitOut(d, w)
	if t := d.Record.Tail; t != nil {
		s.Err.Text = text.Clean(t.Err)
	}
	return s
}

// junitClass groups the cases of a runbook under its product.
func junitClass(h record.Head) string {
	product, runbook := orDash(text.Name(h.Product)), orDash(text.Name(h.Runbook))
	return product + "." + strings.ReplaceAll(strings.TrimPrefix(runbook, product+"/"), "/", ".")
}

func junitStep(s measure.Step, class string, r measure.Result, w writer) junitCase {
	c := junitCase{Name: strconv.Itoa(s.Number) + ". " + text.Name(s.Title.In("en")), Classname: class, Time: "0"}
	if s.Outcome == measure.Skipped {
		c.Skipped = &junitCause{Message: w.Say("outcome.skipped")}
		if s.Err != "" {
			c.Skipped.Message = w.Say("outcome.left-out") + ": " + w.Detail(s.Err)
		}
		return c
	}
	c.Time = seconds(s.Took)
	var why []measure.Reason
	for _, reason := range r.Reasons {
		if reason.Step == s.Number {
			why = append(why, reason)
		}
	}
	c.judge(stepVerdict(s), why, w)
	return c
}

func junitPromise(d Drill, class string, w writer) junitCase {
	p := d.Record.Head.Promise
	name := fmt.Sprintf("The promise: RTO %s, RPO %d", w.Duration(p.RTO), p.RPO)
	c := junitCase{Name: name, Classname: class, Time: seconds(d.Result.Took)}
	c.judge(d.Result.Verdict, d.Result.Reasons, w)
	return c
}

// judge makes the case fail as the verdict demands, for these reasons.
func (c *junitCase) judge(v measure.Verdict, why []measure.Reason, w writer) {
	if v == measure.Met {
		return
	}
	cause := &junitCause{Type: string(v)}
	for i, r := range why {
		text := w.Sentence(r)
		if i == 0 {
			cause.Message, cause.Type = text, string(r.Code)
		}
		cause.Text += text + "\n"
	}
	if cause.Message == "" {
		cause.Message = w.Say("verdict." + string(v))
	}
	if v == measure.Missed {
		c.Failure = cause
	} else {
		c.Error = cause
	}
}

// junitOut is what clients suffered, in lines.
func junitOut(d Drill, w writer) string {
	draft := newDrafter(w, summaryLimits(), d)
	var b strings.Builder
	row := func(name, value string) { b.WriteString(name + ": " + value + "\n") }
	row(w.Say("verdict"), draft.summed())
	for _, f := range draft.figures() {
		row(f.Name, f.Value+" ("+f.Note+")")
	}
	for _, s := range d.Result.Steps {
		downtime := text.Line(draft.stepDowntime(s.Downtime, s.Outcome))
		row(fmt.Sprintf("%s %d", w.Say("step"), s.Number),
			w.Say("downtime")+" "+downtime+"; "+w.Say("outcome."+string(s.Outcome)))
	}
	return b.String()
}

func junitProperties(d Drill) []junitProperty {
	h := d.Record.Head
	var ps []junitProperty
	add := func(name, value string) {
		if value != "" {
			ps = append(ps, junitProperty{text.Line(text.Clean(name)), text.Clean(value)})
		}
	}
	add("run", h.Run)
	add("runbook", h.Runbook)
	add("product", h.Product)
	add("system", h.System)
	add("stand_in", h.StandIn)
	add("host", h.Host)
	add("published", h.Published)
	add("machine", h.Machine)
	add("harness", h.Harness)
	if h.Seed != 0 {
		add("seed", strconv.FormatInt(h.Seed, 10))
	}
	add("trial", strconv.Itoa(h.Trial))
	add("trials", strconv.Itoa(h.Trials))
	add("verdict", string(d.Result.Verdict))
	for _, k := range slices.Sorted(maps.Keys(h.Params)) {
		add("params."+k, h.Params[k])
	}
	if t := d.Record.Tail; t != nil {
		for _, k := range slices.Sorted(maps.Keys(t.Versions)) {
			add("versions."+k, t.Versions[k])
		}
	}
	return ps
}

func seconds(d time.Duration) string { return strconv.FormatFloat(d.Seconds(), 'f', 3, 64) }

// orDash is for attributes that may not be empty.
func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}
