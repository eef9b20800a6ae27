package chart

import "drillbook/reports/model"

// Waterfall draws the phases of a change of primary. The id must be unique on its
// page, as those of all pictures.
func Waterfall(w model.Waterfall, id string) string {
	const height, names = 20.0, 322.0
	p := newPlot(w.Picture)
	p.left, p.right = names, plotRight-70
	p.y = 6
	p.along(p.x(0), p.y, height*float64(len(w.Bars)), "axis")
	for _, b := range w.Bars {
		x, x2 := p.x(b.From), p.x(b.To)
		p.text(names-12, p.y+14, "t end", fit(b.Label, names-16))
		p.rect(box{x, p.y + 4, max(x2-x, 1.5), height - 8}, "phase", "")
		p.text(x2+6, p.y+14, "t", b.Note)
		p.y += height
	}
	p.y += 4
	return p.drawing(id)
}
