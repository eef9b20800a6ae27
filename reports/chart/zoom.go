package chart

import (
	"fmt"
	"strings"
	"time"

	"drillbook/reports/model"
)

// Zoom draws an outage, attempt by attempt.
func Zoom(z model.Zoom, id string) string {
	p := newPlot(z.Picture)
	p.relativeAxis()
	p.moments(z)
	p.bracketLine(z)
	for _, d := range z.Dots {
		p.dots(z, d)
	}
	p.directLanes(z)
	p.legend()
	return p.drawing(id)
}

func (p *plot) relativeAxis() {
	p.y = 18
	var d strings.Builder
	for _, t := range p.Ticks {
		x := p.x(t.At)
		if x+textWidth(t.Label)/2 < plotWidth {
			p.text(x, p.y-5, "t mid", t.Label)
		}
		fmt.Fprintf(&d, "M%s %sv4", num(x), num(p.y))
	}
	p.path(d.String(), "axis")
	p.across(p.left, p.y+4, p.right-p.left, "axis")
	p.y += 10
}

// moments writes the moments of the change of primary above the rows, on as
// many lines as they need.
func (p *plot) moments(z model.Zoom) {
	const lineHeight = 15.0
	var ends []float64 // where the text on each line ends
	for _, m := range z.Moments {
		x, width := p.x(m.At), textWidth(m.Label)
		begin, tx, anchor := x+4, x+4, "t"
		if begin+width > p.right {
			begin, tx, anchor = x-4-width, x-4, "t end"
		}
		n := 0
		for n < len(ends) && ends[n] > begin {
			n++
		}
		if n == len(ends) {
			ends = append(ends, 0)
		}
		ends[n] = begin + width + 8
		y := p.y + float64(n)*lineHeight
		p.along(x, y, lineHeight, "moment")
		p.text(tx, y+11, anchor, m.Label)
	}
	p.y += float64(len(ends))*lineHeight + 4
}

// momentLines draws the moments through a row.
func (p *plot) momentLines(z model.Zoom, height float64) {
	var d strings.Builder
	for _, m := range z.Moments {
		fmt.Fprintf(&d, "M%s %sv%s", num(p.x(m.At)), num(p.y), num(height))
	}
	p.path(d.String(), "moment")
}

// bracketLine measures the outage like a drawing does: a line between its ends
// with its length.
func (p *plot) bracketLine(z model.Zoom) {
	y := p.y + 8
	x, x2, label := p.x(z.Outage.From), p.x(z.Outage.To), z.Outage.Label
	ends := fmt.Sprintf("M%s %sv8M%s %sH%s", num(x), num(y-4), num(x), num(y), num(x2))
	if !z.Open {
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

// manyDots is how many attempts may have a dot each. Of more, one is drawn for
// all that would lie over one another.
const manyDots = 20_000

// dots draws every attempt of the clients' streams of a kind at its time and
// latency.
func (p *plot) dots(z model.Zoom, d model.Dots) {
	height := map[string]float64{"write": 150, "read": 80, "connect": 56}[d.Kind]
	p.name(d.Name, "", p.y+14)
	for _, o := range d.Outages {
		p.outage(o, height, 1.5)
	}
	s := logScale{d.Scale, p.y + 4, p.y + height - 4}
	p.rules(s)
	p.momentLines(z, height)
	cell := 1.0
	if len(d.All()) > manyDots {
		cell = 3
	}
	p.dotted(d.Acked, s.y, cell)
	p.marks(d.Points, s.y, max(cell, 2))
	p.y += height + 8
}

// dotted draws a dot for what was acknowledged.
func (p *plot) dotted(acked []model.Point, y func(time.Duration) float64, cell float64) {
	p.path(p.scatter(acked, y, cell, dot), "dot")
	p.used["dot"] = p.used["dot"] || len(acked) > 0
}

// directLanes draws for every member its role and what it answered when it was
// dialled directly.
func (p *plot) directLanes(z model.Zoom) {
	const height, answers = 16.0, 14.0
	for _, lane := range z.Lanes {
		p.member(lane.Member, lane.Kind)
		p.momentLines(z, height+answers)
		p.roles(lane, height)
		y := func(time.Duration) float64 { return p.y + height + answers/2 }
		p.dotted(lane.Answers.Acked, y, 5)
		p.marks(lane.Answers, y, 5)
		p.y += height + answers + 4
	}
}
