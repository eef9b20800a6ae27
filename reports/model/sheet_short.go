package model

import (
	"slices"
	"strings"
	"unicode"
)

// Shortest is the highest level that [Sheet.Shorter] knows.
const Shortest = 4

// Shorter is the sheet with less on it, so that it takes two pages however long the
// runbook is; what is missing stands in the annex. Level 0 is the whole sheet. From 1 on
// comments are short, from 2 on steps that are as they should be have none, from 3 on
// such steps are left out unless service was interrupted in them, and 4 is bounded
// whatever is wrong.
func (s Sheet) Shorter(level int) Sheet {
	if level <= 0 {
		return s
	}
	s.Table.Rows = slices.Clone(s.Table.Rows)
	for i := range s.Table.Rows {
		r := &s.Table.Rows[i]
		r.Title, r.Comment = shortened(r.Title, shortTitle), shortened(r.Comment, shortComment)
		if level > 1 && r.plain() {
			r.Comment = ""
		}
	}
	if level > 2 {
		s = s.leaveOut(func(r SheetRow) bool { return r.plain() && (r.MostMS == nil || *r.MostMS == 0) })
	}
	s.Problems = s.Problems.shorter(s.words, level)
	if level > 3 {
		s = s.bound()
	}
	return s
}

// bound takes out what a sheet of any length can do without.
func (s Sheet) bound() Sheet {
	s.Boxes = slices.Clone(s.Boxes)
	for i := range s.Boxes {
		s.Boxes[i].Value = shortened(s.Boxes[i].Value, shortBox)
	}
	s.Opinion.Rows = slices.Clone(s.Opinion.Rows)
	for i := range s.Opinion.Rows {
		s.Opinion.Rows[i].Name = shortened(s.Opinion.Rows[i].Name, shortName)
	}
	s.Why = shortened(s.Why, shortProblem)
	room := maxShortRows
	return s.leaveOut(func(r SheetRow) bool {
		if r.Level == Beyond || r.Level == Total {
			return false
		}
		room--
		return room < 0
	})
}

// What a short sheet takes.
const (
	shortTitle    = 36 // Chinese characters
	shortComment  = 60
	shortProblem  = 90
	shortBox      = 60
	shortName     = 24
	maxShortRows  = 16
	maxShortFound = 4
)

// shortened is a text that takes the room of so many Chinese characters at most.
func shortened(s string, most int) string {
	const latin, han = 6, 10 // how wide they are, about
	room := most * han
	for i, r := range s {
		if r > unicode.MaxLatin1 {
			room -= han
		} else {
			room -= latin
		}
		if room < 0 {
			return strings.TrimSpace(s[:i]) + "…"
		}
	}
	return s
}

// plain reports whether a row is of a step, or of a part of one, that is as it should be.
func (r SheetRow) plain() bool { return (r.Level == "" || r.Level == Part) && r.Mark == Met }

func (s Sheet) leaveOut(drop func(SheetRow) bool) Sheet {
	before := len(s.Table.Rows)
	s.Table.Rows = slices.DeleteFunc(s.Table.Rows, drop)
	s.Table.left += before - len(s.Table.Rows)
	if s.Table.left > 0 {
		s.Table.More = s.words.Say("sheet.more", "count", count(s.Table.left))
	}
	return s
}

func (p Problems) shorter(w writer, level int) Problems {
	p.Rows = slices.Clone(p.Rows)
	for i := range p.Rows {
		p.Rows[i].Text = shortened(p.Rows[i].Text, shortProblem)
		p.Rows[i].Action = shortened(p.Rows[i].Action, shortProblem/2)
	}
	if n := len(p.Rows) - 1; level > 3 && n > maxShortFound { // the last one is to be filled in
		p.Rows = slices.Delete(p.Rows, maxShortFound, n)
		p = p.leave(w, n-maxShortFound)
	}
	return p
}
