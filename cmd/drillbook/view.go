package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"drillbook/harness/measure"
	"drillbook/harness/probe"
	"drillbook/harness/record"
	"drillbook/reports"
	"drillbook/scenarios/dsl"
)

// view shows a run to a person. Close may be called more than once.
type view interface {
	dsl.View
	Close()
}

// newView is a live view, if out is a terminal, and plain lines elsewhere.
func newView(out io.Writer, lang string, plain bool) view {
	lines := &lines{words: wordsIn(lang), lang: lang}
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

func (v *plainView) Event(e record.Event) {
	v.mu.Lock()
	defer v.mu.Unlock()
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
	words   words
	lang    string
	steps   map[int]record.Step
	began   map[int]time.Duration
	healthy bool
}

func (l *lines) begins(head record.Head) string {
	l.steps, l.began, l.healthy = map[int]record.Step{}, map[int]time.Duration{}, false
	for _, s := range head.Steps {
		l.steps[s.Number] = s
	}
	text := fmt.Sprintf("\n%s  %s", head.Runbook, head.Title.In(l.lang))
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
		text += "\n  STAND-IN: " + head.StandIn
	}
	return text
}

// event is the line for an event, "" if it is worth none.
func (l *lines) event(e record.Event) string {
	switch e.Kind {
	case record.Ready:
		return fmt.Sprintf("  "+l.words.ready, l.duration(e.Took))
	case record.Healthy:
		l.healthy = true
	case record.Began:
		l.began[e.Step] = e.At
	case record.Ended:
		return l.step(e)
	case record.Confirm:
		return fmt.Sprintf("      "+l.words.fault, e.Fault, e.Answer)
	case record.Held:
		if e.Err != "" {
			return fmt.Sprintf("    ! "+l.words.lapsed, e.Fault, e.Err)
		}
	case record.Healed:
		return fmt.Sprintf("      "+l.words.healed, e.Fault)
	case record.Role:
		if !l.healthy {
			return ""
		}
		role, ok := l.words.roles[e.What]
		if !ok {
			role = e.What
		}
		return fmt.Sprintf("      %s: %s", e.Member, role)
	case record.State:
		if state := l.words.states[e.What]; state != "" {
			return fmt.Sprintf("      %s: %s", e.Member, state)
		}
		return fmt.Sprintf("      %s: %s", e.Member, e.What)
	case record.Progress:
		return "      " + e.What
	case record.Skipped:
		return fmt.Sprintf("  – %d. %s\n%s", e.Step, l.steps[e.Step].Title.In(l.lang), indent(e.Err, 6))
	case record.Decided, record.Prepared, record.Injected, record.Heal, record.Lag,
		record.Command, record.Finding, record.Figure, record.Expected, record.Calibrated, record.Stall, record.Note:
	}
	return ""
}

func (l *lines) step(e record.Event) string {
	title := fmt.Sprintf("%d. %s", e.Step, l.steps[e.Step].Title.In(l.lang))
	took := l.duration(e.At - l.began[e.Step])
	if e.Err != "" {
		return fmt.Sprintf("  ✘ %s  %s\n%s", title, took, indent(e.Err, 6))
	}
	return fmt.Sprintf("  ✔ %s  %s", title, took)
}

func (l *lines) duration(d time.Duration) string { return reports.Duration(d, l.lang) }

// ends is what came of a drill.
func (l *lines) ends(d reports.Drill) string {
	r := d.Result
	mark := map[measure.Verdict]string{measure.Met: "✔", measure.Missed: "✘"}[r.Verdict]
	if mark == "" {
		mark = "?"
	}
	text := fmt.Sprintf("  %s %s: ", mark, l.words.verdicts[r.Verdict])
	if r.Downtime.Count == 0 {
		text += l.words.noOutage
	} else {
		o := r.Downtime.Longest
		text += fmt.Sprintf(l.words.downtime, reports.Bracket(o.Bracket, o.Open, l.lang),
			l.duration(r.Error), l.duration(d.Record.Head.Promise.RTO))
	}
	if r.Writes.Counted {
		text += fmt.Sprintf(l.words.lost, len(r.Writes.Lost), r.Writes.Acked+r.Writes.Direct.Acked)
		if len(r.Saved) > 0 {
			text += fmt.Sprintf(l.words.saved, len(r.Writes.Lost)-r.Unsaved)
		}
	} else {
		text += l.words.uncounted
	}
	said := make([]string, 0, len(r.Reasons))
	for _, reason := range r.Reasons {
		said = append(said, "\n"+indent(reports.Sentence(reason, l.lang), 6))
	}
	return text + strings.Join(said, "")
}

// indent puts a text of several lines to the right.
func indent(text string, by int) string {
	margin := strings.Repeat(" ", by)
	return margin + strings.ReplaceAll(strings.TrimSpace(text), "\n", "\n"+margin)
}

// words are the views' own words in one language.
type words struct {
	ready, fault, lapsed, healed       string
	downtime, noOutage                 string
	lost, saved, uncounted             string
	served, failing, starting, consent string
	roles, states                      map[string]string
	verdicts                           map[measure.Verdict]string
}

func wordsIn(lang string) words {
	if lang == "zh" {
		return words{
			ready:     "集群就绪，用时 %s",
			fault:     "故障已生效：%s（%s）",
			lapsed:    "未证实故障持续到排除之时：%s（%s）",
			healed:    "故障已恢复：%s",
			downtime:  "最长写入中断 %s（探针误差 ±%s），承诺 %s",
			noOutage:  "没有写入中断",
			lost:      "；已确认的写入丢失 %d 条，共 %d 条",
			saved:     "，其中 %d 条已保存到文件",
			uncounted: "；无法统计丢失的写入",
			served:    "服务正常",
			failing:   "写入中断 %s",
			starting:  "启动中",
			consent:   "\n即将执行：%s\n继续吗？[y/N] ",
			roles: map[string]string{
				"": "无应答", "primary": "主库", "standby": "备库", "neither": "既非主库也非备库", "voter": "参与仲裁",
			},
			states: map[string]string{"running": "运行中", "ended": "已终止", "frozen": "已冻结"},
			verdicts: map[measure.Verdict]string{
				measure.Met:          "达标",
				measure.Missed:       "未达标",
				measure.Unmeasurable: "不可测",
			},
		}
	}
	return words{
		ready:     "the cluster is ready after %s",
		fault:     "fault holds: %s (%s)",
		lapsed:    "no evidence that the fault held until it was healed: %s (%s)",
		healed:    "fault healed: %s",
		downtime:  "the longest outage of writes was %s (probe error ±%s), the promise is %s",
		noOutage:  "no outage of writes",
		lost:      "; %d of %d acknowledged writes lost",
		saved:     ", %d of them saved in a file",
		uncounted: "; lost writes could not be counted",
		served:    "served",
		failing:   "writes have been failing for %s",
		starting:  "starting",
		consent:   "\nabout to: %s\ngo on? [y/N] ",
		roles: map[string]string{
			"":        "no answer",
			"primary": "primary",
			"standby": "standby",
			"neither": "neither primary nor standby",
			"voter":   "votes",
		},
		verdicts: map[measure.Verdict]string{
			measure.Met:          "met",
			measure.Missed:       "missed",
			measure.Unmeasurable: "unmeasurable",
		},
	}
}
