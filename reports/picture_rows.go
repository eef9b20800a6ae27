package reports

import (
	"fmt"
	"math"
	"strings"
	"time"

	"drillbook/harness/measure"
	"drillbook/harness/record"
)

// availability draws the share of attempts that were acknowledged. Failed ones
// hang from above, never thinner than the eye can see.
func (p plot) availability(kind record.StreamKind, title string, height float64) {
	chosen, any := clients(p.rec, kind)
	if !any {
		return
	}
	b := fill(p.rec, chosen, p.to)
	p.ground(height)
	p.name(title, p.Say("row.share"), p.y+14)
	p.text(p.left-6, p.y+9, "t tiny end", "100%")
	p.text(p.left-6, p.y+height, "t tiny end", "0")
	p.path(p.share(b, height), "acked")
	p.shade(kind, height)
	p.hang(b, height)
	p.used["acked"] = true
	p.across(p.left, p.y+height, p.right-p.left, "axis")
	p.outageLabels(kind)
	p.y += height + 8
}

// share is the area of what was acknowledged. Where nothing was tried there is
// nothing.
func (p plot) share(b buckets, height float64) string {
	var d strings.Builder
	open := false
	last := math.NaN()
	for n, one := range b.all {
		if one.total() == 0 {
			if open {
				fmt.Fprintf(&d, "H%sV%sz", num(p.x(b.from(n))), num(p.y+height))
			}
			open, last = false, math.NaN()
			continue
		}
		top := p.y + height*(1-float64(one.acked)/float64(one.total()))
		if !open {
			fmt.Fprintf(&d, "M%s %sV%s", num(p.x(b.from(n))), num(p.y+height), num(top))
			open = true
		} else if top != last {
			fmt.Fprintf(&d, "H%sV%s", num(p.x(b.from(n))), num(top))
		}
		last = top
	}
	if open {
		fmt.Fprintf(&d, "H%sV%sz", num(p.x(b.from(len(b.all)))), num(p.y+height))
	}
	return d.String()
}

// hang draws the failed attempts of every bucket: refused on top, unknown
// under it.
func (p plot) hang(b buckets, height float64) {
	const visible = 3.0
	var refused, unknown strings.Builder
	for n, one := range b.all {
		x, y := p.x(b.from(n)), p.y
		w := max(p.x(b.from(n+1))-x+0.4, 1.5) // a hair more, so that no gap shows between buckets
		add := func(d *strings.Builder, failed int) {
			if failed > 0 {
				h := max(height*float64(failed)/float64(one.total()), visible)
				fmt.Fprintf(d, "M%s %sh%sv%sh-%sz", num(x), num(y), num(w), num(h), num(w))
				y += h
			}
		}
		add(&refused, one.refused)
		add(&unknown, one.unknown)
	}
	p.path(unknown.String(), "unknown")
	p.path(refused.String(), "refused")
	p.used["unknown"] = p.used["unknown"] || unknown.Len() > 0
	p.used["refused"] = p.used["refused"] || refused.Len() > 0
}

// ofKind are the outages of the clients' streams of a kind, bounded.
func (p plot) ofKind(kind record.StreamKind) []measure.Outage {
	var out []measure.Outage
	for _, o := range p.res.Outages {
		if p.rec.Head.Streams[o.Stream].Kind == kind && len(out) < p.rows {
			out = append(out, o)
		}
	}
	return out
}

// shade draws the outages, at most as long as they can have been.
func (p plot) shade(kind record.StreamKind, height float64) {
	for _, o := range p.ofKind(kind) {
		p.used["out"] = true
		x := p.x(o.From)
		p.rect(box{x, p.y, max(p.x(o.To)-x, 3), height}, "out", p.Bracket(o.Bracket, o.Open))
	}
}

// outageLabels writes how long the outages lasted, as long as there is room.
func (p plot) outageLabels(kind record.StreamKind) {
	free := p.left
	for _, o := range p.ofKind(kind) {
		label := p.Bracket(o.Bracket, o.Open)
		w := textWidth(label)
		x := p.x(o.To) + 5
		class := "t halo"
		if x+w > p.right {
			x, class = p.x(o.From)-5, "t halo end"
			if x-w < free {
				continue
			}
		} else if x < free {
			continue
		}
		p.text(x, p.y+16, class, label)
		free = p.x(o.To) + 5 + w + 8
	}
}

// scaleOf is a logarithmic axis of latencies.
type logScale struct {
	low, high   time.Duration // powers of ten
	top, bottom float64
}

func newLogScale(low, high time.Duration, top, bottom float64) logScale {
	s := logScale{low: 10 * time.Microsecond, high: 10 * time.Microsecond, top: top, bottom: bottom}
	for s.low*10 <= low {
		s.low *= 10
	}
	for s.high = s.low * 10; s.high < high; {
		s.high *= 10
	}
	return s
}

func (s logScale) y(d time.Duration) float64 {
	d = min(max(d, s.low), s.high)
	return s.bottom - (s.bottom-s.top)*math.Log10(float64(d)/float64(s.low))/math.Log10(
		float64(s.high)/float64(s.low),
	)
}

// rules draws the lines of the powers of ten.
func (p plot) rules(s logScale) {
	for d := s.low; d <= s.high; d *= 10 {
		p.across(p.left, s.y(d), p.right-p.left, "grid")
		p.text(p.left-6, s.y(d)+3.5, "t tiny end", p.time(d))
	}
}

// latencyRow draws the latency of writes, and failed ones as marks where and
// after how long they failed.
func (p plot) latencyRow(height float64) {
	chosen, any := clients(p.rec, record.Write)
	if !any {
		return
	}
	b := fill(p.rec, chosen, p.to)
	low, high := time.Duration(math.MaxInt64), time.Duration(0)
	for _, one := range b.all {
		if one.acked > 0 {
			low, high = min(low, one.p50), max(high, one.max)
		}
	}
	for i := range p.rec.Attempts {
		if a := &p.rec.Attempts[i]; chosen[a.Stream] && a.Outcome != record.Acked {
			high = max(high, a.Done-a.Intended)
		}
	}
	if high == 0 {
		return
	}
	p.ground(height)
	p.name(p.Say("row.latency"), "", p.y+14)
	s := newLogScale(min(low, high), high, p.y+4, p.y+height-4)
	p.rules(s)
	p.quantile(b, s, "max", func(one bucket) time.Duration { return one.max })
	p.quantile(b, s, "p99", func(one bucket) time.Duration { return one.p99 })
	p.quantile(b, s, "p50", func(one bucket) time.Duration { return one.p50 })
	p.marks(chosen, s, 3)
	p.quantileNames(s)
	p.y += height + 8
}

// quantile draws one line over all buckets in which something was acknowledged.
func (p plot) quantile(b buckets, s logScale, class string, of func(bucket) time.Duration) {
	var d strings.Builder
	pen := "M"
	for n, one := range b.all {
		if one.acked == 0 {
			pen = "M"
			continue
		}
		fmt.Fprintf(&d, "%s%s %s", pen, num(p.x(b.from(n)+b.width/2)), num(s.y(of(one))))
		if pen == "M" {
			d.WriteString("h0.1") // a bucket that stands alone is still seen
		}
		pen = "L"
	}
	p.path(d.String(), "line "+class)
}

// quantileNames explains the lines, under the name of the row.
func (p plot) quantileNames(s logScale) {
	x := 8.0
	for _, class := range []string{"p50", "p99", "max"} {
		name := class
		if class == "max" {
			name = p.Say("max")
		}
		p.across(x, s.top+26, 12, "line "+class)
		p.text(x, s.top+40, "t tiny", name)
		x += 20
	}
}

// marks draws the failed attempts of streams, no two in the same cell.
func (p plot) marks(chosen []bool, s logScale, cell float64) {
	var refused, unknown strings.Builder
	seen := map[[3]int]bool{}
	for i := range p.rec.Attempts {
		a := &p.rec.Attempts[i]
		if !chosen[a.Stream] || a.Outcome == record.Acked || !p.within(a.Intended) {
			continue
		}
		x, y := p.x(a.Intended), s.y(a.Done-a.Intended)
		k := [3]int{int(x / cell), int(y / cell), int(a.Outcome)}
		if seen[k] {
			continue
		}
		seen[k] = true
		if a.Outcome == record.Refused {
			cross(&refused, x, y)
		} else {
			ring(&unknown, x, y)
		}
	}
	p.path(unknown.String(), "ring")
	p.path(refused.String(), "cross")
}

func cross(d *strings.Builder, x, y float64) {
	fmt.Fprintf(d, "M%s %sl4 4m0 -4l-4 4", num(x-2), num(y-2))
}

func ring(d *strings.Builder, x, y float64) {
	fmt.Fprintf(d, "M%s %sa2 2 0 1 0 4 0a2 2 0 1 0 -4 0", num(x-2), num(y))
}

func dot(d *strings.Builder, x, y float64) { fmt.Fprintf(d, "M%s %sh0", num(x), num(y)) }
