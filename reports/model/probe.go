package model

import (
	"strconv"
	"strings"
	"time"

	"drillbook/harness/record"
)

func (d drafter) calibration() string {
	if len(d.res.Calibrations) == 0 {
		return d.Say("none")
	}
	said := make([]string, 0, len(d.res.Calibrations))
	for _, c := range d.res.Calibrations {
		key := "probe.calibrated"
		if c.Unseen {
			key = "probe.blind"
		}
		said = append(said, d.Say(key,
			"how", d.Say("probe.how."+c.How), "truth", d.Duration(c.Truth), "bracket", d.Bracket(c.Bracket, false)))
	}
	return strings.Join(said, " · ")
}

func (d drafter) probe() Section {
	s := Section{ID: "probe", Title: d.Say("probe"), Lead: d.Say("probe.lead")}
	var stalled time.Duration
	for _, span := range d.res.Stalls {
		stalled += span.To - span.From
	}
	stalls := d.Say("none")
	if n := len(d.res.Stalls); n > 0 {
		stalls = d.Say("stalls", "count", count(n), "time", d.Duration(stalled))
	}
	bound := d.Say("unknown")
	if d.TriedWrites() {
		bound = d.Bound(d.res.Error)
	}
	s.Facts = []Fact{
		d.fact(d.Say("probe.error"), bound, d.Say("probe.error.note")),
		d.fact(d.Say("probe.calibration"), d.calibration(), d.Say("probe.calibration.note")),
		d.fact(d.Say("probe.stalls"), stalls, d.Say("probe.stalls.note")),
		d.fact(d.Say("probe.stale"), d.stale(), d.Say("probe.stale.note")),
		d.fact(d.Say("probe.register"), d.register(), d.Say("probe.register.note")),
	}
	s.Table = d.table(d.Say("stream"), d.Say("path"), d.Say("rate"), d.Say("acked"), d.Say("refused"),
		d.Say("unknown-short"), "p50", "p99", d.Say("max")).figures(2, 3, 4, 5, 6, 7, 8)
	for _, x := range d.res.Streams[:s.Table.room(len(d.res.Streams), maxRows)] {
		p50, p99, most := "–", "–", "–"
		if x.Acked > 0 {
			p50, p99, most = d.Duration(x.P50), d.Duration(x.P99), d.Duration(x.Max)
		}
		s.Table.add(d.streamTitle(x.Stream), d.way(x.Stream),
			d.Say("per-second", "n", strconv.FormatFloat(x.Rate, 'f', 1, 64)),
			count(x.Acked), count(x.Refused), count(x.Unknown), p50, p99, most)
	}
	return s
}

func (d drafter) stale() string {
	switch {
	case !d.Answered(record.Reading):
		return d.Say("unknown")
	case d.res.Stale.Count == 0:
		return d.Say("none")
	}
	return d.Say("stale", "count", count(d.res.Stale.Count), "age", d.Duration(d.res.Stale.Oldest))
}
