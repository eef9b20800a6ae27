package reports

import (
	"fmt"
	"strings"
	"time"

	"drillbook/harness/measure"
	"drillbook/reports/text"
	"drillbook/reports/words"
)

// lanes draws the role of every member, and under it when it took writes.
func (p plot) lanes() {
	const height, strip = 16.0, 5.0
	took := takenBy(p.rec, p.to)
	for i, lane := range p.res.Lanes {
		if i == p.rows {
			break
		}
		p.ground(height + strip + 6)
		p.name(text.Name(lane.Member), "", p.y+12)
		p.roles(lane, height)
		p.strip(took.by[i], took.width, p.y+height+1, strip)
		p.y += height + strip + 8
	}
	p.both()
	p.y += 2
}

// both draws the time in which a split brain is proved, under the members that
// took part in it.
func (p plot) both() {
	s := p.res.Split
	if !s.Proved {
		return
	}
	const height = 18.0
	p.ground(height)
	p.name(p.Say("row.split"), "", p.y+12)
	x, x2 := p.x(s.First.At), p.x(s.Second.At)
	p.along(x, p.y+4, 8, "both")
	p.along(x2, p.y+4, 8, "both")
	p.across(x, p.y+8, x2-x, "both")
	p.text(min(x2+6, p.right-60), p.y+12, "t strong", p.time(s.Overlap))
	p.y += height + 4
}

// roles draws what a member said of itself. Of what is too short to be seen
// only the first is drawn.
func (p plot) roles(lane measure.Lane, height float64) {
	drawn := 0.0
	for _, s := range lane.Roles {
		if s.To > p.from && s.From < p.to && p.x(s.To)-drawn >= 1 {
			p.role(s, height)
			drawn = p.x(s.To)
		}
	}
}

func (p plot) role(s measure.RoleSpan, height float64) {
	class, label := "role-other", text.Name(s.Role)
	switch s.Role {
	case "":
		class, label = "role-none", p.Say("role.none")
	case "primary", "standby", "neither":
		class, label = "role-"+s.Role, p.Say("role."+s.Role)
	}
	x := p.x(s.From)
	w := max(p.x(s.To)-x, 1)
	p.rect(box{x, p.y, w, height}, class, label+": "+words.Moment(s.From)+" – "+words.Moment(s.To))
	p.text(x+5, p.y+12, "t on-"+class, fit(label, w-8))
}

// strip draws when a member acknowledged writes.
func (p plot) strip(took []bool, width time.Duration, y, height float64) {
	var d strings.Builder
	for n := 0; n < len(took); n++ {
		if !took[n] {
			continue
		}
		first := n
		for n < len(took) && took[n] {
			n++
		}
		x := p.x(time.Duration(first) * width)
		w := max(p.x(time.Duration(n)*width)-x, 1.5)
		fmt.Fprintf(&d, "M%s %sh%sv%sh-%sz", num(x), num(y), num(w), num(height), num(w))
	}
	if d.Len() > 0 {
		p.used["took"] = true
	}
	p.path(d.String(), "took")
}
