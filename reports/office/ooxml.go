package office

import (
	"encoding/xml"
	"strconv"
	"strings"
)

// What is needed of WordprocessingML: paragraphs, runs, tables with merged cells, styles,
// a header and a footer.

// element is one of XML, under the name by which it is written.
type element struct {
	Name  string
	Attrs []xml.Attr
	Kids  []element
	Text  string
}

// MarshalXML writes the element.
func (e element) MarshalXML(enc *xml.Encoder, _ xml.StartElement) error {
	start := xml.StartElement{Name: xml.Name{Local: e.Name}, Attr: e.Attrs}
	if err := enc.EncodeToken(start); err != nil {
		return err
	}
	if e.Text != "" {
		if err := enc.EncodeToken(xml.CharData(e.Text)); err != nil {
			return err
		}
	}
	for _, k := range e.Kids {
		if err := enc.Encode(k); err != nil {
			return err
		}
	}
	return enc.EncodeToken(start.End())
}

func attr(name, value string) xml.Attr { return xml.Attr{Name: xml.Name{Local: name}, Value: value} }

// value is an element with nothing but w:val.
func value(name, v string) element { return element{Name: name, Attrs: []xml.Attr{attr("w:val", v)}} }

const wordMain = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"

func namespaces() []xml.Attr {
	return []xml.Attr{
		attr("xmlns:w", wordMain),
		attr("xmlns:r", "http://schemas.openxmlformats.org/officeDocument/2006/relationships"),
	}
}

func contentTypes() element {
	e := element{Name: "Types", Attrs: []xml.Attr{
		attr("xmlns", "http://schemas.openxmlformats.org/package/2006/content-types"),
	}}
	e.Kids = append(e.Kids,
		element{Name: "Default", Attrs: []xml.Attr{
			attr("Extension", "rels"), attr("ContentType", "application/vnd.openxmlformats-package.relationships+xml"),
		}},
		element{Name: "Default", Attrs: []xml.Attr{attr("Extension", "xml"), attr("ContentType", "application/xml")}})
	for _, part := range [][2]string{
		{"document", "document.main"}, {"styles", "styles"}, {"header1", "header"}, {"footer1", "footer"},
	} {
		e.Kids = append(e.Kids, element{Name: "Override", Attrs: []xml.Attr{
			attr("PartName", "/word/"+part[0]+".xml"),
			attr("ContentType", "application/vnd.openxmlformats-officedocument.wordprocessingml."+part[1]+"+xml"),
		}})
	}
	return e
}

// relation is of one part to another.
type relation struct{ target, kind string }

func relations(all ...relation) element {
	e := element{Name: "Relationships", Attrs: []xml.Attr{
		attr("xmlns", "http://schemas.openxmlformats.org/package/2006/relationships"),
	}}
	for i, r := range all {
		e.Kids = append(e.Kids, element{Name: "Relationship", Attrs: []xml.Attr{
			attr("Id", "rId"+strconv.Itoa(i+1)),
			attr("Type", "http://schemas.openxmlformats.org/officeDocument/2006/relationships/"+r.kind),
			attr("Target", r.target),
		}})
	}
	return e
}

// styles are those of paragraphs. Sizes are in half points.
func styles(lang string) element {
	font := element{Name: "w:rFonts", Attrs: []xml.Attr{
		attr("w:ascii", "Arial"), attr("w:hAnsi", "Arial"), attr("w:eastAsia", "Noto Sans CJK SC"),
		attr("w:cs", "Arial"),
	}}
	spoken := element{Name: "w:lang", Attrs: []xml.Attr{attr("w:val", "en-US"), attr("w:eastAsia", "zh-CN")}}
	if lang == "zh" {
		spoken.Attrs[0].Value = "zh-CN"
	}
	e := element{Name: "w:styles", Attrs: namespaces(), Kids: []element{{Name: "w:docDefaults", Kids: []element{
		{Name: "w:rPrDefault", Kids: []element{{Name: "w:rPr", Kids: []element{font, value("w:sz", "17"), spoken}}}},
	}}}}
	for _, s := range []struct {
		id, size, align string
		bold            bool
	}{
		{"Normal", "17", "left", false},
		{"Strong", "17", "left", true},
		{"Title", "32", "center", true},
		{"Heading1", "20", "left", true},
		{"number", "17", "right", false},
		{"verdict", "28", "left", true},
		{"margin", "15", "left", false},
	} {
		style := element{Name: "w:style", Attrs: []xml.Attr{attr("w:type", "paragraph"), attr("w:styleId", s.id)}}
		look := []element{value("w:sz", s.size)}
		if s.bold {
			look = append([]element{{Name: "w:b"}}, look...)
		}
		if s.id == "Normal" {
			style.Attrs = append(style.Attrs, attr("w:default", "1"))
		}
		var set []element
		if s.id == "margin" {
			set = append(set, element{Name: "w:tabs", Kids: []element{{Name: "w:tab", Attrs: []xml.Attr{
				attr("w:val", "right"), attr("w:pos", strconv.Itoa(textWidth)),
			}}}})
		}
		set = append(set, value("w:jc", s.align))
		style.Kids = []element{value("w:name", s.id), {Name: "w:pPr", Kids: set}, {Name: "w:rPr", Kids: look}}
		e.Kids = append(e.Kids, style)
	}
	return e
}

// margin is a header or a footer.
func margin(name string, p element) element {
	return element{Name: name, Attrs: namespaces(), Kids: []element{p}}
}

// paragraph has runs in a style; "" is the usual one.
func paragraph(style string, runs ...element) element {
	p := element{Name: "w:p"}
	if style != "" {
		p.Kids = []element{{Name: "w:pPr", Kids: []element{value("w:pStyle", style)}}}
	}
	p.Kids = append(p.Kids, runs...)
	return p
}

// run is text, with its line ends.
func run(s string) element {
	r := element{Name: "w:r"}
	for i, line := range strings.Split(s, "\n") {
		if i > 0 {
			r.Kids = append(r.Kids, element{Name: "w:br"})
		}
		r.Kids = append(r.Kids, element{Name: "w:t", Attrs: []xml.Attr{attr("xml:space", "preserve")}, Text: line})
	}
	return r
}

func tab() element { return element{Name: "w:r", Kids: []element{{Name: "w:tab"}}} }

func strong(s string) element { return looking(run(s), element{Name: "w:b"}) }

// plain is text that is not bold within a style that is.
func plain(s string) element { return looking(run(s), value("w:b", "0")) }

func looking(r element, how element) element {
	r.Kids = append([]element{{Name: "w:rPr", Kids: []element{how}}}, r.Kids...)
	return r
}

// counter is the number of a page or of all pages.
func counter(field string) element {
	return element{Name: "w:fldSimple", Attrs: []xml.Attr{attr("w:instr", field)}, Kids: []element{run("1")}}
}

// textWidth is how wide the text is, in twentieths of a point: A4 between its margins.
const textWidth = 10318

// grid is a table under way.
type grid struct {
	widths []int
	rows   []element
}

// table is one with columns of these percentages.
func table(percent ...int) *grid {
	g := &grid{}
	for _, p := range percent {
		g.widths = append(g.widths, textWidth*p/100)
	}
	return g
}

// row adds a row of texts.
func (g *grid) row(style string, texts ...string) {
	cells := make([]element, 0, len(texts))
	for i, s := range texts {
		cells = append(cells, cellOf(g.widths[i], 1, style, s))
	}
	g.cells(cells...)
	if len(g.rows) == 1 { // it is repeated on every page
		g.rows[0].Kids[0].Kids = append(g.rows[0].Kids[0].Kids, element{Name: "w:tblHeader"})
	}
}

// high makes the last row high enough to sign in.
func (g *grid) high() {
	set := &g.rows[len(g.rows)-1].Kids[0]
	set.Kids = append(set.Kids, value("w:trHeight", "500"))
}

func (g *grid) cells(cells ...element) {
	whole := element{Name: "w:trPr", Kids: []element{{Name: "w:cantSplit"}}}
	g.rows = append(g.rows, element{Name: "w:tr", Kids: append([]element{whole}, cells...)})
}

func cellOf(width, span int, style, text string) element {
	return boxOf(width, span, paragraph(style, run(text)))
}

// boxOf is a cell over several columns.
func boxOf(width, span int, paragraphs ...element) element {
	set := element{Name: "w:tcPr", Kids: []element{
		{Name: "w:tcW", Attrs: []xml.Attr{attr("w:w", strconv.Itoa(width)), attr("w:type", "dxa")}},
	}}
	if span > 1 {
		set.Kids = append(set.Kids, value("w:gridSpan", strconv.Itoa(span)))
	}
	return element{Name: "w:tc", Kids: append([]element{set}, paragraphs...)}
}

func (g *grid) element() element {
	borders := element{Name: "w:tblBorders"}
	for _, side := range []string{"top", "left", "bottom", "right", "insideH", "insideV"} {
		borders.Kids = append(borders.Kids, element{Name: "w:" + side, Attrs: []xml.Attr{
			attr("w:val", "single"), attr("w:sz", "4"), attr("w:space", "0"), attr("w:color", "333333"),
		}})
	}
	columns := element{Name: "w:tblGrid"}
	for _, w := range g.widths {
		columns.Kids = append(columns.Kids, element{Name: "w:gridCol", Attrs: []xml.Attr{attr("w:w", strconv.Itoa(w))}})
	}
	return element{Name: "w:tbl", Kids: append([]element{
		{Name: "w:tblPr", Kids: []element{
			{Name: "w:tblW", Attrs: []xml.Attr{attr("w:w", strconv.Itoa(sum(g.widths))), attr("w:type", "dxa")}},
			borders,
			{Name: "w:tblLayout", Attrs: []xml.Attr{attr("w:type", "fixed")}},
		}},
		columns,
	}, g.rows...)}
}

// section is the paper: A4, with the header and the footer.
func section() element {
	return element{Name: "w:sectPr", Kids: []element{
		{Name: "w:headerReference", Attrs: []xml.Attr{attr("w:type", "default"), attr("r:id", "rId2")}},
		{Name: "w:footerReference", Attrs: []xml.Attr{attr("w:type", "default"), attr("r:id", "rId3")}},
		{Name: "w:pgSz", Attrs: []xml.Attr{attr("w:w", "11906"), attr("w:h", "16838")}},
		{Name: "w:pgMar", Attrs: []xml.Attr{
			attr("w:top", "907"), attr("w:right", "794"), attr("w:bottom", "1020"), attr("w:left", "794"),
			attr("w:header", "454"), attr("w:footer", "454"), attr("w:gutter", "0"),
		}},
	}}
}

func sum(all []int) int {
	total := 0
	for _, n := range all {
		total += n
	}
	return total
}
