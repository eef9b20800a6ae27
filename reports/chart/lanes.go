package chart

import (
	"fmt"
	"strings"
	"time"

	"drillbook/reports/model"
)

// lanes draws the role of every member, and under it when it took writes.
func (p *plot) lanes(t model.Timeline) {
	const height, strip = 16.0, 5.0
	for _, lane := range t.Lanes {
		p.ground(t, height+strip+6)
		p.member(lane.Member, lane.Kind)
		p.roles(lane, height)
		p.strip(lane.Took, p.y+height+1, strip)
		p.marks(lane.Answers, func(time.Duration) float64 { return p.y + height + 1 + strip/2 }, 3)
		p.alerts(lane.Alerts, p.y+height+strip+2)
		p.y += height + strip + 8
	}
	p.both(t)
	p.y += 2
}

// both draws the time in which a split brain is proved, under the members that
// took part in it.
func (p *plot) both(t model.Timeline) {
	if t.Split == nil {
		return
	}
	const height = 18.0
	p.ground(t, height)
	p.name(t.SplitName, "", p.y+12)
	p.span(*t.Split, p.y+5, 7, 2, "both", "")
	beside, dx, class := at(t.Split.To), 6.0, "t strong"
	if p.x(t.Split.To)+60 > p.right {
		beside, dx, class = at(t.Split.From), -6, "t strong end"
	}
	p.label(beside, dx, p.y+12, class, t.Split.Label)
	p.y += height + 4
}

// roles draws what a member said of itself. Of what is too short to be seen
// only the first is drawn.
func (p *plot) roles(lane model.Lane, height float64) {
	drawn := 0.0
	for _, s := range lane.Roles {
		if s.To > p.From && s.From < p.To && p.x(s.To)-drawn >= 1 {
			p.role(s, height)
			drawn = p.x(s.To)
		}
	}
}

func (p *plot) role(r model.Role, height float64) {
	class := "role-" + r.Kind
	p.span(r.Span, p.y, height, 1, class, r.Note)
	p.label(r.Span, 5, p.y+12, "t on-"+class, fit(r.Label, p.x(r.To)-p.x(r.From)-8))
}

// alerts draws a mark for every alert of a member's logs, below its lane.
func (p *plot) alerts(all []model.Span, y float64) {
	for _, a := range all {
		at := (a.From + a.To) / 2
		if at < p.From || at > p.To {
			continue
		}
		p.used["alert"] = true
		p.tag(`<path d="`, flag(p.x(at), y), `" fill="currentColor" data-at="`, micros(at), `"/>`)
	}
}

// flag points up at a time.
func flag(x, y float64) string { return fmt.Sprintf("M%s %sl-3 6h6z", num(x), num(y)) }

// strip draws when a member acknowledged writes.
func (p *plot) strip(took []model.Span, y, height float64) {
	var d strings.Builder
	for _, s := range took {
		x := p.x(s.From)
		w := max(p.x(s.To)-x, 1.5)
		fmt.Fprintf(&d, "M%s %sh%sv%sh-%sz", num(x), num(y), num(w), num(height), num(w))
	}
	p.used["took"] = p.used["took"] || d.Len() > 0
	p.path(d.String(), "took")
}
