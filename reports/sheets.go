package reports

import (
	"bytes"
	"context"
	"errors"
	"io"
	"path/filepath"
	"slices"
	"strings"

	"drillbook/harness/phrase"
	"drillbook/reports/cover"
	"drillbook/reports/model"
	"drillbook/reports/office"
	"drillbook/reports/page"
	"drillbook/reports/paper"
	"drillbook/reports/sheet"
)

// Format is a file format of the sheet that is signed. Its HTML is always written.
type Format string

// The formats.
const (
	PDF  Format = "pdf" // the sheet, and the annex beside it
	XLSX Format = "xlsx"
	DOCX Format = "docx"
	CSV  Format = "csv"
)

// Formats are all formats.
func Formats() []Format { return []Format{PDF, XLSX, DOCX, CSV} }

// Sheets says how sheets are written.
type Sheets struct {
	Lang     string
	Formats  []Format
	Template string // XLSX file that is filled in; "" for none
}

// WriteSheets renders the sheets of all drills of a run, each into the folder of its
// drill below dir. Files appear whole or not at all, and none is replaced by one that was
// not rendered to its end. If printing fails, all else is written, and the error says so; a
// browser that hangs or crashes is not tried again with the drills that follow.
func WriteSheets(ctx context.Context, dir string, r Run, how Sheets) error {
	r = r.Hashed(dir)
	m, err := model.Of(r, how.Lang)
	if err != nil {
		return phrase.Errorf("write sheets: %w", err)
	}
	var form []byte
	if how.Template != "" {
		if form, err = office.ReadTemplate(how.Template, m.Drills); err != nil {
			return err
		}
	}
	printer, unprinted := printerFor(how)
	for i, d := range m.Drills {
		name := r.Drills[i].Name
		files := sheetFiles(d, how.Formats, form)
		if printer != nil {
			pdfs, err := printed(ctx, *printer, r, i, d)
			if err != nil {
				unprinted = errors.Join(unprinted, phrase.Errorf("%s: %w", filepath.Join(dir, name), err))
			}
			if errors.Is(err, paper.ErrBroken) { // it would be waited for as long with each drill
				printer = nil
			}
			files = append(files, pdfs...)
		}
		if err := writeAll(filepath.Join(dir, name), files); err != nil {
			return errors.Join(unprinted, phrase.Errorf("write sheet: %w", err))
		}
	}
	return unprinted
}

// printerFor finds what prints, if anything is to be printed.
func printerFor(how Sheets) (*paper.Printer, error) {
	if !slices.Contains(how.Formats, PDF) {
		return nil, nil //nolint:nilnil // nothing is to be printed
	}
	p, err := paper.Find()
	if err != nil {
		return nil, err
	}
	return &p, nil
}

// sheetFiles are the files of a drill's sheet that need no browser. That on a stand-in
// has a name that says so.
func sheetFiles(d model.Drill, formats []Format, form []byte) []file {
	base := "sheet" + suffix(d)
	files := []file{{base + ".html", func(w io.Writer) error { return sheet.Write(w, d.Sheet) }}}
	for _, f := range []struct {
		format Format
		render func(io.Writer) error
	}{
		{XLSX, func(w io.Writer) error { return office.XLSX(w, d) }},
		{DOCX, func(w io.Writer) error { return office.DOCX(w, d.Sheet) }},
		{CSV, func(w io.Writer) error { return office.CSV(w, d.Sheet) }},
	} {
		if slices.Contains(formats, f.format) {
			files = append(files, file{base + "." + string(f.format), f.render})
		}
	}
	if form != nil {
		files = append(files, file{"form" + suffix(d) + ".xlsx", func(w io.Writer) error {
			return office.Fill(w, form, d.Sheet)
		}})
	}
	return files
}

func suffix(d model.Drill) string {
	if d.Sheet.Mark == "" {
		return ""
	}
	return "-stand-in"
}

// printed are the sheet of a drill and its annex, on paper.
func printed(ctx context.Context, p paper.Printer, r Run, n int, d model.Drill) ([]file, error) {
	whole, err := printSheet(ctx, p, d.Sheet)
	if err != nil {
		return nil, phrase.Errorf("sheet.pdf: %w", err)
	}
	files := append(make([]file, 0, 2), file{"sheet" + suffix(d) + ".pdf", copied(whole)})
	alone := r
	alone.Drills, alone.Skipped, alone.Broken = r.Drills[n:n+1], nil, nil
	m, err := model.Of(alone, d.Sheet.Lang)
	if err != nil {
		return files, err
	}
	var html bytes.Buffer
	if err := annex(&html, m); err != nil {
		return files, err
	}
	annex, err := p.Print(ctx, html.Bytes())
	if err != nil {
		return files, phrase.Errorf("annex.pdf: %w", err)
	}
	return append(files, file{"annex" + suffix(d) + ".pdf", copied(annex)}), nil
}

// annex is the page of a drill without its sheet. That on a stand-in says so on every
// page of paper.
func annex(w io.Writer, r model.Report) error {
	stamp, err := sheet.Stamp(r.Drills[0].Sheet)
	if err != nil {
		return err
	}
	return page.Drill(w, r, r.Drills[0], page.Around{Sheet: stamp})
}

// maxPages is how many pages the sheet may take.
const maxPages = 2

// printSheet prints a sheet as wide as two pages take it.
func printSheet(ctx context.Context, p paper.Printer, s model.Sheet) ([]byte, error) {
	for level := sheet.Fit(s); ; level++ {
		var html bytes.Buffer
		if err := sheet.WriteAt(&html, s, level); err != nil {
			return nil, err
		}
		pdf, err := p.Print(ctx, html.Bytes())
		if err != nil {
			return nil, err
		}
		pages := paper.Pages(pdf)
		if pages <= maxPages {
			return pdf, nil
		}
		if level >= sheet.Tightest {
			return nil, phrase.Errorf("it takes %d pages, and %d at most are signed", pages, maxPages)
		}
	}
}

func copied(b []byte) func(io.Writer) error {
	return func(w io.Writer) error {
		_, err := w.Write(b)
		return err
	}
}

// ParseFormats reads a list of formats with commas between them; "all" is all of them.
func ParseFormats(s string) ([]Format, error) {
	if s == "" {
		return nil, nil
	}
	if s == "all" {
		return Formats(), nil
	}
	var formats []Format
	for one := range strings.SplitSeq(s, ",") {
		f := Format(strings.TrimSpace(one))
		if !slices.Contains(Formats(), f) {
			return nil, phrase.Errorf("no format %q; there are %v, and all", f, Formats())
		}
		if !slices.Contains(formats, f) {
			formats = append(formats, f)
		}
	}
	return formats, nil
}

// Cover is what people say of the drills of a run.
type Cover = cover.Cover

// ReadCover reads a cover. Its errors take one line.
func ReadCover(name string) (*Cover, error) { return cover.ReadFile(name) }

// CoverTemplate is a cover to be filled in, with comments in a language.
func CoverTemplate(lang string) ([]byte, error) { return cover.Template(lang) }

// Form is a template that can be filled in as it is.
func Form(lang string) ([]byte, error) { return office.Form(lang) }

// CheckTemplate finds out whether a form can be filled in at all.
func CheckTemplate(name string) error {
	_, err := office.ReadTemplate(name, nil)
	return err
}

// Printing is what this machine has for printing.
type Printing struct {
	Browser string // "" if there is none
	Font    string // that has Chinese; "" if there is none
	// FontKnown says that fonts could be looked for at all.
	FontKnown bool
	Install   string // how to get what is missing
}

// FindPrinting looks for what prints.
func FindPrinting(ctx context.Context) Printing {
	found := Printing{Install: paper.Install()}
	if p, err := paper.Find(); err == nil {
		found.Browser = p.Path
	}
	found.Font, found.FontKnown = paper.ChineseFont(ctx)
	return found
}
