package model

import (
	"cmp"
	"slices"
	"time"

	"drillbook/harness/record"
	"drillbook/reports/words"
)

// behindTimeline is the picture over time as a table: what stands in its rows, by time.
func (d drafter) behindTimeline(t *Timeline) *Table {
	type entry struct {
		row  string
		span Span
	}
	var all []entry
	add := func(row string, s Span) { all = append(all, entry{row, s}) }
	for _, s := range t.Steps {
		add(t.StepsName, s.Span)
	}
	for _, f := range t.Faults {
		if f.From > 0 {
			add(t.FaultsName, f.Span)
		}
	}
	for _, s := range t.Shares {
		for _, o := range s.Outages {
			o.Label = d.Say("fact", "name", d.Say("behind.outage")) + o.Label
			add(s.Name, o)
		}
	}
	for _, l := range t.Lanes {
		for _, r := range l.Roles {
			add(l.Member, r.Span)
		}
		for _, a := range l.Alerts {
			add(l.Member, a)
		}
	}
	if t.Split != nil {
		add(t.SplitName, *t.Split)
	}
	slices.SortStableFunc(all, func(a, b entry) int { return cmp.Compare(a.span.From, b.span.From) })
	out := d.table(d.Say("behind.from"), d.Say("behind.to"), d.Say("behind.row"), d.Say("behind.what")).figures(0, 1)
	for _, e := range all[:out.room(len(all), maxRows)] {
		out.add(words.Moment(e.span.From), words.Moment(e.span.To), e.row, e.span.Label)
	}
	return out.orNil()
}

// behindZoom is the picture of the main outage as a table: its attempts by outcome.
func (d drafter) behindZoom(z *Zoom) *Table {
	t := d.table(d.Say("behind.row"), d.Say("acked"), d.Say("refused"), d.Say("unknown-short"), d.Say("legend.lost"),
		d.Say("legend.stale"), d.Say("behind.slowest")).figures(1, 2, 3, 4, 5, 6)
	add := func(name string, p Points) {
		var slowest time.Duration
		for _, one := range p.All() {
			slowest = max(slowest, one.Took)
		}
		t.add(name, count(len(p.Acked)+len(p.Lost)+len(p.Stale)), count(len(p.Refused)), count(len(p.Unknown)),
			count(len(p.Lost)), count(len(p.Stale)), d.Duration(slowest))
	}
	for _, one := range z.Dots {
		add(one.Name, one.Points)
	}
	for _, l := range z.Lanes {
		if len(l.Answers.All()) > 0 {
			add(d.way(record.Stream{Member: l.Member}), l.Answers)
		}
	}
	return t.orNil()
}
