package model

import (
	"cmp"
	"strings"

	"drillbook/harness/measure"
	"drillbook/harness/night"
	"drillbook/reports/run"
	"drillbook/reports/text"
)

// Night is what is said of a night beside its drills: that what is new stands first, and
// that nobody takes for met what did not run.
type Night struct {
	New, NotRun, Twice, Shards, Disturbed Section
}

// Sections are those of the night, in their order.
func (n Night) Sections() []Section {
	return []Section{n.New, n.NotRun, n.Twice, n.Shards, n.Disturbed}
}

// night adds to a report what a night is besides its drills.
func (w writer) night(out *Report, r run.Run) {
	n := r.Night
	out.Title = w.Say("fact", "name", out.Title) + text.Name(n.Night)
	out.Several, out.Pages = true, true
	all := n.Count()
	out.Conclusion = w.conclude(n.Verdict(), w.verdict(n.Verdict()), w.Say("tally-night", "count", count(len(n.Cells)),
		"met", count(all[night.Met]), "missed", count(all[night.Missed]),
		"unmeasurable", count(all[night.Unmeasurable]), "not-run", count(all[night.NotRun])))
	out.Night = Night{
		New: w.changes(n), NotRun: w.notRun(n), Twice: w.twice(n), Shards: w.shards(n), Disturbed: w.disturbed(r),
	}
	for _, c := range n.Cells {
		if len(c.Turns) == 0 || c.Turns[0].Drill == "" && c.State == night.NotRun {
			out.Absent = append(out.Absent, w.notBegun(c))
		}
	}
}

func (w writer) state(s night.State) string {
	switch s {
	case "":
		return "–"
	case night.NotRun:
		return "–\u00a0" + w.Say("night.state.not-run")
	case night.Met, night.Missed, night.Unmeasurable:
	}
	v := measure.Verdict(s)
	return symbol(v) + "\u00a0" + w.verdict(v)
}

// changes is what is new since the night that this one is compared with.
func (w writer) changes(n *run.Night) Section {
	if n.Like == "" {
		return Section{}
	}
	t := w.table(w.Say("night.cell"), w.Say("night.was"), w.Say("night.is")).short(1, 2).marks(2)
	for _, worse := range []bool{true, false} {
		for _, c := range n.Changes {
			if c.Worse == worse && len(t.Rows) < maxOverview {
				t.rate(markOf(c.Is), text.Name(c.Cell), w.state(c.Was), w.state(c.Is))
			}
		}
	}
	t.leaveOut(len(n.Changes) - len(t.Rows))
	lead := w.Say("night.new.lead", "like", text.Name(n.Like))
	if len(n.Changes) == 0 {
		lead = w.Say("night.new.none", "like", text.Name(n.Like))
	}
	return Section{ID: "new", Title: w.Say("night.new"), Lead: lead, Table: t}
}

// markOf is how a row looks that tells of a state.
func markOf(s night.State) measure.Verdict {
	if s == night.NotRun {
		return measure.Unmeasurable
	}
	return measure.Verdict(s)
}

// notRun are the cells of which nobody knows anything, and why.
func (w writer) notRun(n *run.Night) Section {
	t := w.table(w.Say("night.cell"), w.Say("night.why"))
	left := 0
	for _, c := range n.Cells {
		switch {
		case c.State != night.NotRun:
		case len(t.Rows) == maxOverview:
			left++
		default:
			t.add(text.Name(c.Name), w.whyNotRun(c))
		}
	}
	if len(t.Rows) == 0 {
		return Section{}
	}
	t.leaveOut(left)
	return Section{ID: "not-run", Title: w.Say("night.not-run"), Lead: w.Say("night.not-run.lead"), Table: t}
}

func (w writer) whyNotRun(c night.Outcome) string {
	if c.Missing != "" {
		return w.Say("night.why."+string(c.Missing), "shard", text.Name(cmp.Or(c.Shard, "?")))
	}
	said := make([]string, 0, len(c.Turns))
	for _, t := range c.Turns {
		said = append(said, cmp.Or(quote(t.Why), quote(t.Said), w.Say("night.why.killed")))
	}
	return strings.Join(said, "\n")
}

// twice are the cells that were carried out more than once.
func (w writer) twice(n *run.Night) Section {
	t := w.table(w.Say("night.cell"), w.Say("night.counts"), w.Say("night.turns")).short(1).marks(1)
	left := 0
	for _, c := range n.Cells {
		if len(c.Turns) < 2 {
			continue
		}
		if len(t.Rows) == maxOverview {
			left++
			continue
		}
		turns := make([]string, 0, len(c.Turns))
		for _, one := range c.Turns {
			turns = append(turns, w.turn(one))
		}
		t.rate(markOf(c.State), text.Name(c.Name), w.state(c.State), strings.Join(turns, "\n"))
	}
	if len(t.Rows) == 0 {
		return Section{}
	}
	t.leaveOut(left)
	return Section{ID: "twice", Title: w.Say("night.twice"), Lead: w.Say("night.twice.lead"), Table: t}
}

// turn is what one turn of a cell says.
func (w writer) turn(t night.Carried) string {
	said := w.state(night.NotRun)
	if t.Ran {
		said = w.state(night.State(t.Verdict))
	}
	if t.Ran && !t.ToEnd {
		said += w.Say("note", "note", w.Say("night.cut"))
	}
	if t.Drill != "" {
		said += " · " + t.Drill
	}
	return said
}

// shards is what is wrong with the shards.
func (w writer) shards(n *run.Night) Section {
	if len(n.Problems) == 0 {
		return Section{}
	}
	t := w.table(w.Say("night.problem"))
	for _, p := range n.Problems[:t.room(len(n.Problems), maxOverview)] {
		t.add(w.Say("night.problem."+string(p.Code), "shard", text.Name(p.Shard), "cell", text.Name(p.Cell),
			"detail", text.Name(p.Detail)))
	}
	return Section{ID: "shards", Title: w.Say("night.shards"), Lead: w.Say("night.shards.lead"), Table: t}
}

// disturbed are the drills in which the harness stood still for too long.
func (w writer) disturbed(r run.Run) Section {
	t := w.table(w.Say("drill"), w.Say("probe.stalls"), w.Say("drill-took")).figures(1, 2)
	left := 0
	for _, d := range r.Drills {
		switch {
		case !d.Result.Disturbed():
		case len(t.Rows) == maxOverview:
			left++
		default:
			t.add(text.Name(d.Name), w.Duration(d.Result.StoodStill()), w.Duration(d.Result.Took))
		}
	}
	if len(t.Rows) == 0 {
		return Section{}
	}
	t.leaveOut(left)
	return Section{ID: "disturbed", Title: w.Say("night.disturbed"), Lead: w.Say("night.disturbed.lead"), Table: t}
}

// notBegun is a cell without a record, for machines.
func (w writer) notBegun(c night.Outcome) Absent {
	a := Absent{
		Breakage: cmp.Or(string(c.Missing), string(night.NotRun)), Why: w.whyNotRun(c),
		Origin: Origin{Heading: text.Name(c.Name), Product: text.Name(c.Product), Runbook: text.Name(c.Runbook)},
	}
	for _, t := range c.Turns {
		a.Began = t.Begun
	}
	own := []Property{{"cell", c.Name}, {"runbook", c.Runbook}, {"product", c.Product}}
	a.Properties = properties(own, c.Params, nil)
	return a
}
