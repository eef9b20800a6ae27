package model

import (
	"strconv"
	"time"

	"drillbook/harness/measure"
	"drillbook/reports/cover"
	"drillbook/reports/run"
	"drillbook/reports/text"
)

// Sheet is what stands on the two pages that are signed: what the record shows, in the
// form that people know, and what they say themselves. All else is annex.
type Sheet struct {
	Lang     string
	Title    string
	Number   Fact
	Mark     string // says on every page what was drilled was a stand-in; "" if it was not
	Boxes    []Box
	Verdict  Conclusion
	Why      string   // the first reason; "" if it was met
	Figures  []Fact   // one without a value is to be filled in
	Notes    []string // on the verdict
	Table    SheetTable
	Problems Problems
	Opinion  Opinion
	Run      Fact
	SHA256   Fact
	Annex    string
	Paging   Paging
	Trials   []TrialRow
	Heads    Heads
	words    writer
}

// Box is a field of the head of a sheet. Without a value it is to be filled in by hand.
type Box struct {
	Name, Value string
	Key         string // what a template calls it
	Wide        bool   // it has a line of its own
}

// Paging is how pages are numbered: before the number, between it and the last one, and
// behind that.
type Paging struct{ Page, Of, Pages string }

// SheetTable is the table of steps.
type SheetTable struct {
	Title string
	Head  [7]string
	Rows  []SheetRow
	More  string // says how many rows were left out
	left  int
}

// The levels of rows of a sheet, besides [Group] and [Part].
const (
	Subtotal = "subtotal"
	Beyond   = "beyond" // what no step shows
	Total    = "total"
)

// SheetRow is a row of the table of steps: its cells as they are printed, and its times
// in milliseconds.
type SheetRow struct {
	Level                        string // "" is that of a step
	Number, Title, Comment       string
	Allowed, Downtime            string
	Planned, Took, Spent         string // Spent is the first two in one
	Outcome                      string
	Mark                         string // the verdict on it
	LeastMS, MostMS              *float64
	AllowedMS, PlannedMS, TookMS *float64
}

// Cells are those of the row in the order of the head.
func (r SheetRow) Cells() [7]string {
	return [7]string{r.Number, r.Title, r.Comment, r.Allowed, r.Downtime, r.Spent, r.Outcome}
}

// Problems are what is to be done about.
type Problems struct {
	Title string
	Head  [6]string
	Rows  []Problem
	None  string // said instead of rows of the drill's own; "" if there are some
	More  string // says how many were left out
	left  int
}

// Problem is one of them. What is empty is to be filled in by hand.
type Problem struct{ Number, Text, Grade, Action, Owner, Due string }

// Opinion is where people sign.
type Opinion struct {
	Title string
	Head  [4]string
	Rows  []Signer
}

// Signer is somebody who signs.
type Signer struct{ Role, Choices, Name string }

// TrialRow is one trial of the same drill.
type TrialRow struct {
	Number                                  int
	Run, Began, Verdict, Outage, Lost, Took string
	LeastMS, MostMS, TookMS                 *float64
	LostCount                               *int
}

// Heads are titles of columns and sheets that only tables for programs have.
type Heads struct {
	Table, Checks, Trials              string
	Trial, Run, Began, Verdict, Outage string
	Lost, LostCount, Took              string
	LeastMS, MostMS                    string
	AllowedMS, PlannedMS, TookMS       string
}

// sheetDrafter writes the sheet of one drill of a run.
type sheetDrafter struct {
	drafter
	cover cover.Cover
	group run.Trials // of which the drill is one
	last  *run.Drill // the same drill, last time; nil if nobody says
}

// addSheets gives each drill its sheet.
func (w writer) addSheets(r run.Run, drills []Drill) {
	all := r.Trials()
	for i, d := range r.Drills {
		s := sheetDrafter{drafter: drafter{writer: w, Drill: d, rec: d.Record, res: d.Result}, last: r.LastOf(d)}
		if r.Cover != nil {
			s.cover = *r.Cover
		}
		for _, t := range all {
			if t.Has(d) {
				s.group = t
			}
		}
		drills[i].Sheet = s.sheet(drills[i])
	}
}

func (d sheetDrafter) sheet(of Drill) Sheet {
	out := Sheet{
		Lang: d.Lang, Title: d.Say("sheet.title"), Number: d.fact(d.Say("sheet.number"), quote(d.cover.Number), ""),
		Boxes: d.boxes(), Verdict: of.Conclusion, Figures: d.verdictFigures(), Notes: d.verdictNotes(of),
		Table: d.sheetTable(of), Problems: d.problems(of), Opinion: d.opinion(of.Conclusion),
		Run:    d.fact(d.Say("sheet.run"), text.Name(d.rec.Head.Run), ""),
		SHA256: d.fact(d.Say("sheet.sha256"), d.SHA256, ""), Annex: d.Say("sheet.annex"),
		Paging: Paging{d.Say("sheet.page"), d.Say("sheet.of"), d.Say("sheet.pages")},
		Trials: d.trialRows(), Heads: d.heads(), words: d.writer,
	}
	if d.rec.Head.StandIn != "" {
		out.Mark = d.Say("sheet.mark", "system", d.product(d.rec))
	}
	if len(of.Reasons) > 0 {
		out.Why = d.called(of.Reasons[0].Text)
	}
	return out
}

func (d sheetDrafter) heads() Heads {
	return Heads{
		Table: d.Say("sheet.table"), Checks: d.Say("sheet.checks"), Trials: d.Say("sheet.trial-list"),
		Trial: d.Say("sheet.trial"), Run: d.Say("sheet.run"), Began: d.Say("sheet.when"),
		Verdict: d.Say("verdict"), Outage: d.Say("sheet.outage"), Lost: d.Say("sheet.lost"),
		LostCount: d.Say("sheet.lost-count"), Took: d.Say("sheet.took"), LeastMS: d.Say("sheet.least-ms"),
		MostMS: d.Say("sheet.most-ms"), AllowedMS: d.Say("sheet.allowed-ms"), PlannedMS: d.Say("sheet.planned-ms"),
		TookMS: d.Say("sheet.took-ms"),
	}
}

// trialRows are all trials of the drill, this one among them.
func (d sheetDrafter) trialRows() []TrialRow {
	rows := make([]TrialRow, 0, len(d.group.Drills))
	for i, one := range d.group.Drills[:min(len(d.group.Drills), maxRows)] {
		h, t := one.Record.Head, one.Result
		row := TrialRow{
			Number: i + 1, Run: text.Name(h.Run), Began: h.Began.Format(when), Verdict: d.verdictOf(one),
			Outage: d.longestOf(one), Lost: d.lostOf(one), Took: d.Duration(t.Took), TookMS: millis(t.Took),
		}
		if one.TriedWrites() && t.Downtime.Count > 0 {
			row.LeastMS, row.MostMS = bracketMillis(t.Downtime.Longest.Bracket, t.Downtime.Open)
		}
		if t.Writes.Counted {
			row.LostCount = new(len(t.Writes.Lost))
		}
		rows = append(rows, row)
	}
	return rows
}

// when is how the sheet writes times of day.
const when = "2006-01-02 15:04:05 -07:00"

// millis is a time in milliseconds, to the microsecond.
func millis(t time.Duration) *float64 {
	return new(float64(t.Round(time.Microsecond)) / float64(time.Millisecond))
}

// bracketMillis are the ends of a bracket. An open one has no upper end.
func bracketMillis(b measure.Bracket, open bool) (least, most *float64) {
	if open {
		return millis(b.Least), nil
	}
	return millis(b.Least), millis(b.Most)
}

func number(n int) string { return strconv.Itoa(n) }
