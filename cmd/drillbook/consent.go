package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"drillbook/runbooks"
)

// asker asks a person before a step. Anything but yes stops the drill.
func asker(in io.Reader, out io.Writer, lang string) func(context.Context, runbooks.Step) error {
	answers := bufio.NewScanner(in)
	words := wordsIn(lang)
	return func(_ context.Context, s runbooks.Step) error {
		if _, err := fmt.Fprintf(out, words.consent, s.Text(lang)); err != nil {
			return err
		}
		if !answers.Scan() {
			nobody := fmt.Errorf("nobody answered whether to go on with step %q", s.Text(lang))
			return errors.Join(nobody, answers.Err())
		}
		switch strings.ToLower(strings.TrimSpace(answers.Text())) {
		case "y", "yes", "是":
			return nil
		}
		return fmt.Errorf("consent to step %q was not given", s.Text(lang))
	}
}
