package main

import (
	"fmt"
	"os"
	"strings"
	"sync"
	"time"

	tea "charm.land/bubbletea/v2"
	"charm.land/lipgloss/v2"

	"drillbook/harness/phrase"
	"drillbook/harness/probe"
	"drillbook/harness/record"
	"drillbook/reports"
	"drillbook/reports/words"
)

// liveView prints the same lines as plainView and, below them, keeps one that
// moves: the step, a bar of the clients' service, and the time.
type liveView struct {
	program *tea.Program
	plain   *plainView
	done    chan struct{}
	close   sync.Once
}

func newLiveView(to *os.File, l *lines) *liveView {
	v := &liveView{done: make(chan struct{})}
	out := &frames{File: to, drawn: make(chan struct{})}
	// Signals belong to the drill, and so does the keyboard's Ctrl-C.
	v.program = tea.NewProgram(&live{words: l.words}, tea.WithOutput(out), tea.WithInput(nil),
		tea.WithoutSignalHandler())
	v.plain = &plainView{w: screen{printer{v, out}}, lines: l}
	go func() {
		defer close(v.done)
		_, _ = v.program.Run() // a broken terminal does not break the drill
	}()
	return v
}

// frames is a terminal that says when it has got the first frame.
type frames struct {
	*os.File

	first sync.Once
	drawn chan struct{}
}

func (f *frames) Write(b []byte) (int, error) {
	defer f.first.Do(func() { close(f.drawn) })
	return f.File.Write(b)
}

// printer puts lines above the moving one. Before the first frame bubbletea believes
// that it has drawn the whole screen, and would print over what stands there.
type printer struct {
	view *liveView
	out  *frames
}

func (p printer) Write(b []byte) (int, error) {
	select {
	case <-p.out.drawn:
	case <-p.view.done:
	}
	p.view.program.Send(tea.Println(strings.TrimSuffix(string(b), "\n"))()) // nothing, once the program has ended
	return len(b), nil
}

func (v *liveView) DrillBegins(head record.Head, health func() (probe.Health, time.Duration, bool)) {
	v.plain.DrillBegins(head, health)
	v.program.Send(drillBegins{head, health})
}

func (v *liveView) Say(line string) { v.plain.Say(line) }

func (v *liveView) Event(e record.Event, said ...phrase.Phrase) {
	v.plain.Event(e, said...)
	if e.Kind == record.Began || e.Kind == record.Ended {
		v.program.Send(e)
	}
}

func (v *liveView) DrillEnds(d reports.Drill) {
	v.plain.DrillEnds(d)
	v.program.Send(drillEnds{})
}

func (v *liveView) Close() {
	v.close.Do(func() {
		v.program.Quit()
		<-v.done
	})
}

type drillBegins struct {
	head   record.Head
	health func() (probe.Health, time.Duration, bool)
}

type drillEnds struct{}

type tick struct{}

// sampleEvery is how much time a cell of the bar stands for.
const sampleEvery = 200 * time.Millisecond

const cells = 50

// live is the state of the moving line.
type live struct {
	words  words.Words
	head   record.Head
	health func() (probe.Health, time.Duration, bool)
	step   int
	began  time.Time
	bar    []string
	last   probe.Health
	status string
}

func (l *live) Init() tea.Cmd { return next() }

func next() tea.Cmd { return tea.Tick(sampleEvery, func(time.Time) tea.Msg { return tick{} }) }

func (l *live) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	switch m := msg.(type) {
	case drillBegins:
		starting := l.words.Say("view.starting")
		*l = live{words: l.words, head: m.head, health: m.health, began: time.Now(), status: starting}
	case drillEnds:
		l.health = nil
	case record.Event:
		if m.Kind == record.Began {
			l.step = m.Step
		}
	case tick:
		l.sample()
		return l, next()
	}
	return l, nil
}

// sample adds a cell to the bar: what became of the attempts since the last.
func (l *live) sample() {
	if l.health == nil {
		return
	}
	h, now, ok := l.health()
	if !ok {
		return
	}
	acked, failed := h.Acked-l.last.Acked, (h.Attempts-h.Acked)-(l.last.Attempts-l.last.Acked)
	l.last = h
	cell := "·"
	switch {
	case failed == 0 && acked > 0:
		cell = "█"
	case acked > 0:
		cell = "▄"
	}
	l.bar = append(l.bar, cell)
	if len(l.bar) > cells {
		l.bar = l.bar[len(l.bar)-cells:]
	}
	l.status = l.words.Say("view.served")
	if out := h.Out(now); out > 0 {
		l.status = l.words.Say("view.failing", "time", l.words.Duration(out.Round(10*time.Millisecond)))
	}
}

// View draws the moving line. No keyboard is read, so none is asked to mark what is
// pasted.
func (l *live) View() tea.View {
	v := tea.NewView(l.line())
	v.DisableBracketedPasteMode = true
	return v
}

func (l *live) line() string {
	if l.health == nil {
		return ""
	}
	served := lipgloss.NewStyle().Foreground(lipgloss.Color("6"))
	bar := served.Render(strings.Join(l.bar, "")) + strings.Repeat(" ", cells-len(l.bar))
	step := ""
	if l.step > 0 {
		step = fmt.Sprintf("%d/%d", l.step, len(l.head.Steps))
	}
	return fmt.Sprintf("  %6.1fs  %5s  %s  %s\n", time.Since(l.began).Seconds(), step, bar, l.status)
}
