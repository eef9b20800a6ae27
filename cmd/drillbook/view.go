package main

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"drillbook/harness/measure"
	"drillbook/harness/phrase"
	"drillbook/harness/probe"
	"drillbook/harness/record"
	"drillbook/reports"
	"drillbook/reports/words"
	"drillbook/scenarios/dsl"
)

// view shows a run to a person. Close may be called more than once.
type view interface {
	dsl.View
	Close()
}

// newView is a live view, if out is a terminal, and plain lines elsewhere.
func newView(out io.Writer, w words.Words, plain bool) view {
	lines := &lines{words: w}
	file, ok := terminal(out)
	if plain || !ok {
		return &plainView{w: out, lines: lines}
	}
	return newLiveView(file, lines)
}

// plainView prints a line for everything that is worth one.
type plainView struct {
	mu    sync.Mutex // guards all
	w     io.Writer
	lines *lines
}

func (v *plainView) print(text string) {
	if text != "" {
		_, _ = fmt.Fprintln(v.w, text) // there is nowhere to report it
	}
}

func (v *plainView) DrillBegins(head record.Head, _ func() (probe.Health, time.Duration, bool)) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.print(v.lines.begins(head))
}

func (v *plainView) Say(line string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.print("  " + line)
}

func (v *plainView) Event(e record.Event, said ...phrase.Phrase) {
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, p := range said {
		v.lines.said[p.Text] = p
	}
	v.print(v.lines.event(e))
}

func (v *plainView) DrillEnds(d reports.Drill) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.print(v.lines.ends(d))
}

func (v *plainView) Close() {}

// lines turns what happens into the lines that stay on the screen.
type lines struct {
	words   words.Words
	steps   map[int]record.Step
	began   map[int]time.Duration
	said    map[string]phrase.Phrase // texts of events, by how they stand there
	healthy bool
}

func (l *lines) begins(head record.Head) string {
	l.steps, l.began, l.healthy = map[int]record.Step{}, map[int]time.Duration{}, false
	l.said = map[string]phrase.Phrase{}
	for _, s := range head.Steps {
		l.steps[s.Number] = s
	}
	text := fmt.Sprintf("\n%s  %s", head.Runbook, head.Title.In(l.words.Lang))
	if head.Trials > 1 {
		text += fmt.Sprintf("  (%d/%d)", head.Trial, head.Trials)
	}
	set := make([]string, 0, 2+len(head.Params))
	set = append(set, "\n", head.System)
	for _, name := range slices.Sorted(maps.Keys(head.Params)) {
		set = append(set, name+"="+head.Params[name])
	}
	text += strings.Join(set, "  ")
	if head.StandIn != "" {
		text += "\n  " + l.words.Say("view.stand-in", "what", head.StandIn)
	}
	return text
}

// event is the line for an event, "" if it is worth none.
func (l *lines) event(e record.Event) string {
	switch e.Kind {
	case record.Ready:
		return "  " + l.words.Say("view.ready", "time", l.words.Duration(e.Took))
	case record.Healthy:
		l.healthy = true
	case record.Began:
		l.began[e.Step] = e.At
	case record.Ended:
		return l.step(e)
	case record.Confirm:
		return "      " + l.words.Say("view.fault", "fault", l.tell(e.Fault), "proof", l.tell(e.Answer))
	case record.Held:
		if e.Err != "" {
			return "    ! " + l.words.Say("view.lapsed", "fault", l.tell(e.Fault), "why", l.tell(e.Err))
		}
	case record.Healed:
		return "      " + l.words.Say("view.healed", "fault", l.tell(e.Fault))
	case record.Role:
		if !l.healthy {
			return ""
		}
		return "      " + l.of(e.Member, "role."+cmp.Or(e.What, "none"), e.What)
	case record.State:
		return "      " + l.of(e.Member, "state."+e.What, e.What)
	case record.Progress:
		return "      " + l.tell(e.What)
	case record.Skipped:
		return fmt.Sprintf("  – %d. %s\n%s", e.Step, l.steps[e.Step].Title.In(l.words.Lang), indent(l.tell(e.Err)))
	case record.Consent, record.Marked, record.Decided, record.Prepared, record.Injected, record.Heal, record.Lag,
		record.Command, record.Finding, record.Figure, record.Expected, record.Calibrated, record.Stall, record.Note,
		record.Alert:
	}
	return ""
}

func (l *lines) step(e record.Event) string {
	title := fmt.Sprintf("%d. %s", e.Step, l.steps[e.Step].Title.In(l.words.Lang))
	took := l.words.Duration(e.At - l.began[e.Step])
	if e.Err != "" && e.Blame == record.BlamePerson {
		return fmt.Sprintf("  – %s  %s\n%s", title, took, indent(l.tell(e.Err)))
	}
	if e.Err != "" {
		return fmt.Sprintf("  ✘ %s  %s\n%s", title, took, indent(l.tell(e.Err)))
	}
	if e.Answer != "" {
		return fmt.Sprintf("  – %s  %s\n%s", title, took, indent(l.words.Say("needless", "why", l.tell(e.Answer))))
	}
	return fmt.Sprintf("  ✔ %s  %s", title, took)
}

// tell is a text of an event in the language of the person, as far as it is known how.
func (l *lines) tell(s string) string {
	if p, ok := l.said[s]; ok {
		return l.words.Tell(p)
	}
	return s
}

// of says something of a member: the text of a key if there is one, else what was found.
func (l *lines) of(member, key, found string) string {
	if l.words.Has(key) {
		found = l.words.Say(key)
	}
	return l.words.Say("fact", "name", member) + found
}

// ends is what came of a drill.
func (l *lines) ends(d reports.Drill) string {
	r := d.Result
	mark := map[measure.Verdict]string{measure.Met: "✔", measure.Missed: "✘"}[r.Verdict]
	if mark == "" {
		mark = "?"
	}
	w := l.words
	text := "  " + mark + " " + w.Say("fact", "name", w.Say("view.verdict."+string(r.Verdict)))
	if r.Downtime.Count == 0 {
		text += w.Say("view.no-outage")
	} else {
		o := r.Downtime.Longest
		text += w.Say("view.downtime", "bracket", w.Bracket(o.Bracket, o.Open), "error", w.Duration(r.Error),
			"promise", w.Duration(d.Record.Head.Promise.RTO))
	}
	if r.Writes.Counted {
		text += w.Say("view.lost", "lost", strconv.Itoa(len(r.Writes.Lost)),
			"acked", strconv.Itoa(r.Writes.Acked+r.Writes.Direct.Acked))
		if len(r.Saved) > 0 {
			text += w.Say("view.saved", "saved", strconv.Itoa(len(r.Writes.Lost)-r.Unsaved))
		}
	} else {
		text += w.Say("view.uncounted")
	}
	said := make([]string, 0, len(r.Reasons))
	for _, reason := range r.Reasons {
		said = append(said, "\n"+indent(w.Sentence(reason)))
	}
	return text + strings.Join(said, "")
}

// indent puts a text of several lines to the right.
func indent(text string) string {
	const margin = "      "
	return margin + strings.ReplaceAll(strings.TrimSpace(text), "\n", "\n"+margin)
}
