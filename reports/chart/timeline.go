package chart

import (
	"fmt"
	"strconv"
	"strings"

	"drillbook/reports/model"
)

// Timeline draws a whole drill over time.
func Timeline(t model.Timeline, id string) string {
	p := newPlot(t.Picture)
	p.axis()
	p.stepBands(t)
	p.faultRows(t)
	for _, s := range t.Shares {
		p.share(t, s)
	}
	p.latency(t, 96)
	p.lanes(t)
	p.lag(t, 44)
	p.bottom = p.y
	p.legend()
	return p.movable(id)
}

// name writes the name of a row, and under it what is shown.
func (p *plot) name(title, under string, y float64) {
	p.pin(func() {
		p.text(8, y, "t name", fit(title, p.left-16))
		p.text(8, y+13, "t under", fit(under, (p.left-16)*textSize/underSize))
	})
}

// member writes the name of a member, and under it what it is there for. Names that are
// too long lose their middle: those of one cluster often differ at their ends only.
func (p *plot) member(name, kind string) { p.name(middle(name, p.left-16), kind, p.y+12) }

// axis writes the times. Their lines are drawn by each row, so that they lie
// under what it shows.
func (p *plot) axis() {
	p.y = 18
	p.pin(func() {
		p.tag(`<g class="ticks">`)
		for _, t := range p.Ticks {
			class, x := "t mid", p.x(t.At)
			if x+textWidth(t.Label)/2 > plotWidth-2 {
				class = "t end"
			}
			p.text(x, p.y-5, class, t.Label)
			p.along(x, p.y, 4, "axis")
		}
		p.tag("</g>")
		p.across(p.left, p.y+4, p.right-p.left, "axis")
	})
	p.y += 8
}

// ground draws the lines of time under a row.
func (p *plot) ground(t model.Timeline, height float64) {
	var d strings.Builder
	for _, tick := range p.Ticks {
		fmt.Fprintf(&d, "M%s %sv%s", num(p.x(tick.At)), num(p.y), num(height))
	}
	p.path(d.String(), "grid")
	for _, span := range t.Stalls {
		p.used["stall"] = true
		p.span(span, p.y, height, 1.5, "stall", "")
	}
}

func (p *plot) stepBands(t model.Timeline) {
	const height = 22
	p.name(t.StepsName, "", p.y+15)
	for _, w := range t.Waits {
		p.used["wait"] = true
		x := p.x(w.From)
		p.rect(box{x, p.y, max(p.x(w.To)-x, 1.5), height}, "wait", w.Note)
	}
	for i, s := range t.Steps {
		if s.To <= p.From {
			continue // before the first attempt
		}
		x := p.x(s.From)
		w := max(p.x(s.To)-x, 1)
		p.span(s.Span, p.y, height, 1, "step"+strconv.Itoa((s.Number+1)%2), s.Note)
		room := p.right - x // up to the next step
		if i+1 < len(t.Steps) {
			room = p.x(t.Steps[i+1].From) - x
		}
		label := fit(s.Label, room-10)
		if label == "" && w > 12 {
			label = strconv.Itoa(s.Number)
		}
		p.fitted(s.Span, 5, p.y+15, "t", label)
	}
	p.y += height + 6
}

func (p *plot) faultRows(t model.Timeline) {
	const height = 18
	name := t.FaultsName
	for _, f := range t.Faults {
		p.ground(t, height)
		p.name(name, "", p.y+13)
		p.fault(f, height)
		name = ""
		p.y += height
	}
	if t.MoreFaults != "" {
		p.pin(func() { p.text(p.left, p.y+12, "t under", t.MoreFaults) })
		p.y += height
	}
	if len(t.Faults) > 0 {
		p.y += 4
	}
}

// fault draws a bar from injected to healed, a dashed one before it while the
// fault was being injected, and a triangle where it was confirmed.
func (p *plot) fault(f model.FaultBar, height float64) {
	if f.From == 0 {
		p.pin(func() { p.text(p.left+4, p.y+13, "t", fit(f.Label, p.right-p.left-8)) })
		return
	}
	x, x2 := p.x(f.From), p.x(f.To)
	class, begin := "unheld", f.From
	if f.Confirmed != nil {
		class, begin = "fault", *f.Confirmed
	}
	if f.Prepared > 0 && x-p.x(f.Prepared) > 1 {
		p.used["unheld"] = true
		p.span(model.Span{From: f.Prepared, To: f.From}, p.y+3, height-6, 1, "unheld", "")
	}
	p.span(f.Span, p.y+3, height-6, 3, class, f.Note)
	p.used[class] = true
	if f.Confirmed != nil {
		p.used["confirmed"] = true
		p.tag(`<path d="`, triangle(p.x(begin), p.y+height-3), `" class="confirmed" data-at="`, micros(begin), `"/>`)
	}
	room := textWidth(f.Label)
	switch {
	case room < x2-p.x(begin)-16:
		p.label(model.Span{From: begin, To: f.To}, 9, p.y+13, "t halo", f.Label)
	case room < p.right-x2-8:
		p.label(at(max(f.To, begin)), 8, p.y+13, "t", f.Label)
	default:
		p.label(at(f.From), -8, p.y+13, "t end", fit(f.Label, x-p.left-8))
	}
}

func triangle(x, y float64) string { return fmt.Sprintf("M%s %sl-5 -8l10 0z", num(x), num(y)) }

// legend explains the marks that occur.
func (p *plot) legend() { p.pin(p.explainMarks) }

func (p *plot) explainMarks() {
	p.y += 6
	x := p.left
	for _, m := range p.Legend {
		if !p.used[m.Mark] {
			continue
		}
		if x+26+textWidth(m.Label) > p.right {
			x, p.y = p.left, p.y+18
		}
		p.sample(m.Mark, x)
		p.text(x+23, p.y+12, "t", m.Label)
		x += 23 + textWidth(m.Label) + 22
	}
	p.y += 20
}

// sample draws a mark as it looks in the picture.
func (p *plot) sample(class string, x float64) {
	var d strings.Builder
	switch class {
	case "confirmed":
		p.path(triangle(x+9, p.y+12), class)
	case "alert":
		p.tag(`<path d="`, flag(x+9, p.y+5), `" fill="currentColor"/>`)
	case "took":
		p.rect(box{x, p.y + 6, 18, 5}, class, "")
	case "dot":
		dot(&d, x+9, p.y+8)
	case "cross":
		cross(&d, x+9, p.y+8)
	case "ring":
		ring(&d, x+9, p.y+8)
	case "lost":
		diamond(&d, x+9, p.y+8)
	case "stale":
		wedge(&d, x+9, p.y+8)
	default:
		p.rect(box{x, p.y + 3, 18, 10}, class, "")
	}
	p.path(d.String(), class)
}
