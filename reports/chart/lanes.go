package chart

import (
	"fmt"
	"strings"

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
	x, x2 := p.x(t.Split.From), p.x(t.Split.To)
	p.along(x, p.y+4, 8, "both")
	p.along(x2, p.y+4, 8, "both")
	p.across(x, p.y+8, x2-x, "both")
	p.text(min(x2+6, p.right-60), p.y+12, "t strong", t.Split.Label)
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
	class, x := "role-"+r.Kind, p.x(r.From)
	w := max(p.x(r.To)-x, 1)
	p.rect(box{x, p.y, w, height}, class, r.Note)
	p.text(x+5, p.y+12, "t on-"+class, fit(r.Label, w-8))
}

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
