package model

import (
	"drillbook/harness/measure"
	"drillbook/harness/record"
	"drillbook/reports/run"
	"drillbook/reports/text"
	"drillbook/reports/words"
)

// What is said otherwise where people acted on a cluster of their own, and where nothing
// was promised.

// rto is the longest outage that was promised; a dash if nothing was.
func (w writer) rto(p record.Promise) string {
	if p.NoRTO {
		return "–"
	}
	return w.Duration(p.RTO)
}

// rpo is how many writes may be lost by promise; a dash if nothing was promised.
func (w writer) rpo(p record.Promise) string {
	if p.NoRPO {
		return "–"
	}
	return count(p.RPO)
}

// downtimeNote says what was promised of the downtime.
func (d drafter) downtimeNote() string {
	p := d.rec.Head.Promise
	if p.NoRTO {
		return d.Say("figure.no-promise")
	}
	return d.Say("figure.promised", "limit", d.Duration(p.RTO))
}

// lostNote says what was promised of lost writes.
func (d drafter) lostNote() string {
	p := d.rec.Head.Promise
	switch {
	case onlyReads(d.Drill):
		return d.Say("figure.only-reads")
	case p.NoRPO:
		return d.Say("figure.lost-no-promise")
	}
	return d.Say("figure.may-be-lost", "most", count(p.RPO))
}

// onlyReads reports whether nothing was to be written.
func onlyReads(d run.Drill) bool {
	w := d.Record.Head.Watched
	return w != nil && w.ReadOnly
}

// outageLine says how long clients could not write, and what was promised of that.
func (d drafter) outageLine() string {
	longest, p := d.res.Downtime.Longest, d.rec.Head.Promise
	bracket, limit := d.Bracket(longest.Bracket, longest.Open), d.Duration(p.RTO)
	switch none := d.res.Downtime.Count == 0; {
	case onlyReads(d.Drill):
		return words.Sentences([]string{d.readsLine(), d.Say("line.only-reads")})
	case p.NoRTO && none:
		return d.Say("line.no-outage-measured")
	case p.NoRTO:
		return d.Say("line.outage-measured", "bracket", bracket)
	case none:
		return d.Say("line.no-outage", "limit", limit)
	}
	return d.Say("line.outage", "bracket", bracket, "limit", limit)
}

// readsLine says how long reads were not answered.
func (d drafter) readsLine() string {
	longest := measure.Bracket{}
	open := false
	for _, o := range measure.ReadOutages(d.rec, d.res.Outages) {
		open = open || o.Open
		longest = measure.Bracket{Least: max(longest.Least, o.Least), Most: max(longest.Most, o.Most)}
	}
	if longest == (measure.Bracket{}) && !open {
		return d.Say("line.reads-answered")
	}
	return d.Say("line.reads-out", "bracket", d.Bracket(longest, open))
}

// unjudgedLine is the line of a verdict that is none.
func (d drafter) unjudgedLine() string {
	parts := []string{d.Say("line.unjudged"), d.outageLine()}
	switch {
	case onlyReads(d.Drill): // it was said
	case !d.res.Writes.Counted:
		parts = append(parts, d.Say("writes.uncounted"))
	default:
		parts = append(parts, d.lostLine())
	}
	return words.Sentences(parts)
}

// watchedBy says who watched what, "" if it was a drill.
func (d drafter) watchedBy() string {
	w := d.rec.Head.Watched
	if w == nil {
		return ""
	}
	return d.Say("watched", "by", text.Name(w.By), "at", d.List(d.rec.Head.Members))
}

// watchedHow says what must be known of a cluster that was only watched.
func (d drafter) watchedHow() string {
	w := d.rec.Head.Watched
	if w == nil {
		return ""
	}
	parts := []string{d.Say("watched.how", "login", d.Detail(w.Login))}
	if w.ReadOnly {
		parts = append(parts, d.Say("watched.only-reads"))
	}
	if len(d.rec.Head.Members) == 1 {
		parts = append(parts, d.Say("watched.one-address"))
	}
	return words.Sentences(parts)
}

// marks are what the people who acted have said while they followed a runbook.
func (d drafter) marks() []string {
	var all []string
	if len(d.rec.Head.Steps) == 0 {
		return nil // each is a step of its own
	}
	for _, e := range d.rec.Events {
		if e.Kind == record.Marked && e.What != "" && len(all) < maxRows {
			all = append(all, d.Say("watched.mark", "at", words.Moment(e.At), "what", quote(e.What)))
		}
	}
	return all
}

// unjudged is how many drills were measured without a promise, as part of a tally; "" if
// none was.
func (w writer) unjudged(n map[measure.Verdict]int) string {
	if n[measure.Unjudged] == 0 {
		return ""
	}
	return w.Say("tally.unjudged", "count", count(n[measure.Unjudged]))
}
