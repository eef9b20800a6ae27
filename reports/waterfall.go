package reports

import (
	"html/template"

	"drillbook/reports/words"
)

// waterfall draws the phases one below the other, each from the moment before
// to its own.
func (d drafter) waterfall(id string) template.HTML {
	seen := inOrder(phasesOf(d.res))
	if len(seen) < 2 {
		return ""
	}
	const height, names = 20.0, 322.0
	c := newChart(*seen[0].at, *seen[len(seen)-1].at)
	c.left, c.right = names, chartRight-70
	c.y = 6
	c.along(c.x(0), c.y, height*float64(len(seen)), "axis")
	before := *seen[0].at
	for _, p := range seen {
		x, x2 := c.x(before), c.x(*p.at)
		c.text(names-12, c.y+14, "t end", fit(d.Say(p.key), names-16))
		c.rect(box{x, c.y + 4, max(x2-x, 1.5), height - 8}, "phase", "")
		c.text(x2+6, c.y+14, "t", d.time(*p.at))
		before = *p.at
		c.y += height
	}
	c.y += 4
	return c.drawing(id, d.Say("phases"), d.Say(zeroKey(d.res)+".lead", "at", words.Moment(d.res.Phases.Zero)))
}
