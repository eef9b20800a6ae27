package model

import (
	"math"
	"time"

	"drillbook/harness/measure"
	"drillbook/harness/record"
	"drillbook/reports/words"
)

// Zoom is the picture of the main outage, attempt by attempt.
type Zoom struct {
	Picture
	Moments []Tick // of the change of primary
	Outage  Span
	Open    bool // it was not over when the drill ended
	Dots    []Dots
	Lanes   []Lane
}

// Dots are the attempts of the clients' streams of a kind.
type Dots struct {
	Kind    string // of the streams: write, read or connect
	Name    string
	Outages []Span
	Scale
	Points
}

// around is how much before and after the main outage is shown.
const around = time.Second

// mainOutage is the outage of writes that certainly lasted longest or, if there was none, of any
// other stream of clients.
func mainOutage(r measure.Result) (measure.Outage, bool) {
	if r.Downtime.Count > 0 {
		return r.Downtime.Main, true
	}
	var worst measure.Outage
	for _, o := range r.Outages {
		if o.Most > worst.Most {
			worst = o
		}
	}
	return worst, worst.Most > 0
}

// zoom is nil if there was no outage.
func (d drafter) zoom() *Zoom {
	o, ok := mainOutage(d.res)
	if !ok {
		return nil
	}
	zero, word := o.From, d.Say("zoom.zero-outage")
	from := o.From - around
	if z := d.res.Phases.Zero; z > 0 && z > o.From-5*around && z < o.To {
		zero, word = z, d.Say(zeroKey(d.res)+".short")
		from = min(from, z-around/5)
	}
	z := &Zoom{
		Picture: d.picture("zoom", max(from, 0), min(o.To+around, d.res.Took),
			Legend{"dot", "legend.acked"}, Legend{"cross", "legend.refused"}, Legend{"ring", "legend.unknown"},
			Legend{"lost", "legend.lost"}, Legend{"stale", "legend.stale"}, Legend{"out", "legend.outage"}),
		Outage: d.outageSpan(o), Open: o.Open, Lanes: d.lanes(),
	}
	z.Lead, z.Desc = d.Say("zoom.lead", "zero", word), d.Say("zoom.desc")
	z.Ticks = d.ticks(z.Picture, zero, "+")
	for _, p := range inOrder(phasesOf(d.res)) {
		if at := d.res.Phases.Zero + *p.at; z.within(at) {
			z.Moments = append(z.Moments, Tick{at, d.Say(p.key + ".short")})
		}
	}
	z.Dots = append(d.dots(z.Picture, record.Write, "row.writes"),
		append(d.dots(z.Picture, record.Reading, "row.reads"), d.dots(z.Picture, record.Connect, "row.connects")...)...)
	for i, l := range d.res.Lanes[:len(z.Lanes)] {
		if chosen := d.writers(l.Member); chosen != nil {
			z.Lanes[i].Answers = d.points(z.Picture, chosen)
		}
	}
	z.Lanes = append(z.Lanes, d.auxiliaries()...)
	z.Table = d.behindZoom(z)
	return z
}

// dots are of one kind of stream; there are none without attempts.
func (d drafter) dots(p Picture, kind record.StreamKind, name string) []Dots {
	chosen := d.clients(kind)
	if chosen == nil {
		return nil
	}
	points := d.points(p, chosen)
	all := points.All()
	if len(all) == 0 {
		return nil
	}
	low, high := time.Duration(math.MaxInt64), time.Duration(math.MinInt64)
	for _, one := range all {
		low, high = min(low, one.Took), max(high, one.Took)
	}
	out := Dots{Kind: string(kind), Name: d.Say(name), Scale: d.scale(low, high), Points: points}
	for _, o := range d.outagesOf(kind) {
		if o.To > p.From && o.From < p.To {
			out.Outages = append(out.Outages, o)
		}
	}
	return []Dots{out}
}

// Waterfall is the picture of the phases of a change of primary, one below the
// other, each from the moment before to its own.
type Waterfall struct {
	Picture
	Bars []Span // their notes say when they ended
}

// waterfall is nil if there is nothing between moments to show.
func (d drafter) waterfall() *Waterfall {
	seen := inOrder(phasesOf(d.res))
	if len(seen) < 2 {
		return nil
	}
	w := &Waterfall{Picture: d.picture("phases", *seen[0].at, *seen[len(seen)-1].at)}
	w.Desc = d.Say(zeroKey(d.res)+".lead", "at", words.Moment(d.res.Phases.Zero))
	before := *seen[0].at
	for _, p := range seen {
		w.Bars = append(w.Bars, Span{before, *p.at, d.Say(p.key), d.Duration(*p.at)})
		before = *p.at
	}
	return w
}
