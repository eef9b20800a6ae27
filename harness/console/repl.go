package console

import (
	"context"
	"errors"
	"regexp"
	"strings"

	"drillbook/harness/phrase"
	"drillbook/harness/secret"
)

// ErrOutOfStep is wrapped when an answer was not waited for to its end: what comes
// next may be the rest of it, and would be taken for the answer to another line.
var ErrOutOfStep = phrase.Errorf("the console still owes an answer")

// REPL is a program that asks for a line, prints what comes of it and asks again.
// It is used by one goroutine at a time. After an error of its methods it is of no
// further use.
type REPL struct {
	talk    *Talk
	prompts []*regexp.Regexp
	failed  error // why it is of no further use
}

// Answer is what a program printed before it asked for the next line.
type Answer struct {
	Text   string
	Prompt string // with which it asks
}

// StartREPL waits until the program asks for the first line. A prompt is whatever
// one of the expressions fits: programs ask differently where they want a choice,
// or the rest of a line. If it does not ask, the conversation is closed.
func StartREPL(ctx context.Context, t *Talk, prompts ...*regexp.Regexp) (*REPL, error) {
	r := &REPL{talk: t, prompts: prompts}
	if _, err := r.answer(ctx); err != nil {
		return nil, errors.Join(err, t.Close())
	}
	return r, nil
}

// Ask types a line, with secrets in the place of their masks, and returns what the
// program answers.
func (r *REPL) Ask(ctx context.Context, line string, secrets ...secret.Text) (Answer, error) {
	answers, err := r.Run(ctx, []string{line}, secrets...)
	if err != nil {
		return Answer{}, err
	}
	return answers[0], nil
}

// Run types several lines at once, which takes no longer to get there than one, and
// returns the answer to each; with an error, to those that were answered. It is not
// for programs that forget what is typed ahead.
func (r *REPL) Run(ctx context.Context, lines []string, secrets ...secret.Text) ([]Answer, error) {
	if r.failed != nil {
		return nil, phrase.Errorf("%w: %w", ErrOutOfStep, r.failed)
	}
	if r.failed = r.talk.Send(strings.Join(lines, "\n"), secrets...); r.failed != nil {
		return nil, r.failed
	}
	answers := make([]Answer, 0, len(lines))
	for range lines {
		a, err := r.answer(ctx)
		if err != nil {
			return answers, err
		}
		answers = append(answers, a)
	}
	return answers, nil
}

// answer takes everything up to the next prompt.
func (r *REPL) answer(ctx context.Context) (Answer, error) {
	long := 0 // the prompt
	text, err := r.talk.Until(ctx, func(text string) int {
		at := r.prompt(text)
		if at == nil {
			return -1
		}
		long = at[1] - at[0]
		return at[1]
	})
	if err != nil {
		r.failed = err
		return Answer{}, err
	}
	begins := max(0, len(text)-long) // secrets before it may have been hidden
	return Answer{Text: strings.TrimSpace(text[:begins]), Prompt: text[begins:]}, nil
}

// prompt is where the first prompt in a text is, nil if there is none.
func (r *REPL) prompt(text string) (first []int) {
	for _, re := range r.prompts {
		if at := re.FindStringIndex(text); at != nil && (first == nil || at[0] < first[0]) {
			first = at
		}
	}
	return first
}

// Close ends the program.
func (r *REPL) Close() error { return r.talk.Close() }
