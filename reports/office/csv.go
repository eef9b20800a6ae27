// Package office renders the sheet that is signed for office programs: XLSX, DOCX and
// CSV. No cell is ever a formula, whatever it begins with.
package office

import (
	"encoding/csv"
	"io"
	"strconv"
	"strings"

	"drillbook/reports/model"
)

// CSV writes the table of steps, in UTF-8 with a mark that spreadsheets want.
func CSV(w io.Writer, s model.Sheet) error {
	if _, err := io.WriteString(w, "\ufeff"); err != nil {
		return err
	}
	out := csv.NewWriter(w)
	out.UseCRLF = true
	rows := [][]string{{s.Verdict.Word, s.Run.Label + s.Run.Value}, columns(s)}
	for _, r := range s.Table.Rows {
		rows = append(rows, record(r))
	}
	for _, row := range rows {
		for i, cell := range row {
			row[i] = inert(cell)
		}
		if err := out.Write(row); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}

// columns are the titles of all columns of the table, with those for programs.
func columns(s model.Sheet) []string {
	h, x := s.Table.Head, s.Heads
	return []string{h[0], h[1], h[2], h[3], x.AllowedMS, h[4], x.LeastMS, x.MostMS, h[5], x.PlannedMS, x.TookMS, h[6]}
}

// record are the cells of a row under these columns.
func record(r model.SheetRow) []string {
	return []string{
		r.Number, r.Title, r.Comment, r.Allowed, figure(r.AllowedMS), r.Downtime, figure(r.LeastMS), figure(r.MostMS),
		r.Spent, figure(r.PlannedMS), figure(r.TookMS), r.Outcome,
	}
}

// figure is a number, "" if there is none.
func figure(n *float64) string {
	if n == nil {
		return ""
	}
	return strconv.FormatFloat(*n, 'f', -1, 64)
}

// inert is a text that a spreadsheet takes for a text: an apostrophe stands before what
// would begin a formula.
func inert(s string) string {
	begun := strings.TrimLeft(s, " \u00a0")
	if begun == "" || !strings.ContainsRune("=+-@\t\r\n", rune(begun[0])) {
		return s
	}
	return "'" + s
}
