package office

import (
	"archive/zip"
	"encoding/xml"
	"io"

	"drillbook/reports/model"
)

// DOCX writes the sheet of a drill as a document that can be edited.
func DOCX(w io.Writer, s model.Sheet) error {
	z := zip.NewWriter(w)
	for _, part := range []struct {
		name string
		root element
	}{
		{"[Content_Types].xml", contentTypes()},
		{"_rels/.rels", relations(relation{"word/document.xml", "officeDocument"})},
		{"word/_rels/document.xml.rels", relations(
			relation{"styles.xml", "styles"}, relation{"header1.xml", "header"}, relation{"footer1.xml", "footer"})},
		{"word/styles.xml", styles(s.Lang)},
		{"word/header1.xml", margin("w:hdr", paragraph("margin", run(s.Mark), tab(), run(s.Number.Value)))},
		{"word/footer1.xml", margin("w:ftr", paragraph("margin", run(s.Run.Label+s.Run.Value), tab(),
			run(s.Paging.Page+" "), counter("PAGE"), run(" "+s.Paging.Of+" "), counter("NUMPAGES"),
			run(" "+s.Paging.Pages)))},
		{"word/document.xml", document(s)},
	} {
		f, err := z.Create(part.name)
		if err != nil {
			return err
		}
		if _, err := io.WriteString(f, xml.Header); err != nil {
			return err
		}
		if err := xml.NewEncoder(f).Encode(part.root); err != nil {
			return err
		}
	}
	return z.Close()
}

// document is the sheet, in the order of the printed one.
func document(s model.Sheet) element {
	body := []element{paragraph("Title", run(s.Title)), paragraph("number", run(s.Number.Label+s.Number.Value))}
	if s.Mark != "" {
		body = append(body, paragraph("Strong", run(s.Mark)))
	}
	body = append(body, head(s.Boxes), paragraph(""), verdict(s), paragraph(""), steps(s.Table))
	if s.Table.More != "" {
		body = append(body, paragraph("", run(s.Table.More)))
	}
	body = append(body, paragraph("Heading1", run(s.Problems.Title)))
	for _, note := range []string{s.Problems.None, s.Problems.More} {
		if note != "" {
			body = append(body, paragraph("", run(note)))
		}
	}
	t := table(4, 46, 8, 20, 10, 12)
	t.row("Strong", s.Problems.Head[:]...)
	for _, p := range s.Problems.Rows {
		t.row("", p.Number, p.Text, p.Grade, p.Action, p.Owner, p.Due)
	}
	body = append(body, t.element(), paragraph("Heading1", run(s.Opinion.Title)))
	t = table(19, 40, 26, 15)
	t.row("Strong", s.Opinion.Head[:]...)
	for _, o := range s.Opinion.Rows {
		t.row("", o.Role, o.Choices, o.Name, "")
		t.high()
	}
	body = append(body, t.element(), paragraph("", run(s.Run.Label+s.Run.Value)),
		paragraph("", run(s.SHA256.Label+s.SHA256.Value)), paragraph("", run(s.Annex)), section())
	return element{Name: "w:document", Attrs: namespaces(), Kids: []element{{Name: "w:body", Kids: body}}}
}

// head are the boxes, two in a row or a wide one.
func head(boxes []model.Box) element {
	t := table(13, 37, 13, 37)
	for i := 0; i < len(boxes); i++ {
		b := boxes[i]
		if b.Wide || i+1 == len(boxes) || boxes[i+1].Wide {
			t.cells(cellOf(t.widths[0], 1, "Strong", b.Name), cellOf(sum(t.widths[1:]), 3, "", b.Value))
			continue
		}
		i++
		t.cells(cellOf(t.widths[0], 1, "Strong", b.Name), cellOf(t.widths[1], 1, "", b.Value),
			cellOf(t.widths[2], 1, "Strong", boxes[i].Name), cellOf(t.widths[3], 1, "", boxes[i].Value))
	}
	return t.element()
}

// verdict is the box with the verdict.
func verdict(s model.Sheet) element {
	lines := []element{paragraph("verdict", run(s.Verdict.Symbol+" "+s.Verdict.Word))}
	figures := make([]element, 0, 3*len(s.Figures))
	for _, f := range s.Figures {
		value := f.Value
		if value == "" {
			value = "________"
		}
		figures = append(figures, run(f.Name+" "), strong(value), run(f.Remark+"    "))
	}
	lines = append(lines, paragraph("", figures...))
	if s.Why != "" {
		lines = append(lines, paragraph("Strong", run(s.Why)))
	}
	for _, n := range s.Notes {
		lines = append(lines, paragraph("", run(n)))
	}
	t := table(100)
	t.cells(boxOf(t.widths[0], 1, lines...))
	return t.element()
}

// steps is the table of steps.
func steps(s model.SheetTable) element {
	t := table(5, 18, 31, 9, 14, 12, 11)
	t.row("Strong", s.Head[:]...)
	for _, r := range s.Rows {
		style := ""
		switch r.Level {
		case model.Group:
			t.cells(boxOf(sum(t.widths), len(t.widths), paragraph("Strong", run(r.Title+"  "), plain(r.Comment))))
			continue
		case model.Total, model.Beyond:
			style = "Strong"
		}
		cells := r.Cells()
		t.row(style, cells[:]...)
	}
	return t.element()
}
