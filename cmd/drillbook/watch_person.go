package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"

	"drillbook/harness/phrase"
	"drillbook/harness/record"
	"drillbook/harness/watch"
)

// linesOf gives what is typed, line by line and without passwords, should somebody have
// typed one. It is closed at the end of the input. A terminal cannot be read with a
// deadline, so a read that never ends does so with the process.
func linesOf(in io.Reader, hide func(string) string) <-chan string {
	lines := make(chan string)
	go func() {
		defer close(lines)
		for typed := bufio.NewScanner(in); typed.Scan(); {
			lines <- hide(typed.Text())
		}
	}()
	return lines
}

// consent asks before anything is made. Anything but a yes is a no.
func (p *watchPerson) consent(ctx context.Context) error {
	if p.plan.yes || p.plan.probe.ReadOnly {
		return nil
	}
	rate := strconv.FormatFloat(p.plan.probe.Writes, 'g', -1, 64)
	if _, err := fmt.Fprint(p.ask, p.sayMade("watch.ask", "rate", rate)); err != nil {
		return environment(err)
	}
	select {
	case line, ok := <-p.lines:
		switch {
		case !ok:
			return usage(errors.New(p.sayMade("watch.nobody")))
		case !isYes(line):
			return usage(errors.New(p.words.Say("watch.refused")))
		}
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// handleSignals ends the watch as it should: at once while nothing is watched yet, at the
// second Ctrl-C once it is, at the first of any other signal. One that comes after that
// ends the program as it stands. It returns when ctx ends.
func (p *watchPerson) handleSignals(ctx context.Context, signals <-chan os.Signal, stop func()) {
	var last time.Time
	warned, stopped := false, false
	for {
		select {
		case s := <-signals:
			again := time.Since(last) < sameRequest
			last = time.Now()
			switch {
			case again: // the same request, from somebody else
			case stopped:
				p.endAtOnce()
			case s == os.Interrupt && p.begun.Load() && !warned:
				warned = true
				p.say("watch.again")
			default:
				stopped = true
				stop()
			}
		case <-ctx.Done():
			return
		}
	}
}

// endAtOnce ends the program as it stands, and says what it leaves.
func (p *watchPerson) endAtOnce() {
	if p.made.Load() {
		fmt.Fprintln(os.Stderr, p.sayMade("watch.at-once"))
	}
	os.Exit(exitInterrupted)
}

// tell shows a piece of news.
func (p *watchPerson) tell(n watch.News) {
	text := ""
	switch n.Topic {
	case watch.Failing:
		key := "watch.failing"
		if p.plan.probe.ReadOnly {
			key = "watch.failing-reads"
		}
		text = p.words.Say(key, "detail", strings.Join(strings.Fields(n.Detail), " "))
	case watch.Served:
		text = p.words.Say("watch.served", "took", p.words.Duration(n.Took))
	case watch.StepIs:
		text = p.words.Say("watch.step", "n", strconv.Itoa(n.Number), "step", n.Detail)
		if s := p.step(n.Number); s != "" {
			text = s
			if next := p.step(n.Number + 1); next != "" {
				text = p.words.Say("watch.next", "step", s, "next", next)
			}
		}
	case watch.NoStep:
		text = p.words.Say("watch.no-step")
	case watch.Noted:
		text = p.words.Say("watch.noted", "detail", n.Detail)
	case watch.Stopped:
		text = p.words.Say("watch.stopped", "why", p.words.Tell(n.Said))
		p.ring()
	case watch.TimeIsUp:
		text = p.words.Say("watch.time-is-up")
	case watch.Ending:
		text = p.words.Say("watch.ending")
	}
	p.say("watch.line", "at", clock(), "text", text)
}

// ring has the terminal ring, if there is one.
func (p *watchPerson) ring() {
	if f, ok := terminal(p.out); ok {
		_, _ = f.WriteString("\a") // nobody has to hear it
	}
}

// event shows the changes of roles.
func (p *watchPerson) event(e record.Event, _ ...phrase.Phrase) {
	if e.Kind != record.Role || !p.begun.Load() {
		return
	}
	role := "role.none"
	if e.What != "" {
		role = "role." + e.What
	}
	text := p.words.Say("watch.role", "member", e.Member, "role", p.words.Say(role))
	p.say("watch.line", "at", clock(), "text", text)
}

// clock is the time of day, by which people compare what happens with their own logs.
func clock() string { return time.Now().Format("15:04:05.0") }
