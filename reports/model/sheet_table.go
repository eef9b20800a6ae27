package model

import (
	"strings"
	"time"

	"drillbook/harness/measure"
	"drillbook/reports/text"
)

// sheetTable is the table of steps in the form that people know, with what no step
// shows below it.
func (d sheetDrafter) sheetTable(of Drill) SheetTable {
	t := SheetTable{Title: d.Say("steps"), Head: [7]string{
		"#", d.Say("sheet.step"), d.Say("sheet.comment"), d.Say("sheet.allowed"), d.Say("sheet.downtime"),
		d.Say("sheet.time"), d.Say("sheet.outcome"),
	}}
	grouped := false
	group := make([]measure.Step, 0, len(d.res.Steps))
	for i, s := range d.res.Steps[:min(len(d.res.Steps), maxRows)] {
		if g := s.Group; g != nil {
			t.Rows = append(t.Rows, d.subtotal(group, grouped)...)
			group, grouped = group[:0], true
			t.Rows = append(t.Rows, SheetRow{
				Level: Group, Title: d.called(quote(g.Title.In(d.Lang))),
				Comment: d.called(quote(g.Comment.In(d.Lang))),
			})
		}
		group = append(group, s)
		t.Rows = append(t.Rows, d.sheetStep(s))
		for n, r := range s.Answers {
			t.Rows = append(t.Rows, d.sheetPart(r, of.Steps[i].Rows[n]))
		}
	}
	t.Rows = append(t.Rows, d.subtotal(group, grouped)...)
	t.Rows = append(t.Rows, d.beyond(), d.total(of))
	return t
}

func (d sheetDrafter) sheetStep(s measure.Step) SheetRow {
	r := SheetRow{
		Number: number(s.Number), Title: d.called(quote(s.Title.In(d.Lang))),
		Comment: d.called(quote(s.Comment.In(d.Lang))), Allowed: "—", Mark: string(stepVerdict(s)),
		Outcome: d.outcome(s),
	}
	if s.Blank {
		r.Title, r.Comment = "", ""
	}
	r.Comment = strings.TrimSpace(r.Comment + "\n" + d.ended(s))
	if s.Allowed != nil {
		r.Allowed, r.AllowedMS = d.Say("none"), millis(*s.Allowed)
		if *s.Allowed > 0 {
			r.Allowed = d.Say("sheet.at-most", "limit", d.Duration(*s.Allowed))
		}
	}
	r = r.spend(d.drafter, s.Planned, s.Took, s.Outcome == measure.Skipped)
	return r.suffer(d.drafter, s.Downtime, s.Outcome)
}

// spend fills in what was planned and what was taken.
func (r SheetRow) spend(d drafter, planned *time.Duration, took time.Duration, skipped bool) SheetRow {
	r.Planned, r.Took = "—", "—"
	if planned != nil {
		r.Planned, r.PlannedMS = whole(d.planned(planned)), millis(*planned)
	}
	if !skipped {
		r.Took, r.TookMS = whole(d.Duration(took)), millis(took)
	}
	r.Spent = d.Say("sheet.planned-taken", "planned", r.Planned, "took", r.Took)
	return r
}

// whole is a figure that is not broken over lines.
func whole(s string) string { return strings.ReplaceAll(s, " ", "\u00a0") }

// suffer fills in the downtime.
func (r SheetRow) suffer(d drafter, t measure.Downtime, o measure.Outcome) SheetRow {
	r.Downtime = d.stepDowntime(t, o)
	switch {
	case o == measure.Skipped || !d.TriedWrites():
	case t.Count > 0:
		r.LeastMS, r.MostMS = bracketMillis(t.Total, t.Open)
	case o != measure.Interrupted:
		r.LeastMS, r.MostMS = new(0.0), new(0.0)
	}
	return r
}

// sheetPart is a row of the form that a step with several answers. What each check found
// is in the annex, unless it is wrong or nobody could look.
func (d sheetDrafter) sheetPart(row measure.Row, said FormRow) SheetRow {
	lines := []string{d.called(quote(row.Comment.In(d.Lang)))}
	for _, e := range row.Findings {
		switch {
		case e.Unseen:
			lines = append(lines, d.Say("row.not-seen", "what", text.Name(d.told(e.What)), "why",
				d.Detail(d.told(e.Err))))
		case e.Err != "":
			lines = append(lines, d.Say("error", "error", d.Detail(d.told(e.Err))))
		}
	}
	return SheetRow{
		Level: Part, Number: said.Number, Title: d.called(quote(row.Title.In(d.Lang))),
		Comment: strings.TrimSpace(strings.Join(lines, "\n")), Outcome: said.Symbol + "\u00a0" + said.Word,
		Mark: said.Verdict,
	}
}

// subtotal sums up a group of several steps.
func (d sheetDrafter) subtotal(steps []measure.Step, grouped bool) []SheetRow {
	if !grouped || len(steps) < 2 {
		return nil
	}
	r := SheetRow{Level: Subtotal, Title: d.Say("sheet.subtotal")}
	var planned *time.Duration
	var took time.Duration
	var t measure.Downtime
	outcome := measure.Skipped
	for _, s := range steps {
		planned = plus(planned, s.Planned)
		if s.Outcome != measure.Skipped {
			took += s.Took
			outcome = d.overall()
		}
		t = sum(t, s.Downtime)
	}
	r = r.spend(d.drafter, planned, took, outcome == measure.Skipped)
	return []SheetRow{r.suffer(d.drafter, t, outcome)}
}

// plus is two plans together; nil if neither says anything.
func plus(a, b *time.Duration) *time.Duration {
	switch {
	case a == nil:
		return b
	case b == nil:
		return a
	}
	return new(*a + *b)
}

// sum is the downtime of two steps together.
func sum(a, b measure.Downtime) measure.Downtime {
	if a.Count == 0 || b.Count > 0 && b.Longest.Most > a.Longest.Most {
		a.Longest, a.Main = b.Longest, b.Main
	}
	a.Count += b.Count
	a.Total.Least += b.Total.Least
	a.Total.Most += b.Total.Most
	a.Open = a.Open || b.Open
	return a
}

// beyond is what no step shows: the writes that were looked up at the end, and outages
// outside of steps.
func (d sheetDrafter) beyond() SheetRow {
	w, v := d.res.Writes, d.beyondVerdict()
	counted := func(n int) string {
		if !w.Counted {
			return d.Say("unknown")
		}
		return count(n)
	}
	r := SheetRow{
		Level: Beyond, Title: d.Say("sheet.beyond"), Allowed: "—", Mark: string(v),
		Downtime: d.Say("sheet.beyond-none"),
		Comment: d.Say("sheet.beyond-comment", "lost", d.lostOf(d.Drill), "stale", d.staleCount(),
			"phantom", counted(len(w.Phantom)), "duplicated", counted(len(w.Duplicated)),
			"diverged", counted(len(w.Diverged))),
		Outcome: symbol(v) + "\u00a0" + d.verdict(v),
	}
	inSteps := 0
	for _, s := range d.res.Steps {
		inSteps += s.Downtime.Count
	}
	switch {
	case !d.TriedWrites():
		r.Downtime = d.Say("unknown")
	case d.res.Downtime.Count > inSteps:
		r.Downtime = d.Say("fact", "name", d.Say("sheet.beyond-downtime")) + count(d.res.Downtime.Count-inSteps)
	}
	return r
}

func (d sheetDrafter) total(of Drill) SheetRow {
	word := d.verdict(d.res.Verdict)
	if d.rec.Head.StandIn != "" {
		word = d.Say("verdict.stand-in.short", "word", word)
	}
	r := SheetRow{Level: Total, Title: d.Say("sheet.total"), Mark: of.Verdict, Outcome: of.Symbol + "\u00a0" + word}
	took, planned := d.sums()
	r = r.spend(d.drafter, planned, took, false)
	return r.suffer(d.drafter, d.res.Downtime, d.overall())
}
