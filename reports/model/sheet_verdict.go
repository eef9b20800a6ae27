package model

import (
	"slices"
	"time"

	"drillbook/harness/measure"
	"drillbook/harness/record"
	"drillbook/reports/run"
	"drillbook/reports/text"
)

// verdictOf is the word for the verdict on a drill. That on a stand-in says so.
func (w writer) verdictOf(d run.Drill) string {
	if h := d.Record.Head; h.StandIn != "" {
		return w.verdictOn(d.Result.Verdict, w.product(d.Record))
	}
	return w.verdict(d.Result.Verdict)
}

// verdictOn is the word for a verdict on stand-ins of these systems.
func (w writer) verdictOn(v measure.Verdict, standIns ...string) string {
	if len(standIns) == 0 {
		return w.verdict(v)
	}
	return w.Say("verdict.stand-in", "word", w.verdict(v), "system", w.List(standIns))
}

// verdictFigures are those of the box with the verdict.
func (d sheetDrafter) verdictFigures() []Fact {
	p := d.rec.Head.Promise
	bound := d.Say("unknown")
	if d.TriedWrites() {
		bound = d.Bound(d.res.Error)
	}
	limit := d.Say("sheet.limit", "limit", d.Duration(p.RTO))
	mostLost := d.Say("sheet.lost-limit", "most", d.mayBeLost(p.RPO))
	if p.NoRTO {
		limit = d.Say("figure.no-promise")
	}
	if p.NoRPO {
		mostLost = d.lostNote()
	}
	outage := limit + d.Say("and-also") +
		d.Say("sheet.error", "error", bound)
	lost := d.lostOf(d.Drill)
	if lost == count(len(d.res.Writes.Lost)) { // neither unknown nor with a remark
		lost = d.Say("sheet.writes", "count", lost, "all", count(d.res.Writes.Acked+d.res.Writes.Direct.Acked))
	}
	proved := d.Say("not-seen")
	if d.res.Split.Proved {
		proved = d.Say("proved")
	}
	if !d.TriedWrites() {
		proved = d.Say("unknown")
	}
	took, planned := d.sums()
	plan := ""
	if planned != nil {
		plan = d.Say("sheet.planned", "time", d.Duration(*planned))
	}
	return []Fact{
		d.fact(d.Say("sheet.outage"), d.longestOf(d.Drill), outage),
		d.fact(d.Say("sheet.lost"), lost, mostLost),
		d.fact(d.Say("sheet.split"), proved, ""),
		d.fact(d.Say("sheet.took"), d.Duration(took), plan),
		d.fact(d.Say("sheet.last"), d.lastTime(), ""),
	}
}

// lastTime is what the same drill came to last time; "" if nobody says.
func (d sheetDrafter) lastTime() string {
	if d.last == nil {
		return ""
	}
	return d.Say("sheet.last-was", "at", d.last.Record.Head.Began.Format("2006-01-02 15:04"),
		"bracket", d.longestOf(*d.last), "word", d.verdictOf(*d.last))
}

// verdictNotes are what the verdict has to be read with.
func (d sheetDrafter) verdictNotes(of Drill) []string {
	var notes []string
	if of.StandIn != "" {
		notes = append(notes, of.StandIn)
	}
	if e := text.Line(text.Short(d.cover.Environment, maxBox)); e != "" {
		notes = append(notes, d.Say("fact", "name", d.Say("sheet.environment"))+e)
	}
	if d.beyondVerdict() != measure.Met && d.allDone() {
		notes = append(notes, d.Say("sheet.all-done", "row", d.Say("sheet.beyond")))
	}
	for _, o := range d.ownObjectives() {
		notes = append(notes, o.said)
	}
	if t := d.group; t.Count > 1 {
		notes = append(notes, d.Say("sheet.trials", "count", count(t.Count), "verdicts", d.verdicts(t),
			"p50", d.rank(t.Ranks, t.P50), "p95", d.rank(t.Ranks, t.P95), "max", d.rank(t.Ranks, t.Max),
			"lost", d.lostIn(t)))
	}
	return notes
}

// allDone reports whether no step went wrong.
func (d sheetDrafter) allDone() bool {
	return !slices.ContainsFunc(d.res.Steps, func(s measure.Step) bool { return !s.Outcome.Completed() })
}

// objective is what became of one that is stricter than what the runbook promises.
type objective struct {
	verdict measure.Verdict
	said    string
}

// ownObjectives judges the objectives of the organisation that are stricter than the
// promise: the verdict is on the promise alone.
func (d sheetDrafter) ownObjectives() []objective {
	var all []objective
	p := d.rec.Head.Promise
	if rto := d.cover.RTO(); rto > 0 && (p.NoRTO || rto < p.RTO) {
		v := d.ownOutage(rto)
		said := d.Say("sheet.own."+string(v), "limit", d.Duration(rto), "bracket", d.longestOf(d.Drill))
		all = append(all, objective{v, said})
	}
	rpo := d.cover.Objectives.RPO
	if rpo == nil || !p.NoRPO && *rpo >= p.RPO {
		return all
	}
	lost := len(d.res.Writes.Lost)
	v := measure.Met
	switch {
	case d.res.Unfit || !d.res.Writes.Counted || !d.ToEnd():
		v = measure.Unmeasurable
	case lost > *rpo:
		v = measure.Missed
	}
	if v != measure.Met {
		all = append(all, objective{v, d.Say("sheet.own-lost."+string(v), "limit", count(*rpo), "count", count(lost))})
	}
	return all
}

func (d sheetDrafter) ownOutage(limit time.Duration) measure.Verdict {
	t := d.res.Downtime
	switch {
	case d.res.Unfit || !d.TriedWrites():
		return measure.Unmeasurable
	case t.Count > 0 && t.Longest.Least > limit:
		return measure.Missed
	case !d.ToEnd() || t.Open || t.Longest.Most > limit:
		return measure.Unmeasurable
	}
	return measure.Met
}

// beyondVerdict is the worst that can be said of what no step shows: of lost, stale and
// diverged writes and of a split brain.
func (d sheetDrafter) beyondVerdict() measure.Verdict {
	worst := measure.Met
	for _, r := range d.res.Reasons {
		switch {
		case !slices.Contains(beyondSteps(), r.Code):
		case r.Verdict == measure.Missed:
			return measure.Missed
		default:
			worst = measure.Unmeasurable
		}
	}
	switch {
	case d.res.Writes.Counted:
	case d.rec.Head.Promise.NoRPO && worst == measure.Met:
		worst = measure.Unjudged
	default:
		worst = measure.Unmeasurable
	}
	return worst
}

// beyondSteps are the reasons that belong to no step.
func beyondSteps() []measure.Code {
	return []measure.Code{
		measure.RPOMissed, measure.SplitBrain, measure.SplitMissing, measure.SplitUnsaved, measure.StaleReads,
		measure.PhantomWrites, measure.DuplicateWrites, measure.DivergedCopies, measure.RPOUnknown, measure.CopyMissing,
	}
}

// staleCount is how many reads were stale; unknown without reads.
func (d sheetDrafter) staleCount() string {
	if !d.Answered(record.Reading) {
		return d.Say("unknown")
	}
	return count(d.res.Stale.Count)
}
