// Package page renders a report as pages of HTML: one for each drill, and the index of
// a run of several. A page is one file that asks nothing of any network, for screens of
// any size and for A4 paper. Its only script explores the picture over time; without it
// the page is complete.
package page

import (
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"io"

	"drillbook/reports/model"
)

//go:embed *.tmpl page.css explore.js
var files embed.FS

// Around is what stands around a page.
type Around struct {
	Other     string // the same page in another language; "" if there is none
	OtherLang string // that language
	Index     string // the index of the run; "" if there is none besides the page
	// Sheet is what is signed, without an h1. It comes first on the page of a drill.
	Sheet template.HTML
	// Paths are where the index finds the pages of drills, by their IDs.
	Paths map[string]string
}

// shown is what the templates render.
type shown struct {
	model.Report
	Around
	Drill    model.Drill
	Sections []section
	Style    template.CSS
	Policy   string // what the page may load and run
	Script   template.JS
	Data     template.HTML
}

// Write renders the index of a run: that of its drills or, if it is about one alone,
// the page of that one.
func Write(w io.Writer, r model.Report, a Around) error {
	if !r.Several {
		return Drill(w, r, r.Drills[0], a)
	}
	return render(w, "index", shown{Report: r, Around: a})
}

// Drill renders the page of one drill of a report.
func Drill(w io.Writer, r model.Report, d model.Drill, a Around) error {
	s := shown{Report: r, Around: a, Drill: d, Sections: sections(d)}
	if d.Explorer != nil {
		script, err := files.ReadFile("explore.js")
		if err != nil {
			return fmt.Errorf("read the script of the page: %w", err)
		}
		if s.Data, err = data(*d.Explorer); err != nil {
			return fmt.Errorf("write the attempts of %s: %w", d.Title, err)
		}
		s.Script = template.JS(script) //nolint:gosec // the script is embedded
	}
	return render(w, "drill", s)
}

func render(w io.Writer, name string, s shown) error {
	css, err := files.ReadFile("page.css")
	if err != nil {
		return fmt.Errorf("read the style of the page: %w", err)
	}
	s.Style = template.CSS(css) //nolint:gosec // the style is embedded
	s.Policy = "default-src 'none'; base-uri 'none'; form-action 'none'; style-src 'unsafe-inline'"
	if s.Script != "" {
		sum := sha256.Sum256([]byte(s.Script))
		s.Policy += "; script-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
	}
	tmpl, err := template.New("").Funcs(template.FuncMap{
		"label": s.Label, "class": class, "look": look, "cells": cells, "strip": strip, "having": having,
		"titled": func(title string, t *model.Table) titled { return titled{title, t} },
		"list":   func(all ...any) []any { return all },
		"next":   func(n int) int { return n + 1 },
		"path":   func(id string) string { return s.Paths[id] },
	}).ParseFS(files, "*.tmpl")
	if err != nil {
		return fmt.Errorf("read the template of the page: %w", err)
	}
	return tmpl.ExecuteTemplate(w, name, s)
}
