// Package chart draws the pictures of a report as SVG. It knows where things go; what
// there is and what it is called stands in the model.
package chart

import (
	"html"
	"strconv"
	"strings"
	"time"
	"unicode"

	"golang.org/x/text/width"

	"drillbook/reports/model"
)

// A canvas is an SVG picture in the making. Its measures are those of the
// viewBox; looks come from the classes of page.css. How wide text is, is
// guessed, since the fonts are those of the reader.
//
// explore.js moves what is drawn in a movable picture. Rectangles and texts say at which
// times they are; paths are written with M, L and H for places and with h for lengths
// of time, and with no other commands that do either.
type canvas struct{ moving, pinned *strings.Builder }

const (
	textSize   = 11.0 // of the class "t"
	underSize  = 10.0 // of the class "under"
	charFactor = 0.53 // of a narrow character to the size of its type
)

// textWidth is about how wide text of the ordinary size is.
func textWidth(s string) float64 {
	w := 0.0
	for _, r := range s {
		switch kind := width.LookupRune(r).Kind(); {
		case kind == width.EastAsianWide, kind == width.EastAsianFullwidth:
			w += textSize
		case !unicode.In(r, unicode.Mn, unicode.Me): // which stand above others
			w += textSize * charFactor
		}
	}
	return w
}

// fit cuts text to a width; "" if nothing worth reading would be left.
func fit(s string, most float64) string {
	if textWidth(s) <= most {
		return s
	}
	runes := []rune(s)
	for n := len(runes) - 1; n >= 6; n-- {
		if cut := strings.TrimSpace(string(runes[:n])) + "…"; textWidth(cut) <= most {
			return cut
		}
	}
	return ""
}

// middle takes the middle out of text that is too wide.
func middle(s string, most float64) string {
	runes := []rune(s)
	for n := len(runes) - 1; n > 1 && textWidth(s) > most; n-- {
		s = string(runes[:n/2]) + "…" + string(runes[len(runes)-(n-n/2):])
	}
	return s
}

func num(f float64) string {
	s := strconv.FormatFloat(f, 'f', 1, 64)
	return strings.TrimSuffix(s, ".0")
}

func (c *canvas) tag(parts ...string) {
	for _, p := range parts {
		c.moving.WriteString(p)
	}
	c.moving.WriteByte('\n')
}

// pin draws what stays where it is when the times move: names, scales, the legend.
func (c *canvas) pin(draw func()) {
	c.moving, c.pinned = c.pinned, c.moving
	draw()
	c.moving, c.pinned = c.pinned, c.moving
}

// box is where a rectangle lies.
type box struct{ x, y, w, h float64 }

// rect draws a rectangle. A title is for pointers and screen readers.
func (c *canvas) rect(b box, class, title string) { c.timed(b, class, title, "") }

func (c *canvas) timed(b box, class, title, times string) {
	ending := "/>"
	if title != "" {
		ending = "><title>" + html.EscapeString(title) + "</title></rect>"
	}
	c.tag(`<rect x="`, num(b.x), `" y="`, num(b.y), `" width="`, num(b.w), `" height="`, num(b.h),
		`" class="`, class, `"`, times, ending)
}

// across and along draw straight lines, from left to right and downwards.
func (c *canvas) across(x, y, length float64, class string) {
	c.path("M"+num(x)+" "+num(y)+"h"+num(length), class)
}

func (c *canvas) along(x, y, length float64, class string) {
	c.path("M"+num(x)+" "+num(y)+"v"+num(length), class)
}

func (c *canvas) path(d, class string) {
	if d != "" {
		c.tag(`<path d="`, d, `" class="`, class, `"/>`)
	}
}

// text writes text that begins, ends or has its middle at x.
func (c *canvas) text(x, y float64, class, s string) { c.timedText(x, y, class, s, "") }

func (c *canvas) timedText(x, y float64, class, s, times string) {
	if s != "" {
		c.tag(`<text x="`, num(x), `" y="`, num(y), `" class="`, class, `"`, times, `>`, html.EscapeString(s),
			`</text>`)
	}
}

// plot is a canvas with an axis of time.
type plot struct {
	canvas
	model.Picture
	left, right float64         // the rows, between their names and the margin
	y           float64         // where the next row begins
	bottom      float64         // where the last one ended, above the legend
	used        map[string]bool // which marks occur, for the legend
}

const (
	plotWidth = 900.0
	plotLeft  = 112.0
	plotRight = plotWidth - 16
)

func newPlot(p model.Picture) *plot {
	return &plot{
		canvas: canvas{&strings.Builder{}, &strings.Builder{}}, Picture: p,
		left: plotLeft, right: plotRight, used: map[string]bool{},
	}
}

func (p *plot) x(t time.Duration) float64 {
	t = min(max(t, p.From), p.To)
	return p.left + (p.right-p.left)*float64(t-p.From)/float64(p.To-p.From)
}

// span draws a stretch of time, no narrower than can be seen.
func (p *plot) span(s model.Span, y, height, least float64, class, title string) {
	x := p.x(s.From)
	times := ` data-from="` + micros(s.From) + `" data-to="` + micros(s.To) + `"`
	p.timed(box{x, y, max(p.x(s.To)-x, least), height}, class, title, times)
}

// label writes text beside a time, dx away from it. It stays in sight as long as any
// part of the span is.
func (p *plot) label(s model.Span, dx, y float64, class, text string) {
	times := ` data-at="` + micros(s.From) + `" data-until="` + micros(s.To) + `" data-dx="` + num(dx) + `"`
	p.timedText(p.x(s.From)+dx, y, class, text, times)
}

// fitted is a label that has room for less than all of its text as long as the whole
// picture is shown.
func (p *plot) fitted(s model.Span, dx, y float64, class, text string) {
	times := ` data-at="` + micros(s.From) + `" data-until="` + micros(s.To) + `" data-dx="` + num(dx) + `"`
	p.tag(`<text x="`, num(p.x(s.From)+dx), `" y="`, num(y), `" class="`, class, `"`, times,
		` data-full="`, html.EscapeString(s.Label), `">`, html.EscapeString(text), `</text>`)
}

func at(t time.Duration) model.Span { return model.Span{From: t, To: t} }

// drawing finishes the picture. The id must be unique on its page.
func (p *plot) drawing(id string) string {
	return p.framed(id, "chart", "", p.pinned.String()+p.moving.String())
}

// movable finishes a picture whose times can be moved. What is moved out of its rows is
// not seen.
func (p *plot) movable(id string) string {
	clip := `<clipPath id="` + id + `-rows"><rect x="` + num(p.left) + `" y="0" width="` + num(p.right-p.left+8) +
		`" height="` + num(p.y) + `"/></clipPath>` + "\n"
	span := ` data-from="` + micros(p.From) + `" data-to="` + micros(p.To) + `" data-left="` + num(p.left) +
		`" data-right="` + num(p.right) + `" data-bottom="` + num(p.bottom) + `"`
	moving := `<g class="moving" clip-path="url(#` + id + `-rows)">` + "\n" + p.moving.String() + "</g>\n"
	return p.framed(id, "chart moves", span, clip+p.pinned.String()+moving)
}

func (p *plot) framed(id, class, attributes, drawn string) string {
	return `<svg class="` + class + `" viewBox="0 0 ` + num(plotWidth) + " " + num(p.y) + `"` +
		` role="img" aria-labelledby="` + id + `-t ` + id + `-d"` + attributes + ">\n" +
		`<title id="` + id + `-t">` + html.EscapeString(p.Title) + "</title>\n" +
		`<desc id="` + id + `-d">` + html.EscapeString(p.Desc) + "</desc>\n" + drawn + "</svg>"
}

func micros(t time.Duration) string { return strconv.FormatInt(t.Microseconds(), 10) }
