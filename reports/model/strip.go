package model

import (
	"cmp"
	"strconv"

	"drillbook/harness/measure"
	"drillbook/harness/record"
	"drillbook/reports/run"
	"drillbook/reports/text"
)

// Strip is the longest outage of each of several trials on one axis.
type Strip struct {
	ID, Title, Desc string
	Scale           // logarithmic
	Promise         Tick
	PromiseName     string
	Median          *Span // an interval that holds the median; nil if there is none
	Bars            []StripBar
	Table           *Table
	More            string // says how many trials are left out; "" if none
}

// StripBar is one trial.
type StripBar struct {
	Name    string
	Drill   string
	Verdict string
	Symbol  string
	Span         // at least and at most; both 0 without an outage
	Open    bool // there is no end
	Unfit   bool // nothing may be concluded from it
}

const maxStrip = 60

// strips are those of what was tried more than once.
func (w writer) strips(repeated []run.Trials, ids map[*record.Record]string) []Strip {
	out := make([]Strip, 0, len(repeated))
	for n, t := range repeated[:min(len(repeated), maxRows)] {
		out = append(out, w.strip(t, n+1, ids))
	}
	return out
}

func (w writer) strip(t run.Trials, n int, ids map[*record.Record]string) Strip {
	h := t.Head()
	name := cmp.Or(text.Name(h.Title.In(w.Lang)), text.Name(h.Runbook))
	s := Strip{
		ID: "trials-" + strconv.Itoa(n), Title: w.Say("strip", "what", name, "count", count(t.Count)),
		Desc:    w.Say("strip.desc"),
		Promise: Tick{h.Promise.RTO, w.rto(h.Promise)}, PromiseName: w.Say("strip.promise"),
	}
	s.Table = w.table(w.Say("strip.trial"), w.Say("verdict"), w.Say("downtime-longest"), w.Say("lost")).figures(2, 3).
		marks(1)
	s.More = w.leftOut(len(t.Drills) - maxStrip)
	low, high := cmp.Or(h.Promise.RTO, 1), h.Promise.RTO
	for _, d := range t.Drills[:min(len(t.Drills), maxStrip)] {
		bar := w.stripBar(d)
		bar.Drill = ids[d.Record]
		s.Bars = append(s.Bars, bar)
		s.Table.rate(d.Result.Verdict, bar.Name, bar.Symbol+"\u00a0"+w.verdict(d.Result.Verdict), bar.Label,
			w.lostOf(d))
		s.Table.Rows[len(s.Table.Rows)-1].Drill = bar.Drill
		if bar.To > 0 {
			low, high = min(low, max(bar.From, bar.To/10)), max(high, bar.To)
		}
	}
	s.Scale = drafter{writer: w}.scale(low, high)
	if m := t.Median; m.Coverage > 0 && m.Most > 0 {
		s.Median = &Span{From: m.Least, To: m.Most, Label: w.Say("median") + " " + w.median(m)}
	}
	return s
}

func (w writer) stripBar(d run.Drill) StripBar {
	down := d.Result.Downtime
	bar := StripBar{
		Name: w.trial(d.Record.Head), Verdict: string(d.Result.Verdict), Symbol: symbol(d.Result.Verdict),
		Span: Span{Label: w.longestOf(d)}, Open: down.Open, Unfit: d.Result.Unfit || !d.TriedWrites(),
	}
	if down.Count > 0 {
		bar.From, bar.To = down.Longest.Least, max(down.Longest.Most, down.Longest.Least)
	}
	if d.Result.Verdict == measure.Unmeasurable {
		bar.Label += w.Say("note", "note", w.verdict(d.Result.Verdict))
	}
	return bar
}
