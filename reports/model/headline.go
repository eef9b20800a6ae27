package model

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"drillbook/harness/measure"
	"drillbook/harness/phrase"
	"drillbook/harness/record"
	"drillbook/reports/run"
	"drillbook/reports/text"
	"drillbook/reports/words"
)

// drafter writes the parts of one drill's report.
type drafter struct {
	writer
	run.Drill
	rec *record.Record
	res measure.Result
	bad badAnswers
}

// maxRows bounds what one drill may say in a table, maxText foreign text in it.
const (
	maxRows = 200
	maxText = 600
)

// quote cleans and bounds foreign text, such as an answer of a database.
func quote(s string) string { return text.Short(s, maxText) }

// tell is a text of the record in the language of the report, as far as the record says
// how.
func (d drafter) tell(s string) string { return quote(d.told(s)) }

// told is [drafter.tell] before it is shortened and cleaned.
func (d drafter) told(s string) string { return d.writer.told(d.rec, s) }

// told is a text of a record in the language of the report, as far as the record says
// how.
func (w writer) told(rec *record.Record, s string) string { return w.Tell(phraseOf(rec, s)) }

// system is the product and its version.
func (w writer) system(rec *record.Record) string {
	return text.Name(w.Name(phraseOf(rec, rec.Head.System)))
}

// product is the system without how it was set up, which stands behind a comma: what a
// stand-in is not.
func (w writer) product(rec *record.Record) string {
	name := w.system(rec)
	if end := strings.IndexAny(name, ",，"); end > 0 {
		return name[:end]
	}
	return name
}

func phraseOf(rec *record.Record, s string) phrase.Phrase {
	if p, ok := rec.Phrases[s]; ok {
		return p
	}
	return phrase.Phrase{Text: s}
}

func drillID(n int) string { return "drill-" + strconv.Itoa(n) }

// folder is that of a drill; "" if its name is not fit to be shown, and so to lead to.
func folder(name string) string {
	if text.Name(name) != name {
		return ""
	}
	return name
}

// newDrill drafts the report of the nth drill.
func newDrill(w writer, drill run.Drill, n int) Drill {
	d := drafter{writer: w, Drill: drill, rec: drill.Record, res: drill.Result}
	d.bad = badAnswersOf(d.res)
	out := d.brief(n)
	out.Sections = Sections{
		Steps: d.stepTable(), Expected: d.expected(), Phases: d.phases(), Consents: d.consents(),
		Measured: d.measured(),
		Writes:   d.writes(), Lost: d.lost(), Split: d.split(), Saved: d.saved(), Outages: d.outages(),
		Faults: d.faults(), Probe: d.probe(), Checks: d.checks(), Commands: d.commands(), Logs: d.logs(),
		About: d.about(), Alerts: d.alerts(), Reads: d.reads(),
	}
	out.Timeline, out.Zoom, out.Waterfall = d.timeline(), d.zoom(), d.waterfall()
	out.Explorer = d.explorer(out.Timeline)
	return out
}

// listedDrill drafts what a report says of a drill that has a page of its own.
func listedDrill(w writer, drill run.Drill, n int) Drill {
	d := drafter{writer: w, Drill: drill, rec: drill.Record, res: drill.Result}
	out := d.brief(n)
	out.Heading = text.Name(drill.Name)
	out.Sections.Faults = d.faults()
	return out
}

// brief is all but the sections of the nth drill and its pictures.
func (d drafter) brief(n int) Drill {
	h := d.rec.Head
	out := Drill{
		ID: drillID(n), Folder: folder(d.Name),
		Conclusion: d.conclude(d.res.Verdict, d.verdictOf(d.Drill), d.verdictLine()),
		Title:      cmp.Or(text.Name(h.Title.In(d.Lang)), text.Name(h.Runbook)), Under: d.under(),
		VerdictTitle: d.Say("verdict"), ReasonsTitle: d.Say("reasons"), Reasons: d.reasons(), Figures: d.figures(),
		Promise: Promise{d.rto(h.Promise), d.rpo(h.Promise)}, Steps: d.steps(), Origin: d.origin(),
	}
	if h.StandIn != "" {
		out.StandIn = d.Say("stand-in", "system", d.product(d.rec), "what", d.Detail(d.told(h.StandIn)))
	}
	if h.Published != "" {
		out.Apart = d.Say("published", "at", d.Detail(d.told(h.Published)))
	}
	if h.Watched != nil {
		out.Apart = d.watchedHow()
	}
	return out
}

// reasons are why the verdict is not better.
func (d drafter) reasons() []Reason {
	all := d.res.Reasons
	out := d.said(all[:min(len(all), maxRows)])
	if len(all) > maxRows {
		out = append(out, Reason{Symbol: "…", Text: d.leftOut(len(all) - maxRows)})
	}
	return out
}

func (d drafter) said(all []measure.Reason) []Reason {
	out := make([]Reason, len(all))
	for i, r := range all {
		if hasText(r.Code) {
			r.Detail = d.told(r.Detail)
		}
		out[i] = Reason{symbol(r.Verdict), d.Sentence(r), string(r.Code)}
	}
	return out
}

// hasText reports whether the detail of a reason is a text of the record, and no name.
func hasText(code measure.Code) bool {
	return slices.Contains([]measure.Code{
		measure.StepFailed, measure.Failure, measure.FaultNotHeld, measure.FaultLapsed, measure.NotHealed,
	}, code)
}

func (d drafter) under() []string {
	h := d.rec.Head
	under := []string{d.system(d.rec), text.Name(h.Runbook)}
	if by := d.watchedBy(); by != "" {
		under = append(under, by)
	}
	if h.Trials > 1 {
		under = append(under, d.trial(h))
	}
	return append(under, h.Began.Format("2006-01-02 15:04:05 -07:00"))
}

// verdictLine is the verdict in one line.
func (d drafter) verdictLine() string {
	switch d.res.Verdict {
	case measure.Unjudged:
		return d.unjudgedLine()
	case measure.Missed, measure.Unmeasurable:
		return d.Say("line." + string(d.res.Verdict))
	case measure.Met:
	}
	return words.Sentences([]string{d.Say("line.met"), d.outageLine(), d.lostLine()})
}

// figures are the four that everybody asks for first.
func (d drafter) figures() []Fact {
	promise := d.rec.Head.Promise
	also := func(note *string, key string, pairs ...string) { *note += d.Say("and-also") + d.Say(key, pairs...) }
	downtime := d.downtimeNote()
	if n := d.res.Downtime.Count; n > 1 {
		total := d.Bracket(d.res.Downtime.Total, d.res.Downtime.Open)
		also(&downtime, "figure.outages", "count", count(n), "total", total)
	}
	lost := d.lostNote()
	if promise.SplitBrain && d.SavedAll() {
		lost = d.Say("figure.saved")
	} else if len(d.res.Writes.Lost) > 0 {
		also(&lost, "figure.oldest", "age", d.Duration(d.res.Writes.OldestLost))
	}
	if d.res.Writes.Counted && len(d.res.Writes.Unread) > 0 {
		also(&lost, "figure.unread")
	}
	proved, split := d.Say("not-seen"), d.Say("figure.no-split")
	if d.res.Split.Proved {
		proved, split = d.Say("proved"), d.Say("figure.split", "time", d.Duration(d.res.Split.Overlap))
	}
	if promise.SplitBrain {
		also(&split, "figure.split-expected")
	}
	took, planned := d.sums()
	spent := d.Say("figure.all-steps")
	if planned != nil {
		spent = d.Say("figure.planned", "time", d.Duration(*planned))
	}
	if d.res.Unfit {
		for _, note := range []*string{&downtime, &lost, &split} {
			also(note, "figure.inconclusive")
		}
	}
	return []Fact{
		d.fact(d.Say("downtime-longest"), d.longestOf(d.Drill), downtime),
		d.fact(d.Say("lost"), d.lostOf(d.Drill), lost), d.fact(d.Say("split-brain"), proved, split),
		d.fact(d.Say("time"), d.Duration(took), spent),
	}
}

func (w writer) fact(name, value, note string) Fact {
	f := Fact{Name: name, Value: value, Note: note, Label: w.Say("fact", "name", name)}
	if note != "" {
		f.Remark = w.Say("note", "note", note)
	}
	return f
}

// sums are how long all steps took and were planned to take; planned is nil if none was.
func (d drafter) sums() (took time.Duration, planned *time.Duration) {
	for _, s := range d.res.Steps {
		if s.Planned != nil {
			if planned == nil {
				planned = new(time.Duration)
			}
			*planned += *s.Planned
		}
		if s.Outcome != measure.Skipped {
			took += s.Took
		}
	}
	return took, planned
}

// origin is what machines sort the drill by.
func (d drafter) origin() Origin {
	h := d.rec.Head
	o := newOrigin(h, d.heading(h))
	o.Took = d.res.Took
	seed := ""
	if h.Seed != 0 {
		seed = strconv.FormatInt(h.Seed, 10)
	}
	var versions map[string]string
	if t := d.rec.Tail; t != nil {
		o.Error, versions = text.Clean(t.Err), t.Versions
	}
	all := properties([]Property{
		{"run", h.Run},
		{"runbook", h.Runbook},
		{"product", h.Product},
		{"system", h.System},
		{"stand_in", h.StandIn},
		{"host", h.Host},
		{"published", h.Published},
		{"machine", h.Machine},
		{"harness", h.Harness},
		{"seed", seed},
		{"trial", strconv.Itoa(h.Trial)},
		{"trials", strconv.Itoa(h.Trials)},
		{"verdict", string(d.res.Verdict)},
	}, h.Params, versions)
	o.Properties = slices.DeleteFunc(all, func(p Property) bool { return p.Value == "" })
	return o
}

func newOrigin(h record.Head, heading string) Origin {
	return Origin{
		Heading: heading, Product: text.Name(h.Product), Runbook: text.Name(h.Runbook), Host: text.Name(h.Host),
		Began: h.Began,
	}
}

// properties are some that are always asked for, then settings and versions.
func properties(all []Property, params, versions map[string]string) []Property {
	for _, k := range slices.Sorted(maps.Keys(params)) {
		all = append(all, Property{"params." + k, params[k]})
	}
	names := slices.Sorted(maps.Keys(versions))
	for _, k := range names[:min(len(names), maxVersions)] {
		all = append(all, Property{"versions." + k, versions[k]})
	}
	for i, p := range all {
		all[i] = Property{text.Line(text.Clean(p.Name)), text.Clean(p.Value)}
	}
	return all
}
