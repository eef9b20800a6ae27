package model

import (
	"drillbook/harness/measure"
	"drillbook/reports/words"
)

// Table is rows under a head.
type Table struct {
	Head []Column
	Rows []Row
	Foot []string
	More string // says how many rows were left out; "" if none

	left  int
	words writer
}

// Column is what is common to the cells of a column.
type Column struct {
	Title string
	Brief string // the title where there is little room; "" if it is the same
	Right bool   // it holds figures
	Short bool   // its cells are a word or two, on one line
	Mark  bool   // it says what is wrong with a row
}

// Row is one row.
type Row struct {
	Cells []string
	Mark  string // the verdict on what the row tells; "" if there is none
	Level string // [Group] or [Part]; "" for any other row
	Drill string // ID of the drill that it tells of; "" if of none
}

// The levels of rows that are not alike.
const (
	Group = "group" // a heading over the rows that follow
	Part  = "part"  // of the row above it
)

// First is the table with at most so many rows.
func (t *Table) First(rows int) *Table {
	if t == nil || len(t.Rows) <= rows {
		return t
	}
	first := *t
	first.Rows = t.Rows[:rows]
	first.leaveOut(t.left + len(t.Rows) - rows)
	return &first
}

func (t *Table) leaveOut(n int) { t.left, t.More = n, t.words.leftOut(n) }

// writer writes what reports say, in the words of a language.
type writer struct{ words.Words }

// leftOut says that so many entries are left out.
func (w writer) leftOut(n int) string {
	if n <= 0 {
		return ""
	}
	return w.Say("left-out", "count", count(n))
}

// count writes a number.
func count(n int) string { return words.Count(n) }

func (w writer) table(titles ...string) *Table {
	t := &Table{words: w}
	for _, title := range titles {
		t.Head = append(t.Head, Column{Title: title})
	}
	return t
}

// figures says which columns hold figures.
func (t *Table) figures(columns ...int) *Table {
	for _, n := range columns {
		t.Head[n].Right = true
	}
	return t
}

// short says which columns hold a word or two.
func (t *Table) short(columns ...int) *Table {
	for _, n := range columns {
		t.Head[n].Short = true
	}
	return t
}

// marks says which column tells what is wrong with a row.
func (t *Table) marks(column int) *Table {
	t.Head[column].Mark = true
	return t
}

// brief is the title of a column where there is little room.
func (t *Table) brief(column int, title string) *Table {
	t.Head[column].Brief = title
	return t
}

func (t *Table) add(cells ...string) { t.Rows = append(t.Rows, Row{Cells: cells}) }

// rate adds a row with a verdict on what it tells.
func (t *Table) rate(v measure.Verdict, cells ...string) {
	t.Rows = append(t.Rows, Row{Cells: cells, Mark: string(v)})
}

// room says for how many of n rows there is room, and leaves out the others.
func (t *Table) room(n, most int) int {
	t.leaveOut(max(n-most, 0))
	return min(n, most)
}

// orNil is nil instead of a table without rows.
func (t *Table) orNil() *Table {
	if len(t.Rows) == 0 {
		return nil
	}
	return t
}
