package reports

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"

	"drillbook/reports/model"
	"drillbook/reports/page"
	"drillbook/reports/sheet"
	"drillbook/reports/words"
)

// pages are the index of a run and the pages of its drills. Each is there in every
// language: index.html in the one that was asked for, and another file beside it in
// each other one.
func pages(models map[string]model.Report, lang string) []file {
	var all []file
	for _, l := range words.Languages() {
		m, name := models[l], pageName(l, lang)
		around := page.Around{Paths: map[string]string{}}
		for _, other := range words.Languages() {
			if other != l {
				around.Other, around.OtherLang = pageName(other, lang), other
			}
		}
		for _, d := range m.Drills {
			if !hasFolder(d) {
				continue
			}
			around.Paths[d.ID] = path.Join(d.Folder, name)
			if m.Pages {
				continue
			}
			beside := page.Around{Other: around.Other, OtherLang: around.OtherLang}
			if m.Several {
				beside.Index = "../" + name
			}
			all = append(all, file{
				filepath.Join(d.Folder, name), func(w io.Writer) error { return drillPage(w, m, d, beside) },
			})
		}
		all = append(all, file{name, func(w io.Writer) error { return runPage(w, m, around) }})
	}
	return all
}

// drillPage is the page of a drill, its sheet first.
func drillPage(w io.Writer, m model.Report, d model.Drill, around page.Around) error {
	var err error
	if around.Sheet, err = sheet.Part(d.Sheet); err != nil {
		return fmt.Errorf("the sheet of %s: %w", d.Title, err)
	}
	return page.Drill(w, m, d, around)
}

// runPage is the index of a run, or the page of its only drill.
func runPage(w io.Writer, m model.Report, around page.Around) error {
	if !m.Several {
		return drillPage(w, m, m.Drills[0], around)
	}
	return page.Write(w, m, around)
}

// WriteDrill writes the pages of one drill of a night into its own folder below that of
// the night.
func WriteDrill(dir string, d Drill, generator, lang string) error {
	var files []file
	for _, l := range words.Languages() {
		m, err := model.Of(Run{Drills: []Drill{d}, Generator: generator}, l)
		if err != nil {
			return fmt.Errorf("write the page of %s: %w", d.Name, err)
		}
		around := page.Around{Index: "../" + pageName(l, lang)}
		for _, other := range words.Languages() {
			if other != l {
				around.Other, around.OtherLang = pageName(other, lang), other
			}
		}
		files = append(files, file{
			filepath.Join(d.Name, pageName(l, lang)),
			func(w io.Writer) error { return drillPage(w, m, m.Drills[0], around) },
		})
	}
	return writeAll(dir, files)
}

// pageName is the file of a page in a language, where the reports are in another.
func pageName(lang, asked string) string {
	if lang == asked {
		return PageFile
	}
	return "index." + lang + ".html"
}

// hasFolder reports whether a drill has a folder right below that of the run.
func hasFolder(d model.Drill) bool {
	return d.Folder != "" && filepath.IsLocal(d.Folder) && filepath.Base(d.Folder) == d.Folder && d.Folder != "."
}

// removeOldPages removes what was written when the reports were in another language: a
// page in this one, which is index.html now.
func removeOldPages(dir string, files []file, lang string) error {
	for _, f := range files {
		if filepath.Base(f.name) != PageFile {
			continue
		}
		old := filepath.Join(dir, filepath.Dir(f.name), pageName(lang, ""))
		if err := os.Remove(old); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("remove an old report: %w", err)
		}
	}
	return nil
}
