package model

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"drillbook/harness/measure"
	"drillbook/harness/record"
	"drillbook/reports/run"
	"drillbook/reports/text"
	"drillbook/reports/words"
)

// Of makes the report of a run in a language. It refuses a run that cannot be
// reported truthfully.
func Of(r run.Run, lang string) (Report, error) {
	found, err := words.Find(lang)
	if err != nil {
		return Report{}, err
	}
	if err := r.Check(); err != nil {
		return Report{}, err
	}
	w := writer{found}
	out := Report{
		Lang: w.Lang, Kind: w.Say("title"), Title: w.Say("title"), Absent: absent(r), Broken: w.broken(r.Broken),
		Skipped: w.skipped(r.Skipped), Reading: w.reading(),
		Made:       w.Say("generated", "generator", text.Name(r.RenderedBy())),
		Signatures: Signatures{w.Say("sign.signature"), w.Say("sign.date"), w.Say("sign.by"), w.Say("sign.approved")},
		words:      w,
	}
	if r.Night != nil {
		w.night(&out, r)
	}
	for i, d := range r.Drills {
		if out.Pages {
			out.Drills = append(out.Drills, listedDrill(w, d, i+1))
			continue
		}
		out.Drills = append(out.Drills, newDrill(w, d, i+1))
	}
	if !out.Pages {
		w.addSheets(r, out.Drills)
	}
	if !out.Pages && len(r.Drills) == 1 && !r.LacksDrills() {
		out.Title = w.Say("fact", "name", out.Title) + text.Name(r.Drills[0].Record.Head.Title.In(w.Lang))
		return out, nil
	}
	if !out.Pages {
		out.Several = true
		out.Conclusion = w.tally(r)
	}
	out.Overview = Section{ID: "overview", Title: w.Say("overview"), Table: w.overview(r)}
	repeated := slices.DeleteFunc(r.Trials(), func(t run.Trials) bool { return t.Count < 2 })
	out.Trials, out.Expected = w.trials(repeated), w.expectedOf(repeated)
	ids := map[*record.Record]string{}
	for i, d := range r.Drills {
		ids[d.Record] = drillID(i + 1)
	}
	out.Grid, out.Strips = w.grid(r, ids), w.strips(repeated, ids)
	return out, nil
}

// reading is how to read the figures.
func (w writer) reading() Section {
	s := Section{ID: "reading", Title: w.Say("how-to-read")}
	for n := 1; ; n++ {
		key := fmt.Sprintf("reading.%d", n)
		if !w.Has(key) {
			return s
		}
		s.Notes = append(s.Notes, w.Say(key))
	}
}

// conclude puts a verdict into words.
func (w writer) conclude(v measure.Verdict, word, line string) Conclusion {
	return Conclusion{
		Verdict: string(v), Symbol: symbol(v), Word: word, Line: line,
		Summed: w.Say("verdict-line", "word", word, "line", line),
	}
}

func (w writer) verdict(v measure.Verdict) string { return w.Say("verdict." + string(v)) }

func symbol(v measure.Verdict) string {
	switch v {
	case measure.Met:
		return "✔"
	case measure.Missed:
		return "✘"
	case measure.Unjudged:
		return "○"
	case measure.Unmeasurable:
	}
	return "?"
}

// tally counts the verdicts of a run. One drill that was missed makes the run
// missed; a run without drills shows nothing, and one that lacks a record is not
// met.
func (w writer) tally(r run.Run) Conclusion {
	n := map[measure.Verdict]int{}
	for _, d := range r.Drills {
		n[d.Result.Verdict]++
	}
	worst := measure.Unmeasurable
	switch {
	case n[measure.Missed] > 0:
		worst = measure.Missed
	case n[measure.Met] > 0 && n[measure.Met] == len(r.Drills) && !r.LacksDrills():
		worst = measure.Met
	case n[measure.Unmeasurable] == 0 && n[measure.Unjudged] > 0 && !r.LacksDrills():
		worst = measure.Unjudged
	}
	line := w.Say("tally", "count", count(len(r.Drills)), "met", count(n[measure.Met]),
		"missed", count(n[measure.Missed]), "unmeasurable", count(n[measure.Unmeasurable])) + w.unjudged(n)
	if not := len(r.Skipped) + r.Lacking(); not > 0 {
		line = words.Sentences([]string{line, w.Say("tally.not-run", "count", count(not))})
	}
	return w.conclude(worst, w.verdictOn(worst, w.standIns(r)...), line)
}

// standIns are the systems that stand-ins have played.
func (w writer) standIns(r run.Run) []string {
	var systems []string
	for _, d := range r.Drills {
		if name := w.product(d.Record); d.Record.Head.StandIn != "" && !slices.Contains(systems, name) {
			systems = append(systems, name)
		}
	}
	return systems
}

// maxOverview bounds the drills that an overview lists.
const maxOverview = 500

func (w writer) overview(r run.Run) *Table {
	t := w.table(w.Say("verdict"), w.Say("drill"), w.Say("product"), w.Say("downtime-longest"), "RTO",
		w.Say("lost"), "RPO", w.Say("drill-took")).figures(3, 4, 5, 6, 7).short(0).marks(0)
	for i, d := range r.Drills[:t.room(len(r.Drills), maxOverview)] {
		h := d.Record.Head
		system := w.system(d.Record)
		if h.StandIn != "" {
			system += " — STAND-IN"
		}
		t.rate(d.Result.Verdict,
			symbol(d.Result.Verdict)+"\u00a0"+w.verdict(d.Result.Verdict), w.titled(h), system,
			w.longestOf(d), w.rto(h.Promise), w.lostOf(d), w.rpo(h.Promise),
			w.Duration(d.Result.Took))
		t.Rows[i].Drill = drillID(i + 1)
	}
	return t
}

// titled is what people call a drill.
func (w writer) titled(h record.Head) string {
	s := cmp.Or(text.Name(h.Title.In(w.Lang)), text.Name(h.Runbook))
	if h.Trials > 1 {
		s += " · " + w.trial(h)
	}
	return s
}

// heading is the title of a drill in a list of several.
func (w writer) heading(h record.Head) string {
	s := text.Name(h.Runbook)
	if h.Trials > 1 {
		s += " · " + w.trial(h)
	}
	return s
}

func (w writer) trial(h record.Head) string {
	return w.Say("trial", "n", strconv.Itoa(h.Trial), "of", strconv.Itoa(h.Trials))
}

// longestOf is the longest outage of clients' writes.
func (w writer) longestOf(d run.Drill) string {
	t := d.Result.Downtime
	switch {
	case onlyReads(d):
		return w.Say("not-checked")
	case !d.TriedWrites():
		return w.Say("unknown")
	case t.Count == 0:
		return w.none(d)
	}
	return w.Bracket(t.Longest.Bracket, t.Open)
}

// none says that no outage was seen, and no more than that if the drill was
// not seen to its end.
func (w writer) none(d run.Drill) string {
	if !d.ToEnd() {
		return w.Say("none-yet")
	}
	return w.Say("none")
}

// lostOf is how many writes were lost, and that all of them are saved if the drill is
// about that.
func (w writer) lostOf(d run.Drill) string {
	writes := d.Result.Writes
	switch lost := count(len(writes.Lost)); {
	case onlyReads(d):
		return w.Say("not-checked")
	case !writes.Counted:
		return w.Say("unknown")
	case d.Record.Head.Promise.SplitBrain && len(writes.Lost) > 0 && d.SavedAll():
		return w.Say("lost.all-saved", "count", lost)
	default:
		return lost
	}
}

// trials is the table of what repeated drills say together; empty if none was.
func (w writer) trials(repeated []run.Trials) Section {
	if len(repeated) == 0 {
		return Section{}
	}
	t := w.table(w.Say("runbook"), w.Say("product"), w.Say("trials"), w.Say("verdicts"), w.Say("measured"),
		"p50", "p95", w.Say("max"), w.Say("median"), "RTO", w.Say("kept"), w.Say("lost-total")).
		figures(2, 4, 5, 6, 7, 8, 9, 10, 11)
	for _, s := range repeated[:t.room(len(repeated), maxOverview)] {
		h := s.Head()
		t.rate(s.Verdict,
			w.called(h), w.system(s.Drills[0].Record), count(s.Count), w.verdicts(s), count(s.Measured),
			w.rank(s.Ranks, s.P50), w.rank(s.Ranks, s.P95), w.rank(s.Ranks, s.Max), w.median(s.Median),
			w.rto(h.Promise), w.percent(s.Kept), w.lostIn(s))
	}
	return Section{ID: "repeated", Title: w.Say("repeated"), Lead: w.Say("repeated.lead"), Table: t}
}

func (w writer) verdicts(s run.Trials) string {
	var parts []string
	for _, v := range []struct {
		verdict measure.Verdict
		n       int
	}{{measure.Met, s.Met}, {measure.Missed, s.Missed}, {measure.Unmeasurable, s.Unmeasurable}} {
		if v.n > 0 {
			parts = append(parts, symbol(v.verdict)+" "+w.verdict(v.verdict)+" "+count(v.n))
		}
	}
	return strings.Join(parts, w.Say("comma"))
}

func (w writer) rank(all measure.Ranks, r measure.Range) string {
	switch {
	case all.Measured == 0:
		return w.Say("unknown")
	case r.Most == 0 && !r.Open:
		return w.Say("none")
	}
	return w.Bracket(r.Bracket, r.Open)
}

func (w writer) median(m measure.Interval) string {
	if m.Coverage == 0 {
		return "–"
	}
	return w.Bracket(m.Bracket, m.Open) + w.Say("note", "note", w.percent(m.Coverage))
}

// percent never rounds up: it is used for what is certain at least.
func (w writer) percent(p float64) string {
	return w.Say("percent", "figure", strconv.FormatFloat(math.Floor(100*p*10)/10, 'f', 1, 64))
}

func (w writer) lostIn(s run.Trials) string {
	switch {
	case s.Counted == 0:
		return w.Say("unknown")
	case !s.Whole():
		return w.Say("lost-least", "count", count(s.Lost), "counted", count(s.Counted))
	}
	return count(s.Lost)
}

// called is what people call a drill, with the parameters that were given.
func (w writer) called(h record.Head) string {
	return named(cmp.Or(text.Name(h.Title.In(w.Lang)), h.Runbook), h.Params)
}

// named is the runbook, with the parameters that were given.
func named(runbook string, given map[string]string) string {
	name := text.Name(runbook)
	if p := run.Params(given); p != "" {
		name += " (" + text.Name(p) + ")"
	}
	return name
}
