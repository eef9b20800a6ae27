package chart

import (
	"fmt"
	"math"
	"strings"
	"time"

	"drillbook/reports/model"
)

// stripAxis is a logarithmic axis from left to right.
type stripAxis struct {
	model.Scale
	left, right float64
}

func (s stripAxis) x(t time.Duration) float64 {
	t = min(max(t, s.Low), s.High)
	return s.left + (s.right-s.left)*math.Log10(float64(t)/float64(s.Low))/math.Log10(float64(s.High)/float64(s.Low))
}

// Strip draws the longest outage of each of several trials on one axis, with what is
// promised and the interval that holds the median.
func Strip(s model.Strip) string {
	const row, names, labels = 17.0, 150.0, 190.0
	p := newPlot(model.Picture{Title: s.Title, Desc: s.Desc, To: 1})
	axis := stripAxis{s.Scale, names, plotRight - labels}
	height := row * float64(len(s.Bars))
	p.y = 34
	p.stripGround(s, axis, height)
	for _, b := range s.Bars {
		p.stripBar(b, axis)
		p.y += row
	}
	p.y += 6
	if m := s.Median; m != nil {
		p.across(axis.x(m.From), p.y+6, max(axis.x(m.To)-axis.x(m.From), 2), "measure")
		p.along(axis.x(m.From), p.y+2, 8, "measure")
		p.along(axis.x(m.To), p.y+2, 8, "measure")
		p.text(plotRight, p.y+25, "t strong end", m.Label)
		p.y += 33
	}
	return p.drawing(s.ID)
}

// stripGround draws what lies under the trials: the axis, the promise, and where the
// median is.
func (p *plot) stripGround(s model.Strip, axis stripAxis, height float64) {
	var d strings.Builder
	for _, t := range s.Ticks {
		if math.Abs(axis.x(t.At)-axis.x(s.Promise.At)) > 24 { // whose label says it
			p.text(axis.x(t.At), p.y-4, "t tiny mid", t.Label)
		}
		fmt.Fprintf(&d, "M%s %sv%s", num(axis.x(t.At)), num(p.y), num(height))
	}
	p.path(d.String(), "grid")
	p.across(axis.left, p.y, axis.right-axis.left, "axis")
	if m := s.Median; m != nil {
		p.rect(box{axis.x(m.From), p.y, max(axis.x(m.To)-axis.x(m.From), 2), height}, "median", m.Label)
	}
	if s.Promise.At > 0 {
		x, class := axis.x(s.Promise.At), "t strong mid"
		label := s.PromiseName + " " + s.Promise.Label
		if x+textWidth(label)/2 > plotWidth {
			class = "t strong end"
		}
		p.text(x, 14, class, label)
		p.along(x, 18, height+p.y-18, "promise")
	}
}

// stripBar draws the bracket of one trial: both ends of what its outage lasted, at least
// and at most. One without an outage is a dot at the lower end, one that was still open
// has an arrow.
func (p *plot) stripBar(b model.StripBar, axis stripAxis) {
	y, class := p.y+9, "trial "+b.Verdict
	x, x2 := axis.x(b.From), axis.x(b.To)
	p.text(8, y+4, "t", b.Symbol+" "+b.Name)
	p.text(axis.right+10, y+4, "t", fit(b.Label, plotWidth-axis.right-12))
	switch {
	case b.Unfit && b.To == 0: // nothing is known
	case b.To == 0:
		p.path(fmt.Sprintf("M%s %sh0", num(axis.left), num(y)), class+" point")
	case b.Open:
		arrow := fmt.Sprintf("M%s %sH%sl-6 -4m6 4l-6 4", num(x), num(y), num(axis.right))
		p.path(upright(x, y)+arrow, class)
	default:
		x2 = max(x2, x+2)
		p.path(upright(x, y)+fmt.Sprintf("M%s %sH%s", num(x), num(y), num(x2))+upright(x2, y), class)
	}
}

// upright is an end of a bracket.
func upright(x, y float64) string { return fmt.Sprintf("M%s %sv8", num(x), num(y-4)) }
