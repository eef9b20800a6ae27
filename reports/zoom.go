package reports

import (
	"fmt"
	"strings"
	"time"

	"drillbook/harness/measure"
	"drillbook/harness/record"
	"drillbook/reports/text"
)

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

// zoom draws the main outage, attempt by attempt.
func (d drafter) zoom(id string) section {
	o, ok := mainOutage(d.res)
	if !ok {
		return section{}
	}
	zero, word := o.From, d.Say("zoom.zero-outage")
	from := o.From - around
	if z := d.res.Phases.Zero; z > 0 && z > o.From-5*around && z < o.To {
		zero, word = z, d.Say(zeroKey(d.res)+".short")
		from = min(from, z-around/5)
	}
	p := plot{chart: newChart(max(from, 0), min(o.To+around, d.res.Took)), drafter: d, used: map[string]bool{}}
	p.relativeAxis(zero)
	p.moments()
	p.bracketLine(o)
	p.dots(record.Write, d.Say("row.writes"), 150)
	p.dots(record.Reading, d.Say("row.reads"), 80)
	p.dots(record.Connect, d.Say("row.connects"), 56)
	p.directLanes()
	p.legend([]mark{
		{"dot", "legend.acked"}, {"cross", "legend.refused"}, {"ring", "legend.unknown"}, {"out", "legend.outage"},
	})
	return section{
		ID: "zoom", Title: d.Say("zoom"), Lead: d.Say("zoom.lead", "zero", word),
		Figure: p.drawing(id, d.Say("zoom"), d.Say("zoom.desc")),
	}
}

func (p plot) relativeAxis(zero time.Duration) {
	p.y = 18
	at := p.ticks(zero)
	var d strings.Builder
	for _, t := range at {
		label := "0"
		if t > zero {
			label = "+" + p.time(t-zero)
		} else if t < zero {
			label = p.time(t - zero)
		}
		if x := p.x(t); x+textWidth(label)/2 < chartWidth {
			p.text(x, p.y-5, "t mid", label)
		}
		fmt.Fprintf(&d, "M%s %sv4", num(p.x(t)), num(p.y))
	}
	p.path(d.String(), "axis")
	p.across(p.left, p.y+4, p.right-p.left, "axis")
	p.y += 10
}

// moments writes the moments of the change of primary above the rows, on as
// many lines as they need.
func (p plot) moments() {
	const lineHeight = 15.0
	var ends []float64 // where the text on each line ends
	put := func(at time.Duration, label, class string) {
		if !p.within(at) {
			return
		}
		x := p.x(at)
		begin, anchor := x+4, "t"
		if begin+textWidth(label) > p.right {
			begin, anchor = x-4-textWidth(label), "t end"
		}
		n := 0
		for n < len(ends) && ends[n] > begin {
			n++
		}
		if n == len(ends) {
			ends = append(ends, 0)
		}
		ends[n] = begin + textWidth(label) + 8
		y := p.y + float64(n)*lineHeight
		p.along(x, y, lineHeight, class)
		tx := begin
		if anchor == "t end" {
			tx = x - 4
		}
		p.text(tx, y+11, anchor, label)
	}
	for _, ph := range inOrder(phasesOf(p.res)) {
		put(p.res.Phases.Zero+*ph.at, p.Say(ph.key+".short"), "moment")
	}
	p.y += float64(len(ends))*lineHeight + 4
}

// momentLines draws the moments through a row.
func (p plot) momentLines(height float64) {
	var d strings.Builder
	add := func(at time.Duration) {
		if p.within(at) {
			fmt.Fprintf(&d, "M%s %sv%s", num(p.x(at)), num(p.y), num(height))
		}
	}
	for _, ph := range inOrder(phasesOf(p.res)) {
		add(p.res.Phases.Zero + *ph.at)
	}
	p.path(d.String(), "moment")
}

// bracketLine measures the outage like a drawing does: a line between its ends
// with its length.
func (p plot) bracketLine(o measure.Outage) {
	y := p.y + 8
	x, x2 := p.x(o.From), p.x(o.To)
	label := p.Bracket(o.Bracket, o.Open)
	ends := fmt.Sprintf("M%s %sv8M%s %sH%s", num(x), num(y-4), num(x), num(y), num(x2))
	if !o.Open {
		ends += fmt.Sprintf("M%s %sv8", num(x2), num(y-4))
	}
	p.path(ends, "measure")
	switch w := textWidth(label); {
	case w < x2-x-12:
		p.text((x+x2)/2, y+4, "t strong halo mid", label)
	case x2+8+w < p.right:
		p.text(x2+8, y+4, "t strong", label)
	default:
		p.text(x-8, y+4, "t strong end", label)
	}
	p.y += 20
}

// dots draws every attempt of the clients' streams of a kind at its time and
// latency.
func (p plot) dots(kind record.StreamKind, title string, height float64) {
	chosen, any := clients(p.rec, kind)
	low, high, some := p.latencies(chosen)
	if !any || some == 0 {
		return
	}
	p.name(title, "", p.y+14)
	for _, o := range p.ofKind(kind) {
		if o.To > p.from && o.From < p.to {
			p.used["out"] = true
			p.rect(box{p.x(o.From), p.y, max(p.x(o.To)-p.x(o.From), 1.5), height}, "out",
				p.Bracket(o.Bracket, o.Open))
		}
	}
	s := newLogScale(low, high, p.y+4, p.y+height-4)
	p.rules(s)
	p.momentLines(height)
	cell := 1.0
	if some > manyDots {
		cell = 3
	}
	p.acked(chosen, s, cell)
	p.marks(chosen, s, max(cell, 2))
	p.tellUsed(chosen)
	p.y += height + 8
}

// manyDots is how many attempts may have a dot each. Of more, one is drawn for
// all that would lie over one another.
const manyDots = 20_000

// acked draws the acknowledged attempts of streams, no two in the same cell.
func (p plot) acked(chosen []bool, s logScale, cell float64) {
	var d strings.Builder
	seen := map[[2]int]bool{}
	for i := range p.rec.Attempts {
		a := &p.rec.Attempts[i]
		if !chosen[a.Stream] || a.Outcome != record.Acked || !p.within(a.Intended) {
			continue
		}
		x, y := p.x(a.Intended), s.y(a.Done-a.Intended)
		if k := [2]int{int(x / cell), int(y / cell)}; !seen[k] {
			seen[k] = true
			dot(&d, x, y)
		}
	}
	p.path(d.String(), "dot")
}

// latencies is the range of latencies of the attempts that are shown, and how
// many they are.
func (p plot) latencies(chosen []bool) (low, high time.Duration, some int) {
	for i := range p.rec.Attempts {
		a := &p.rec.Attempts[i]
		if !chosen[a.Stream] || !p.within(a.Intended) {
			continue
		}
		took := a.Done - a.Intended
		if some == 0 {
			low, high = took, took
		}
		low, high = min(low, took), max(high, took)
		some++
	}
	return low, high, some
}

// tellUsed notes which outcomes occur, for the legend.
func (p plot) tellUsed(chosen []bool) {
	for i := range p.rec.Attempts {
		a := &p.rec.Attempts[i]
		if !chosen[a.Stream] || !p.within(a.Intended) {
			continue
		}
		switch a.Outcome {
		case record.Acked:
			p.used["dot"] = true
		case record.Refused:
			p.used["cross"] = true
		case record.Unknown:
			p.used["ring"] = true
		}
	}
}

// directLanes draws for every member its role and what it answered when it was
// dialled directly.
func (p plot) directLanes() {
	const height, answers = 16.0, 14.0
	for i, lane := range p.res.Lanes {
		if i == p.rows {
			break
		}
		p.name(text.Name(lane.Member), "", p.y+12)
		p.momentLines(height + answers)
		p.roles(lane, height)
		p.answers(lane.Member, p.y+height+answers/2)
		p.y += height + answers + 4
	}
}

// answers draws what a member said to the writes sent straight to it.
func (p plot) answers(member string, y float64) {
	chosen := make([]bool, len(p.rec.Head.Streams))
	for i, s := range p.rec.Head.Streams {
		chosen[i] = s.Kind == record.Write && s.Member == member
	}
	var acked, refused, unknown strings.Builder
	seen := map[[2]int]bool{}
	for i := range p.rec.Attempts {
		a := &p.rec.Attempts[i]
		if !chosen[a.Stream] || !p.within(a.Intended) {
			continue
		}
		x := p.x(a.Intended)
		k := [2]int{int(x / 5), int(a.Outcome)}
		if seen[k] {
			continue
		}
		seen[k] = true
		switch a.Outcome {
		case record.Acked:
			dot(&acked, x, y)
		case record.Refused:
			cross(&refused, x, y)
		case record.Unknown:
			ring(&unknown, x, y)
		}
	}
	p.path(acked.String(), "dot")
	p.path(refused.String(), "cross")
	p.path(unknown.String(), "ring")
	p.tellUsed(chosen)
}
