package reports

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"drillbook/harness/measure"
	"drillbook/harness/record"
	"drillbook/reports/run"
	"drillbook/reports/text"
	"drillbook/reports/words"
)

// The sections on how the drill went: phases, faults, probe, checks, commands.

// phase is a moment of a change of primary, with the word for it.
type phase struct {
	key string
	at  *time.Duration // after zero; nil if it was not seen
}

// phasesOf are the moments of a change of primary, zero among them, in the
// order in which they are expected. There are none without a change.
func phasesOf(r measure.Result) []phase {
	p := r.Phases
	if p.Zero == 0 {
		return nil
	}
	all := []phase{{zeroKey(r), new(time.Duration)}, {"phase.first-error", p.FirstError}}
	if zeroKey(r) != "phase.decided" {
		key := "phase.decided"
		if p.Observed {
			key = "phase.observed"
		}
		all = append(all, phase{key, p.Decided})
	}
	return append(all, phase{"phase.writable", p.Writable}, phase{"phase.served", p.Served})
}

// zeroKey says what zero is: a fault that was confirmed or, without one, the
// decision to change roles.
func zeroKey(r measure.Result) string {
	for _, f := range r.Faults {
		if f.Confirmed != nil && *f.Confirmed == r.Phases.Zero {
			return "phase.confirmed"
		}
	}
	return "phase.decided"
}

// inOrder are the moments that were seen, by time.
func inOrder(all []phase) []phase {
	seen := slices.DeleteFunc(slices.Clone(all), func(p phase) bool { return p.at == nil })
	slices.SortStableFunc(seen, func(a, b phase) int { return int(*a.at - *b.at) })
	return seen
}

func (d drafter) phases() section {
	s := section{ID: "phases", Title: d.Say("phases")}
	all := phasesOf(d.res)
	if all == nil {
		s.Lead = d.Say("phases.none")
		return s
	}
	s.Lead = d.Say(zeroKey(d.res)+".lead", "at", words.Moment(d.res.Phases.Zero))
	s.Grid = newGrid(d.Say("phase"), d.Say("phase.at"), d.Say("phase.since")).figures(1, 2)
	seen := inOrder(all)
	for i, p := range seen {
		since := "–"
		if i > 0 {
			since = d.time(*p.at - *seen[i-1].at)
		}
		s.Grid.add(d.Say(p.key), d.time(*p.at), since)
	}
	for _, p := range all {
		if p.at == nil {
			s.Grid.add(d.Say(p.key), d.Say("not-seen"), "–")
		}
	}
	return s
}

func (d drafter) faults() section {
	s := section{ID: "faults", Title: d.Say("faults")}
	if len(d.res.Faults) == 0 {
		s.Lead = d.Say("faults.none")
		return s
	}
	s.Grid = newGrid(d.Say("fault"), d.Say("mechanism"), d.Say("injected"), d.Say("confirmed"), d.Say("evidence"),
		d.Say("healed")).figures(2, 3).marks(3)
	shown, more := d.bounded(len(d.res.Faults))
	s.Grid.More = more
	for _, f := range d.res.Faults[:shown] {
		r := row{Mark: measure.Met}
		injected, confirmed, evidence := "–", d.Say("fault.unconfirmed"), d.quote(f.ConfirmedBy)
		if f.Injected > 0 {
			injected = words.Moment(f.Injected)
		}
		if f.Confirmed != nil {
			confirmed = words.Moment(*f.Confirmed)
		} else {
			r.Mark = measure.Unmeasurable
		}
		if f.Lapsed {
			confirmed, r.Mark = confirmed+" · "+d.Say("fault.lapsed"), measure.Unmeasurable
		}
		if f.Err != "" {
			evidence = d.Say("error", "error", d.Detail(f.Err))
		}
		r.Cells = []string{d.quote(f.What), d.quote(f.Mechanism), injected, confirmed, evidence, d.healing(f)}
		s.Grid.Rows = append(s.Grid.Rows, r)
	}
	return s
}

func (d drafter) healing(f measure.Fault) string {
	switch {
	case f.Healed == nil:
		return d.Say("fault.unhealed")
	case f.HealedBy == "":
		return words.Moment(*f.Healed) + " · " + d.Say("fault.unconfirmed")
	}
	return words.Moment(*f.Healed) + " · " + d.quote(f.HealedBy)
}

func (d drafter) calibration() string {
	if len(d.res.Calibrations) == 0 {
		return d.Say("none")
	}
	said := make([]string, 0, len(d.res.Calibrations))
	for _, c := range d.res.Calibrations {
		key := "probe.calibrated"
		if c.Unseen {
			key = "probe.blind"
		}
		said = append(said, d.Say(key,
			"how", d.Say("probe.how."+c.How), "truth", d.time(c.Truth), "bracket", d.Bracket(c.Bracket, false)))
	}
	return strings.Join(said, " · ")
}

func (d drafter) probe() section {
	s := section{ID: "probe", Title: d.Say("probe"), Lead: d.Say("probe.lead")}
	var stalled time.Duration
	for _, span := range d.res.Stalls {
		stalled += span.To - span.From
	}
	stalls := d.Say("none")
	if n := len(d.res.Stalls); n > 0 {
		stalls = d.Say("stalls", "count", words.Count(n), "time", d.time(stalled))
	}
	bound := d.Say("unknown")
	if d.drill.TriedWrites() {
		bound = d.Bound(d.res.Error)
	}
	s.Facts = []fact{
		{d.Say("probe.error"), bound, d.Say("probe.error.note")},
		{d.Say("probe.calibration"), d.calibration(), d.Say("probe.calibration.note")},
		{d.Say("probe.stalls"), stalls, d.Say("probe.stalls.note")},
		{d.Say("probe.stale"), d.stale(), d.Say("probe.stale.note")},
		{d.Say("probe.register"), d.register(), d.Say("probe.register.note")},
	}
	s.Grid = newGrid(d.Say("stream"), d.Say("path"), d.Say("rate"), d.Say("acked"), d.Say("refused"),
		d.Say("unknown-short"), "p50", "p99", d.Say("max")).figures(2, 3, 4, 5, 6, 7, 8)
	shown, more := d.bounded(len(d.res.Streams))
	s.Grid.More = more
	for _, x := range d.res.Streams[:shown] {
		p50, p99, most := "–", "–", "–"
		if x.Acked > 0 {
			p50, p99, most = d.time(x.P50), d.time(x.P99), d.time(x.Max)
		}
		s.Grid.add(d.streamTitle(x.Stream), d.way(x.Stream),
			d.Say("per-second", "n", strconv.FormatFloat(x.Rate, 'f', 1, 64)),
			words.Count(x.Acked), words.Count(x.Refused), words.Count(x.Unknown), p50, p99, most)
	}
	return s
}

func (d drafter) stale() string {
	switch {
	case !d.drill.Answered(record.Reading):
		return d.Say("unknown")
	case d.res.Stale.Count == 0:
		return d.Say("none")
	}
	return d.Say("stale", "count", words.Count(d.res.Stale.Count), "age", d.time(d.res.Stale.Oldest))
}

// events are those of a kind.
func (d drafter) events(kind record.Kind) []record.Event {
	var of []record.Event
	for _, e := range d.rec.Events {
		if e.Kind == kind {
			of = append(of, e)
		}
	}
	return of
}

// findings are the checks that the runbook asks for.
func (d drafter) findings() section {
	found := d.events(record.Finding)
	if len(found) == 0 {
		return section{}
	}
	s := section{ID: "findings", Title: d.Say("findings")}
	s.Grid = newGrid(d.Say("in-step"), d.Say("member"), d.Say("looked-at"), d.Say("found"), d.Say("outcome")).
		figures(0).marks(4)
	shown, more := d.bounded(len(found))
	s.Grid.More = more
	for _, e := range found[:shown] {
		r := row{Mark: measure.Met}
		outcome, answer := "✔ "+d.Say("finding.right"), d.quote(e.Answer)
		if e.Err != "" {
			r.Mark, outcome = measure.Missed, "✘ "+d.Detail(e.Err)
		}
		step := "–" // before the first
		if e.Step > 0 {
			step = strconv.Itoa(e.Step)
		}
		r.Cells = []string{step, text.Name(e.Member), d.quote(e.What), answer, outcome}
		s.Grid.Rows = append(s.Grid.Rows, r)
	}
	return s
}

// What the commands of one drill may take up in all, and one of their answers.
const (
	maxAnswers = 400_000 // bytes
	maxAnswer  = 4_000   // characters
	maxLines   = 24
)

// lines bounds the lines of an answer.
func (d drafter) lines(s string) string {
	all := strings.Split(strings.TrimRight(s, "\n"), "\n")
	if len(all) <= maxLines {
		return s
	}
	return strings.Join(all[:maxLines], "\n") + "\n" + d.Say("lines-left-out", "count", words.Count(len(all)-maxLines))
}

// commands are what was run in the members, and what they answered.
func (d drafter) commands() section {
	run := d.events(record.Command)
	if len(run) == 0 {
		return section{}
	}
	s := section{ID: "commands", Title: d.Say("commands")}
	d.chars = maxAnswer
	room := maxAnswers
	for i, e := range run {
		if i == d.rows || room < 0 {
			s.Notes = append(s.Notes, d.Say("left-out", "count", words.Count(len(run)-i)))
			break
		}
		s.Answers = append(s.Answers, answer{
			Where: d.Say("command.where", "at", words.Moment(e.At), "step", strconv.Itoa(e.Step),
				"member", text.Name(e.Member), "took", d.time(e.Took)),
			Command: d.quote(e.What), Text: d.lines(d.quote(e.Answer)), Err: d.lines(d.quote(e.Err)),
		})
		last := s.Answers[i]
		room -= len(last.Command) + len(last.Text) + len(last.Err)
	}
	return s
}

// about is where, with what and how the drill was carried out.
func (d drafter) about() section {
	h := d.rec.Head
	s := section{ID: "about", Title: d.Say("about")}
	add := func(key, value string) {
		if value != "" {
			s.Facts = append(s.Facts, fact{Name: d.Say(key), Value: d.quote(value)})
		}
	}
	add("product", h.System+" ("+h.Product+")")
	add("stand-in.name", h.StandIn)
	add("source", h.Source)
	add("host", h.Host)
	add("published.name", h.Published)
	add("machine", h.Machine)
	add("members", d.List(h.Members))
	add("params", run.Params(h.Params))
	if h.Seed != 0 {
		add("seed", strconv.FormatInt(h.Seed, 10))
	}
	add("run", h.Run)
	add("harness", h.Harness)
	if d.res.Ready > 0 {
		add("ready", d.time(d.res.Ready))
	}
	add("rules", d.Say("rules.text", "settle", d.time(h.Settings.Settle), "baseline", d.time(h.Settings.Baseline)))
	if d.rec.Tail != nil {
		names := slices.Sorted(maps.Keys(d.rec.Tail.Versions))
		shown, more := d.bounded(len(names))
		for _, n := range names[:shown] {
			name := d.Say("version", "of", text.Name(n))
			s.Facts = append(s.Facts, fact{Name: name, Value: d.quote(d.rec.Tail.Versions[n])})
		}
		if more != "" {
			s.Notes = append(s.Notes, more)
		}
	}
	return s
}
