package reports

import (
	"math"
	"strconv"
	"strings"
	"time"

	"drillbook/harness/measure"
	"drillbook/harness/record"
)

// What steps measured of the cluster, how far members were behind, and what
// checks found.

// measuredFigures is the table of what steps measured.
func (d drafter) measuredFigures() section {
	if len(d.res.Figures) == 0 && len(d.res.Lags) == 0 {
		return section{}
	}
	s := section{ID: "measured", Title: d.say("measured-figures")}
	shown, more := d.bounded(len(d.res.Figures))
	if shown > 0 {
		s.Grid = newGrid(d.say("in-step"), d.say("member"), d.say("figure"), d.say("value")).figures(0, 3)
		s.Grid.More = more
	}
	for _, f := range d.res.Figures[:shown] {
		name := d.quote(f.Name)
		if key := "measured." + f.Name; d.has(key) {
			name = d.say(key)
		}
		s.Grid.add(strconv.Itoa(f.Step), plain(f.Member), name, d.valued(f))
	}
	for _, l := range d.res.Lags {
		s.Notes = append(s.Notes, d.say("measured-lag", "member", plain(l.Member), "median", size(l.Median),
			"most", size(l.Most), "at", moment(l.MostAt), "count", count(l.Samples)))
	}
	return s
}

// valued is a figure in its unit.
func (d drafter) valued(f measure.Figure) string {
	switch f.Unit {
	case "ms":
		return d.time(time.Duration(f.Value * float64(time.Millisecond)))
	case "bytes":
		return size(int64(f.Value))
	}
	number := strconv.FormatFloat(math.Round(f.Value*100)/100, 'f', -1, 64)
	if f.Value == math.Trunc(f.Value) {
		number = count(int(f.Value))
	}
	return strings.TrimSpace(number + " " + plain(f.Unit))
}

type figureResult struct {
	Name   string  `json:"name"`
	Step   int     `json:"step"`
	Member string  `json:"member,omitempty"`
	At     millis  `json:"at_ms"`
	Value  float64 `json:"value"`
	Unit   string  `json:"unit"`
}

func newFigure(f measure.Figure) figureResult {
	return figureResult{f.Name, f.Step, f.Member, millis(f.At), f.Value, f.Unit}
}

type lagResult struct {
	Member  string `json:"member"`
	Samples int    `json:"samples"`
	From    millis `json:"from_ms"`
	To      millis `json:"to_ms"`
	Median  int64  `json:"median_bytes"`
	Most    int64  `json:"most_bytes"`
	MostAt  millis `json:"most_at_ms"`
}

func newLag(l measure.Lag) lagResult {
	return lagResult{l.Member, l.Samples, millis(l.From), millis(l.To), l.Median, l.Most, millis(l.MostAt)}
}

type checkResult struct {
	Step   int    `json:"step"`
	At     millis `json:"at_ms"`
	Member string `json:"member,omitempty"`
	What   string `json:"what"`
	Found  string `json:"found"`
	Error  string `json:"error,omitempty"`
}

// newChecks are the findings, as they were recorded.
func newChecks(rec *record.Record) []checkResult {
	checks := []checkResult{}
	for _, e := range rec.Events {
		if e.Kind == record.Finding {
			checks = append(checks, checkResult{e.Step, millis(e.At), e.Member, e.What, e.Answer, e.Err})
		}
	}
	return checks
}
