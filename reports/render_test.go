package reports_test

import (
	"io"

	"drillbook/reports"
	"drillbook/reports/junit"
	"drillbook/reports/markdown"
	"drillbook/reports/model"
	"drillbook/reports/page"
)

func asHTML(w io.Writer, r reports.Run, lang string) error {
	m, err := model.Of(r, lang)
	if err != nil {
		return err
	}
	return page.Write(w, m, page.Around{})
}

func asMarkdown(w io.Writer, r reports.Run, lang string) error {
	m, err := model.Of(r, lang)
	if err != nil {
		return err
	}
	return markdown.Write(w, m)
}

func asJUnit(w io.Writer, r reports.Run) error {
	m, err := model.Of(r, "en")
	if err != nil {
		return err
	}
	return junit.Write(w, m)
}
