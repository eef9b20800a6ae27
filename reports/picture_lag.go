package reports

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"drillbook/harness/record"
	"drillbook/reports/text"
	"drillbook/reports/words"
)

// lagRow draws how far members were behind.
func (p plot) lagRow(height float64) {
	most := int64(-1)
	for _, e := range p.rec.Events {
		if e.Kind == record.Lag {
			most = max(most, e.Bytes)
		}
	}
	if most < 0 {
		return
	}
	p.ground(height)
	p.name(p.Say("row.lag"), p.Say("lag-most", "size", words.Size(most)), p.y+14)
	p.across(p.left, p.y+height, p.right-p.left, "axis")
	lines := 0
	for _, m := range p.rec.Head.Members[:min(len(p.rec.Head.Members), p.rows)] {
		if p.lagOf(m, most, height, lines%3) {
			lines++
		}
	}
	p.y += height + 8
}

// lagOf draws the line of one member, at its highest within each column. It
// has gaps where nothing was sampled for much longer than usual. It reports
// whether there was anything to draw.
func (p plot) lagOf(member string, most int64, height float64, look int) (drawn bool) {
	const column = 2.0
	var d strings.Builder
	var x, y float64
	var at []time.Duration
	high := map[int]int64{}
	for _, e := range p.rec.Events {
		if e.Kind == record.Lag && e.Member == member {
			n := int((p.x(e.At) - p.left) / column)
			if _, ok := high[n]; !ok {
				at = append(at, e.At)
			}
			high[n] = max(high[n], e.Bytes)
		}
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
	if len(at) == 0 {
		return false
	}
	p.path(d.String(), fmt.Sprintf("line lag%d", look))
	p.text(min(x, p.right-2), max(y-4, p.y+9), "t halo end", text.Name(member))
	return true
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
