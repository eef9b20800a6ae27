package reports

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"drillbook/harness/measure"
	"drillbook/harness/record"
	"drillbook/reports/text"
	"drillbook/reports/words"
)

// plot draws the picture of a whole drill: one row under another, all on one
// axis of time.
type plot struct {
	*chart
	drafter
	used map[string]bool // which marks occur, for the legend
}

// timeline is the drill over time.
func (d drafter) timeline(id string) section {
	if d.res.Took <= 0 {
		return section{}
	}
	p := plot{chart: newChart(0, d.res.Took), drafter: d, used: map[string]bool{}}
	p.axis()
	p.stepBands()
	p.faultRows()
	p.availability(record.Write, d.Say("row.writes"), 54)
	p.availability(record.Reading, d.Say("row.reads"), 36)
	p.latencyRow(96)
	p.lanes()
	p.lagRow(44)
	p.legend([]mark{
		{"acked", "legend.acked"},
		{"refused", "legend.refused"},
		{"unknown", "legend.unknown"},
		{"out", "legend.outage"},
		{"fault", "legend.fault"},
		{"unheld", "legend.unheld"},
		{"confirmed", "legend.confirmed"},
		{"took", "legend.took"},
		{"stall", "legend.stall"},
	})
	title := d.Say("picture")
	return section{ID: "picture", Title: title, Figure: p.drawing(id, title, d.Say("picture.desc"))}
}

// name writes the name of a row, and under it what is shown.
func (p plot) name(title, under string, y float64) {
	p.text(8, y, "t name", fit(title, p.left-16))
	p.text(8, y+13, "t under", fit(under, p.left-16))
}

// axis writes the times. Their lines are drawn by each row, so that they lie
// under what it shows.
func (p plot) axis() {
	p.y = 18
	at := p.ticks(0)
	for _, t := range at {
		label := "0"
		if t > 0 {
			label = p.time(t)
		}
		class := "t mid"
		if p.x(t)+textWidth(label)/2 > chartWidth-2 {
			class = "t end"
		}
		p.text(p.x(t), p.y-5, class, label)
		p.along(p.x(t), p.y, 4, "axis")
	}
	p.across(p.left, p.y+4, p.right-p.left, "axis")
	p.y += 8
}

// ground draws the lines of time under a row.
func (p plot) ground(height float64) {
	var d strings.Builder
	at := p.ticks(0)
	for _, t := range at {
		fmt.Fprintf(&d, "M%s %sv%s", num(p.x(t)), num(p.y), num(height))
	}
	p.path(d.String(), "grid")
	for i, span := range p.res.Stalls {
		if i == p.rows {
			break
		}
		p.used["stall"] = true
		x := p.x(span.From)
		p.rect(box{x, p.y, max(p.x(span.To)-x, 1.5), height}, "stall", "")
	}
}

func (p plot) stepBands() {
	const height = 22
	p.name(p.Say("row.steps"), "", p.y+15)
	for i, s := range p.res.Steps[:min(len(p.res.Steps), p.rows)] {
		if s.Outcome == measure.Skipped {
			continue
		}
		x := p.x(s.From)
		w := max(p.x(s.From+s.Took)-x, 1)
		full := strconv.Itoa(s.Number) + ". " + text.Name(s.Title.In(p.Lang))
		p.rect(box{x, p.y, w, height}, "step"+strconv.Itoa(i%2), full+" — "+p.time(s.Took))
		label := fit(full, p.roomAfter(i)-10)
		if label == "" && w > 12 {
			label = strconv.Itoa(s.Number)
		}
		p.text(x+5, p.y+15, "t", label)
	}
	p.y += height + 6
}

// roomAfter is how far the name of a step may run: up to the next step.
func (p plot) roomAfter(i int) float64 {
	for _, s := range p.res.Steps[i+1:] {
		if s.Outcome != measure.Skipped {
			return p.x(s.From) - p.x(p.res.Steps[i].From)
		}
	}
	return p.right - p.x(p.res.Steps[i].From)
}

// maxFaultRows bounds the faults that get a row of their own.
const maxFaultRows = 6

func (p plot) faultRows() {
	const height = 18
	for i, f := range p.res.Faults {
		if i == maxFaultRows {
			p.text(p.left, p.y+12, "t under", p.Say("more-faults", "count", words.Count(len(p.res.Faults)-i)))
			p.y += height
			break
		}
		title := ""
		if i == 0 {
			title = p.Say("row.fault")
		}
		p.ground(height)
		p.name(title, "", p.y+13)
		p.fault(f, p.prepared(i), height)
		p.y += height
	}
	if len(p.res.Faults) > 0 {
		p.y += 4
	}
}

// prepared is when the injection of a fault began, which may take a while.
func (p plot) prepared(fault int) time.Duration {
	for _, e := range p.rec.Events {
		if e.Kind != record.Prepared {
			continue
		}
		if fault == 0 {
			return e.At
		}
		fault--
	}
	return 0
}

// fault draws a bar from injected to healed, a dashed one before it while the
// fault was being injected, and a triangle where it was confirmed.
func (p plot) fault(f measure.Fault, prepared time.Duration, height float64) {
	label := text.Name(f.What)
	if f.Confirmed == nil {
		label += " — " + p.Say("fault.unconfirmed")
	}
	if f.Injected == 0 {
		p.text(p.left+4, p.y+13, "t", fit(label, p.right-p.left-8))
		return
	}
	end := p.to
	if f.Healed != nil {
		end = *f.Healed
	}
	x, x2 := p.x(f.Injected), p.x(end)
	class, begin := "unheld", x
	if f.Confirmed != nil {
		class, begin = "fault", p.x(*f.Confirmed)
	}
	if px := p.x(prepared); prepared > 0 && x-px > 1 {
		p.used["unheld"] = true
		p.rect(box{px, p.y + 3, x - px, height - 6}, "unheld", "")
	}
	p.rect(box{x, p.y + 3, max(x2-x, 3), height - 6}, class, label+" — "+text.Name(f.Mechanism))
	p.used[class] = true
	if f.Confirmed != nil {
		p.used["confirmed"] = true
		p.path(fmt.Sprintf("M%s %sl-5 -8h10z", num(begin), num(p.y+height-3)), "confirmed")
	}
	room := textWidth(label)
	switch {
	case room < x2-begin-16:
		p.text(begin+9, p.y+13, "t halo", label)
	case room < p.right-x2-8:
		p.text(max(x2, begin+4)+6, p.y+13, "t", label)
	default:
		p.text(x-8, p.y+13, "t end", fit(label, x-p.left-8))
	}
}

// mark is an entry of the legend.
type mark struct{ class, key string }

// legend explains the marks that occur.
func (p plot) legend(marks []mark) {
	p.y += 6
	x := p.left
	for _, m := range marks {
		if !p.used[m.class] {
			continue
		}
		label := p.Say(m.key)
		if x+26+textWidth(label) > p.right {
			x, p.y = p.left, p.y+18
		}
		p.sample(m.class, x)
		p.text(x+23, p.y+12, "t", label)
		x += 23 + textWidth(label) + 22
	}
	p.y += 20
}

// sample draws a mark as it looks in the picture.
func (p plot) sample(class string, x float64) {
	var d strings.Builder
	switch class {
	case "confirmed":
		p.path(fmt.Sprintf("M%s %sl-5 -8h10z", num(x+9), num(p.y+12)), class)
	case "took":
		p.rect(box{x, p.y + 6, 18, 5}, class, "")
	case "dot":
		dot(&d, x+9, p.y+8)
	case "cross":
		cross(&d, x+9, p.y+8)
	case "ring":
		ring(&d, x+9, p.y+8)
	default:
		p.rect(box{x, p.y + 3, 18, 10}, class, "")
	}
	p.path(d.String(), class)
}
