package main

import (
	"bufio"
	"cmp"
	"context"
	"fmt"
	"io"
	"strings"

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

// asker asks a person before a step. Anything but yes stops the drill. It stops
// waiting for an answer when the context ends.
func asker(in io.Reader, out io.Writer, lang string) func(context.Context, runbooks.Step) error {
	answers := answersFrom(in)
	words := wordsIn(lang)
	return func(ctx context.Context, s runbooks.Step) error {
		if _, err := fmt.Fprintf(out, words.consent, s.Text(lang)); err != nil {
			return err
		}
		text, err := answers(ctx)
		if err != nil {
			return fmt.Errorf("nobody answered whether to go on with step %q: %w", s.Text(lang), err)
		}
		if isYes(text) {
			return nil
		}
		return fmt.Errorf("consent to step %q was not given", s.Text(lang))
	}
}

// isYes reports whether an answer is a yes, in any language.
func isYes(answer string) bool {
	switch strings.ToLower(strings.TrimSpace(answer)) {
	case "y", "yes", "是":
		return true
	}
	return false
}

// answersFrom gives a line of the input at a time. Reading from a terminal cannot
// be cancelled, so a line that nobody waited for is the answer to what is asked
// next, and a read that never ends does so with the process.
func answersFrom(in io.Reader) func(context.Context) (string, error) {
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
