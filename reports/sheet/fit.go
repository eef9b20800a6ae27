package sheet

import (
	"math"

	"golang.org/x/text/width"

	"drillbook/reports/model"
)

// How a sheet is brought to two pages: first by smaller type, then by shorter texts. What
// a browser makes of it is not known here, so the height is estimated; printing checks it.

// Tightest is the last level.
const Tightest = densities - 1 + model.Shortest

// densities are those of sheet.css, from wide to tight.
const densities = 4

// levelOf are density and shortness of a level.
func levelOf(level int) (density, short int) {
	level = min(max(level, 0), Tightest)
	return min(level, densities-1), max(level-densities+1, 0)
}

// setting is how a density sets text, in millimetres.
type setting struct{ em, line, pad float64 }

// settings are those of the densities, as sheet.css has them.
func settings() [densities]setting {
	const pt = 25.4 / 72
	return [densities]setting{
		{9 * pt, 9 * 1.4 * pt, 2.2},
		{8.4 * pt, 8.4 * 1.34 * pt, 1.6},
		{7.8 * pt, 7.8 * 1.3 * pt, 1.2},
		{7.2 * pt, 7.2 * 1.25 * pt, 0.9},
	}
}

// The paper, in millimetres.
const (
	paperWidth  = 182
	paperHeight = 2*263 - 26 // what breaks between pages leave empty, and heads that are repeated
)

// Fit is the lowest level at which a sheet is expected to take two pages.
func Fit(s model.Sheet) int {
	for level := range Tightest {
		density, short := levelOf(level)
		if height(s.Shorter(short), settings()[density]) <= paperHeight {
			return level
		}
	}
	return Tightest
}

// height estimates how much paper a sheet takes.
func height(s model.Sheet, t setting) float64 {
	const title, verdict, headings, closing = 14, 9, 16, 12
	sum := float64(title + verdict + headings + closing)
	for _, line := range lines(s.Boxes) {
		texts, widths := []string{line[0].Value}, []float64{0.86 * paperWidth}
		if len(line) > 1 || !line[0].Wide {
			widths[0] = 0.37 * paperWidth
		}
		if len(line) > 1 {
			texts, widths = append(texts, line[1].Value), append(widths, 0.37*paperWidth)
		}
		sum += t.row(texts, widths)
	}
	for _, f := range s.Figures {
		sum += t.em / 2.5 * wide(f.Name+f.Value+f.Remark) / (paperWidth / t.em) * 5
	}
	for _, n := range append([]string{s.Why}, s.Notes...) {
		sum += t.line * t.lines(n, paperWidth)
	}
	for _, r := range s.Table.Rows {
		cells := r.Cells()
		if r.Level == model.Group {
			sum += t.row([]string{r.Title + "  " + r.Comment}, []float64{paperWidth})
			continue
		}
		w := stepWidths()
		if r.Level == model.Part {
			w[2] += w[3] + w[4] + w[5]
		}
		sum += t.row(cells[:], w)
	}
	for _, p := range s.Problems.Rows {
		sum += t.row([]string{p.Text, p.Grade, p.Action, p.Owner, p.Due},
			[]float64{0.44 * paperWidth, 0.095 * paperWidth, 0.2 * paperWidth, 0.1 * paperWidth, 0.12 * paperWidth})
	}
	const signature = 9
	return sum + signature*float64(len(s.Opinion.Rows)) + 3*t.row(nil, nil)
}

// stepWidths are those of the columns of the table of steps, as sheet.css has them.
func stepWidths() []float64 {
	return []float64{
		0.05 * paperWidth, 0.17 * paperWidth, 0.26 * paperWidth, 0.09 * paperWidth, 0.14 * paperWidth,
		0.12 * paperWidth, 0.17 * paperWidth,
	}
}

// row is the height of a row with these texts.
func (t setting) row(texts []string, widths []float64) float64 {
	most := 1.0
	for i, s := range texts {
		most = max(most, t.lines(s, widths[i]-3))
	}
	return most*t.line + t.pad
}

// lines is how many a text takes.
func (t setting) lines(s string, room float64) float64 {
	n := 0.0
	start := 0
	for i := 0; i <= len(s); i++ {
		if i == len(s) || s[i] == '\n' {
			n += max(math.Ceil(t.em*wide(s[start:i])/room), 1)
			start = i + 1
		}
	}
	return n
}

// wide is the width of a text in ems.
func wide(s string) float64 {
	sum := 0.0
	for _, r := range s {
		if k := width.LookupRune(r).Kind(); k == width.EastAsianWide || k == width.EastAsianFullwidth {
			sum++
		} else {
			sum += 0.58
		}
	}
	return sum
}
