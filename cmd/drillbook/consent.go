package main

import (
	"bufio"
	"cmp"
	"context"
	"io"
	"strings"
	"time"

	"drillbook/harness/fault"
	"drillbook/harness/phrase"
	"drillbook/reports/table"
	"drillbook/reports/words"
	"drillbook/runbooks"
)

// question is where to print what somebody must read: unlike the output itself, it
// fails where nobody can.
func question(out io.Writer) io.Writer {
	if s, ok := out.(screen); ok {
		if o, ok := s.to.(*output); ok {
			return screen{o.w}
		}
	}
	return out
}

// consent asks before a step with faults, as [dsl.Options] has it.
type consent func(context.Context, runbooks.Step, []fault.Fault) error

// asker asks a person before a step, and says what the step changes and what the way
// back is, and the same of each of its faults. Lease is after how long those end by themselves
// that nobody renews; 0: with what is made for the drill. Anything but yes stops the drill. It
// stops waiting for an answer when the context ends.
func asker(answers answers, out io.Writer, lease time.Duration, w words.Words) consent {
	return func(ctx context.Context, s runbooks.Step, faults []fault.Fault) error {
		step := s.Text(w.Lang)
		said := []string{"", w.Say("consent.step", "step", step)}
		if len(faults) == 0 || s.Consequence.In(w.Lang) != "" {
			said = append(said, consequence(s, w))
		}
		for _, f := range faults {
			said = append(said, faultConsequence(ctx, f, lease, w))
		}
		if _, err := io.WriteString(out, strings.Join(append(said, w.Say("consent.question")), "\n")); err != nil {
			return err
		}
		text, err := answers(ctx)
		switch {
		case err != nil:
			return phrase.Errorf("nobody answered whether to go on with step %q: %w", step, err)
		case isYes(text):
			return nil
		}
		return phrase.Errorf("consent to step %q was not given", step)
	}
}

// stepper asks a person whether to go on with the next step. An empty line is a yes.
func stepper(answers answers, out io.Writer, w words.Words) func(context.Context, runbooks.Step) error {
	return func(ctx context.Context, s runbooks.Step) error {
		step := s.Text(w.Lang)
		if _, err := io.WriteString(out, w.Say("step.question", "step", step)); err != nil {
			return err
		}
		text, err := answers(ctx)
		switch {
		case err != nil:
			return phrase.Errorf("nobody answered whether to go on with step %q: %w", step, err)
		case strings.TrimSpace(text) == "" || isYes(text):
			return nil
		}
		return phrase.Errorf("a person has stopped before step %q", step)
	}
}

// consequence says what a step changes and what the way back is.
func consequence(s runbooks.Step, w words.Words) string {
	said := s.Consequence.In(w.Lang)
	if said == "" {
		said = w.Say("consent.unsaid")
	}
	return strings.Join(table.Fold(said, helpColumns), "\n")
}

// isYes reports whether an answer is a yes, in any language.
func isYes(answer string) bool {
	switch strings.ToLower(strings.TrimSpace(answer)) {
	case "y", "yes", "是":
		return true
	}
	return false
}

// answers gives the next line that a person types.
type answers func(context.Context) (string, error)

// answersFrom gives a line of the input at a time. Reading from a terminal cannot
// be cancelled, so a line that nobody waited for is the answer to what is asked
// next, and a read that never ends does so with the process.
func answersFrom(in io.Reader) answers {
	lines := bufio.NewScanner(in)
	type answer struct {
		text string
		err  error
	}
	answers := make(chan answer, 1) // of the one read that is under way
	reading := false
	return func(ctx context.Context) (string, error) {
		if !reading {
			reading = true
			go func() {
				a := answer{}
				if lines.Scan() {
					a.text = lines.Text()
				} else {
					a.err = cmp.Or(lines.Err(), io.EOF)
				}
				answers <- a
			}()
		}
		select {
		case a := <-answers:
			reading = false
			return a.text, a.err
		case <-ctx.Done():
			return "", context.Cause(ctx)
		}
	}
}
