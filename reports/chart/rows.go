package chart

import (
	"fmt"
	"math"
	"strings"
	"time"

	"drillbook/reports/model"
)

// share draws the share of attempts that were acknowledged. Failed ones hang from
// above, never thinner than the eye can see.
func (p *plot) share(t model.Timeline, s model.Share) {
	height := map[string]float64{"write": 54, "read": 36}[s.Kind]
	p.ground(t, height)
	p.name(s.Name, s.Under, p.y+14)
	p.pin(func() {
		p.text(p.left-6, p.y+9, "t tiny end", "100%")
		p.text(p.left-6, p.y+height, "t tiny end", "0")
	})
	p.path(p.area(s.Buckets, height), "acked")
	for _, o := range s.Outages {
		p.outage(o, height, 3)
	}
	p.hang(s.Buckets, height)
	p.used["acked"] = true
	p.baseline(height)
	p.markBad(model.Points{Stale: s.Stale}, func(time.Duration) float64 { return p.y + height - 4 })
	p.outageLabels(s.Outages)
	p.y += height + 8
}

// baseline draws the line at the bottom of a row.
func (p *plot) baseline(height float64) {
	p.pin(func() { p.across(p.left, p.y+height, p.right-p.left, "axis") })
}

// outage draws an outage, at most as long as it can have been and no narrower than
// can be seen.
func (p *plot) outage(o model.Span, height, least float64) {
	p.used["out"] = true
	p.span(o, p.y, height, least, "out", o.Label)
}

// area is that of what was acknowledged. Where nothing was tried there is
// nothing.
func (p *plot) area(b model.Buckets, height float64) string {
	var d strings.Builder
	open := false
	last := math.NaN()
	for n, one := range b.All {
		if one.Total() == 0 {
			if open {
				fmt.Fprintf(&d, "H%sV%sz", num(p.x(b.Begin(n))), num(p.y+height))
			}
			open, last = false, math.NaN()
			continue
		}
		top := p.y + height*(1-float64(one.Acked)/float64(one.Total()))
		if !open {
			fmt.Fprintf(&d, "M%s %sV%s", num(p.x(b.Begin(n))), num(p.y+height), num(top))
			open = true
		} else if top != last {
			fmt.Fprintf(&d, "H%sV%s", num(p.x(b.Begin(n))), num(top))
		}
		last = top
	}
	if open {
		fmt.Fprintf(&d, "H%sV%sz", num(p.x(b.Begin(len(b.All)))), num(p.y+height))
	}
	return d.String()
}

// hang draws the failed attempts of every bucket: refused on top, unknown
// under it.
func (p *plot) hang(b model.Buckets, height float64) {
	const visible = 3.0
	var refused, unknown strings.Builder
	for n, one := range b.All {
		x, y := p.x(b.Begin(n)), p.y
		w := max(p.x(b.Begin(n+1))-x+0.4, 1.5) // a hair more, so that no gap shows between buckets
		add := func(d *strings.Builder, failed int) {
			if failed > 0 {
				h := max(height*float64(failed)/float64(one.Total()), visible)
				fmt.Fprintf(d, "M%s %sh%sv%sh-%sz", num(x), num(y), num(w), num(h), num(w))
				y += h
			}
		}
		add(&refused, one.Refused)
		add(&unknown, one.Unknown)
	}
	p.path(unknown.String(), "unknown")
	p.path(refused.String(), "refused")
	p.used["unknown"] = p.used["unknown"] || unknown.Len() > 0
	p.used["refused"] = p.used["refused"] || refused.Len() > 0
}

// outageLabels writes how long the outages lasted, as long as there is room.
func (p *plot) outageLabels(outages []model.Span) {
	free := p.left
	for _, o := range outages {
		w := textWidth(o.Label)
		x := p.x(o.To) + 5
		beside, dx, class := at(o.To), 5.0, "t halo"
		if x+w > p.right {
			x, beside, dx, class = p.x(o.From)-5, at(o.From), -5, "t halo end"
			if x-w < free {
				continue
			}
		} else if x < free {
			continue
		}
		p.label(beside, dx, p.y+16, class, o.Label)
		free = p.x(o.To) + 5 + w + 8
	}
}

// logScale is a logarithmic axis of latencies.
type logScale struct {
	model.Scale
	top, bottom float64
}

func (s logScale) y(d time.Duration) float64 {
	d = min(max(d, s.Low), s.High)
	return s.bottom - (s.bottom-s.top)*math.Log10(float64(d)/float64(s.Low))/math.Log10(
		float64(s.High)/float64(s.Low),
	)
}

// rules draws the lines of the powers of ten.
func (p *plot) rules(s logScale) {
	p.pin(func() {
		for _, t := range s.Ticks {
			p.across(p.left, s.y(t.At), p.right-p.left, "grid")
			p.text(p.left-6, s.y(t.At)+3.5, "t tiny end", t.Label)
		}
	})
}

// latency draws the latency of writes, and failed ones as marks where and
// after how long they failed.
func (p *plot) latency(t model.Timeline, height float64) {
	l := t.Latency
	if l == nil {
		return
	}
	p.ground(t, height)
	p.name(l.Name, "", p.y+14)
	s := logScale{l.Scale, p.y + 4, p.y + height - 4}
	p.rules(s)
	p.quantile(l.Buckets, s, "max", func(b model.Bucket) time.Duration { return b.Max })
	p.quantile(l.Buckets, s, "p99", func(b model.Bucket) time.Duration { return b.P99 })
	p.quantile(l.Buckets, s, "p50", func(b model.Bucket) time.Duration { return b.P50 })
	p.marks(l.Failed, s.y, 3)
	p.pin(func() { p.quantileNames(s, l.MaxName) })
	p.y += height + 8
}

// quantile draws one line over all buckets in which something was acknowledged.
func (p *plot) quantile(b model.Buckets, s logScale, class string, of func(model.Bucket) time.Duration) {
	var d strings.Builder
	pen := "M"
	for n, one := range b.All {
		if one.Acked == 0 {
			pen = "M"
			continue
		}
		fmt.Fprintf(&d, "%s%s %s", pen, num(p.x(b.Begin(n)+b.Width/2)), num(s.y(of(one))))
		if pen == "M" {
			d.WriteString("h0.1") // a bucket that stands alone is still seen
		}
		pen = "L"
	}
	p.path(d.String(), "line "+class)
}

// quantileNames explains the lines, under the name of the row.
func (p *plot) quantileNames(s logScale, most string) {
	x := 8.0
	for _, class := range []string{"p50", "p99", "max"} {
		name := class
		if class == "max" {
			name = most
		}
		p.across(x, s.top+26, 12, "line "+class)
		p.text(x, s.top+40, "t tiny", name)
		x += 20
	}
}

// marks draws attempts that failed or went wrong later, no two of a kind in the same
// cell.
func (p *plot) marks(points model.Points, y func(time.Duration) float64, cell float64) {
	p.path(p.scatter(points.Unknown, y, cell, ring), "ring")
	p.path(p.scatter(points.Refused, y, cell, cross), "cross")
	p.used["ring"] = p.used["ring"] || len(points.Unknown) > 0
	p.used["cross"] = p.used["cross"] || len(points.Refused) > 0
	p.markBad(points, y)
}

// markBad draws what was acknowledged and is wrong all the same.
func (p *plot) markBad(points model.Points, y func(time.Duration) float64) {
	const cell = 6
	p.path(p.scatter(points.Stale, y, cell, wedge), "stale")
	p.path(p.scatter(points.Lost, y, cell, diamond), "lost")
	p.used["stale"] = p.used["stale"] || len(points.Stale) > 0
	p.used["lost"] = p.used["lost"] || len(points.Lost) > 0
}

// scatter draws attempts at their time, and as high as their latency demands, no two
// in the same cell.
func (p *plot) scatter(
	points []model.Point, y func(time.Duration) float64, cell float64, draw func(*strings.Builder, float64, float64),
) string {
	var d strings.Builder
	seen := map[[2]int]bool{}
	for _, one := range points {
		x, y := p.x(one.At), y(one.Took)
		if k := [2]int{int(x / cell), int(y / cell)}; !seen[k] {
			seen[k] = true
			draw(&d, x, y)
		}
	}
	return d.String()
}

func cross(d *strings.Builder, x, y float64) {
	fmt.Fprintf(d, "M%s %sl4 4m0 -4l-4 4", num(x-2), num(y-2))
}

func ring(d *strings.Builder, x, y float64) {
	fmt.Fprintf(d, "M%s %sa2 2 0 1 0 4 0a2 2 0 1 0 -4 0", num(x-2), num(y))
}

func diamond(d *strings.Builder, x, y float64) {
	fmt.Fprintf(d, "M%s %sl4 -5l4 5l-4 5z", num(x-4), num(y))
}

func wedge(d *strings.Builder, x, y float64) {
	fmt.Fprintf(d, "M%s %sl8 0l-4 7z", num(x-4), num(y-3))
}

func dot(d *strings.Builder, x, y float64) { fmt.Fprintf(d, "M%s %sh0", num(x), num(y)) }
