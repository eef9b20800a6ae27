package model

import (
	"strconv"
	"strings"

	"drillbook/harness/record"
	"drillbook/reports/text"
	"drillbook/reports/words"
)

func (d drafter) outages() Section {
	s := Section{ID: "outages", Title: d.Say("outages")}
	if len(d.res.Outages) == 0 {
		s.Lead = d.Say("outages.none")
		return s
	}
	s.Table = d.table(d.Say("stream"), d.Say("began"), d.Say("lasted"), d.Say("failed-attempts"), d.Say("relapses"),
		d.Say("in-step"), d.Say("remark")).figures(1, 2, 3, 4, 5)
	for _, o := range d.res.Outages[:s.Table.room(len(d.res.Outages), maxRows)] {
		step, remark := "–", ""
		if o.Step > 0 {
			step = strconv.Itoa(o.Step)
		}
		switch {
		case o.Unmeasured:
			remark = d.Say("outage.unmeasured")
		case o.Open:
			remark = d.Say("outage.open")
		}
		s.Table.add(d.streamName(o.Stream), words.Moment(o.From), d.Bracket(o.Bracket, o.Open), count(o.Failed),
			count(o.Relapses), step, remark)
	}
	return s
}

func (d drafter) streamName(n int) string {
	if n >= len(d.rec.Head.Streams) {
		return strconv.Itoa(n)
	}
	return d.streamTitle(d.rec.Head.Streams[n])
}

// streamTitle is the name of a stream and what its attempts do, unless the
// name says that already.
func (w writer) streamTitle(s record.Stream) string {
	name, kind := text.Name(s.Name), w.Say("kind."+string(s.Kind))
	if strings.HasPrefix(name, string(s.Kind)) && w.Lang == "en" {
		return name
	}
	return name + w.Say("note", "note", kind)
}

// way says which way the attempts of a stream go.
func (w writer) way(s record.Stream) string {
	if s.Member == "" {
		return w.Say("path.clients")
	}
	return w.Say("path.direct", "member", text.Name(s.Member))
}
