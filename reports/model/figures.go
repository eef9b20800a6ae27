package model

import (
	"math"
	"strconv"
	"strings"
	"time"

	"drillbook/harness/measure"
	"drillbook/reports/text"
	"drillbook/reports/words"
)

// What steps measured of the cluster, how far members were behind, and what
// checks found.

// measured is the table of what steps measured.
func (d drafter) measured() Section {
	if len(d.res.Figures) == 0 && len(d.res.Lags) == 0 {
		return Section{}
	}
	s := Section{ID: "measured", Title: d.Say("measured-figures")}
	t := d.table(d.Say("in-step"), d.Say("member"), d.Say("figure"), d.Say("value")).figures(0, 3)
	for _, f := range d.res.Figures[:t.room(len(d.res.Figures), maxRows)] {
		name := quote(f.Name)
		if key := "measured." + f.Name; d.Has(key) {
			name = d.Say(key)
		}
		t.add(strconv.Itoa(f.Step), text.Name(f.Member), name, d.valued(f))
	}
	s.Table = t.orNil()
	for _, l := range d.res.Lags {
		s.Notes = append(s.Notes, d.Say("measured-lag", "member", text.Name(l.Member), "median", words.Size(l.Median),
			"most", words.Size(l.Most), "at", words.Moment(l.MostAt), "count", count(l.Samples)))
	}
	return s
}

// valued is a figure in its unit.
func (d drafter) valued(f measure.Figure) string {
	switch f.Unit {
	case "ms":
		return d.Duration(time.Duration(f.Value * float64(time.Millisecond)))
	case "bytes":
		return words.Size(int64(f.Value))
	}
	number := strconv.FormatFloat(math.Round(f.Value*100)/100, 'f', -1, 64)
	if f.Value == math.Trunc(f.Value) {
		number = count(int(f.Value))
	}
	return strings.TrimSpace(number + " " + text.Name(f.Unit))
}
