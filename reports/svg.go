package reports

import (
	"html"
	"html/template"
	"strconv"
	"strings"
	"time"

	"drillbook/reports/text"
)

// A canvas is an SVG picture in the making. Its measures are those of the
// viewBox; looks come from the classes of page.css. How wide text is, is
// guessed, since the fonts are those of the reader.
type canvas struct{ b strings.Builder }

const (
	textSize   = 11.0 // of the class "t"
	charFactor = 0.53 // of a narrow character to the size of its type
)

// textWidth is about how wide text of the ordinary size is.
func textWidth(s string) float64 {
	w := 0.0
	for _, r := range s {
		if text.RuneWidth(r) == 2 {
			w += textSize
		} else {
			w += textSize * charFactor * float64(text.RuneWidth(r))
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

func num(f float64) string {
	s := strconv.FormatFloat(f, 'f', 1, 64)
	return strings.TrimSuffix(s, ".0")
}

func (c *canvas) tag(parts ...string) {
	for _, p := range parts {
		c.b.WriteString(p)
	}
	c.b.WriteByte('\n')
}

// box is where a rectangle lies.
type box struct{ x, y, w, h float64 }

// rect draws a rectangle. A title is for pointers and screen readers.
func (c *canvas) rect(b box, class, title string) {
	ending := "/>"
	if title != "" {
		ending = "><title>" + html.EscapeString(title) + "</title></rect>"
	}
	c.tag(`<rect x="`, num(b.x), `" y="`, num(b.y), `" width="`, num(b.w), `" height="`, num(b.h),
		`" class="`, class, `"`, ending)
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
func (c *canvas) text(x, y float64, class, s string) {
	if s != "" {
		c.tag(`<text x="`, num(x), `" y="`, num(y), `" class="`, class, `">`, html.EscapeString(s), `</text>`)
	}
}

// chart is a canvas with a time axis.
type chart struct {
	canvas
	from, to    time.Duration
	left, right float64 // the plot between the names of rows and the margin
	y           float64 // where the next row begins
}

const (
	chartWidth = 900.0
	chartLeft  = 112.0
	chartRight = chartWidth - 16
)

func newChart(from, to time.Duration) *chart {
	return &chart{from: from, to: max(to, from+time.Millisecond), left: chartLeft, right: chartRight}
}

func (c *chart) x(t time.Duration) float64 {
	t = min(max(t, c.from), c.to)
	return c.left + (c.right-c.left)*float64(t-c.from)/float64(c.to-c.from)
}

// within reports whether a time is on the chart.
func (c *chart) within(t time.Duration) bool { return t >= c.from && t <= c.to }

// drawing finishes the chart. The id must be unique on its page.
func (c *chart) drawing(id, title, desc string) template.HTML {
	var b strings.Builder
	b.WriteString(`<svg class="chart" viewBox="0 0 ` + num(chartWidth) + " " + num(c.y) + `" role="img"` +
		` aria-labelledby="` + id + `-t ` + id + `-d">` + "\n")
	b.WriteString(`<title id="` + id + `-t">` + html.EscapeString(title) + "</title>\n")
	b.WriteString(`<desc id="` + id + `-d">` + html.EscapeString(desc) + "</desc>\n")
	b.WriteString(c.b.String())
	b.WriteString("</svg>")
	return template.HTML(b.String()) //nolint:gosec // every text in it went through html.EscapeString
}

// ticks are the moments that an axis names.
func (c *chart) ticks(zero time.Duration) []time.Duration {
	const most = 10
	step := 24 * time.Hour
	for _, s := range tickSteps() {
		if (c.to-c.from)/s < most {
			step = s
			break
		}
	}
	first := (c.from - zero).Truncate(step) + zero
	if first < c.from {
		first += step
	}
	var at []time.Duration
	for t := first; t <= c.to && len(at) < 4*most; t += step {
		at = append(at, t)
	}
	return at
}

func tickSteps() []time.Duration {
	const ms, s, m, h = time.Millisecond, time.Second, time.Minute, time.Hour
	return []time.Duration{
		ms, 2 * ms, 5 * ms, 10 * ms, 20 * ms, 50 * ms, 100 * ms, 200 * ms, 500 * ms,
		s, 2 * s, 5 * s, 10 * s, 15 * s, 30 * s, m, 2 * m, 5 * m, 10 * m, 15 * m, 30 * m, h, 2 * h, 6 * h, 12 * h,
	}
}
