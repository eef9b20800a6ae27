package chart

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"drillbook/reports/model"
)

// lag draws how far members were behind: one in a row of the given height, several in
// lower rows of their own, since all their lines end at about nothing.
func (p *plot) lag(t model.Timeline, height float64) {
	if t.Lag == nil {
		return
	}
	if len(t.Lag.Lines) > 1 {
		p.lagRows(t)
		return
	}
	p.ground(t, height)
	p.name(t.Lag.Name, t.Lag.Under, p.y+14)
	p.baseline(height)
	for _, line := range t.Lag.Lines {
		x, y := p.lagLine(line, t.Lag.Most, height)
		p.pin(func() { p.text(min(x, p.right-2), max(y-4, p.y+9), "t halo end", line.Member) })
	}
	p.y += height + 8
}

func (p *plot) lagRows(t model.Timeline) {
	const height = 20.0
	p.name(t.Lag.Name, t.Lag.Under, p.y+10)
	p.y += 28
	for _, line := range t.Lag.Lines {
		p.ground(t, height)
		p.member(line.Member, "")
		p.baseline(height)
		p.lagLine(line, t.Lag.Most, height)
		p.y += height + 6
	}
	p.y += 2
}

// lagLine draws the line of one member, at its highest within each column, and returns
// where it ends. It has gaps where nothing was sampled for much longer than usual.
func (p *plot) lagLine(line model.LagLine, most int64, height float64) (x, y float64) {
	const column = 2.0
	var d strings.Builder
	var at []time.Duration
	high := map[int]int64{}
	for _, s := range line.Samples {
		n := int((p.x(s.At) - p.left) / column)
		if _, ok := high[n]; !ok {
			at = append(at, s.At)
		}
		high[n] = max(high[n], s.Bytes)
	}
	patience := 4 * usualGap(at)
	for i, t := range at {
		n := int((p.x(t) - p.left) / column)
		x, y = p.left+column*float64(n), p.y+height*(1-float64(high[n])/float64(max(most, 1)))
		if i == 0 || t-at[i-1] > patience {
			fmt.Fprintf(&d, "M%s %sh%s", num(x), num(y), num(column))
		} else {
			fmt.Fprintf(&d, "H%sV%s", num(x), num(y))
		}
	}
	p.path(d.String(), "line lag")
	return x, y
}

// usualGap is the median of the times between samples.
func usualGap(at []time.Duration) time.Duration {
	if len(at) < 2 {
		return 0
	}
	gaps := make([]time.Duration, len(at)-1)
	for i := range gaps {
		gaps[i] = at[i+1] - at[i]
	}
	slices.Sort(gaps)
	return gaps[len(gaps)/2]
}
