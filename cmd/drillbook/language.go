package main

import (
	"cmp"
	"embed"
	"errors"
	"os"
	"slices"
	"strings"
	"unicode"

	"github.com/spf13/cobra"

	"drillbook/fixtures/postgres/conf"
	"drillbook/harness/host/container"
	"drillbook/harness/host/local"
	"drillbook/harness/phrase"
	"drillbook/reports"
	"drillbook/reports/words"
)

//go:embed words/*.txt
var tables embed.FS

// wordsIn are the words of the reports and of the command in a language.
func wordsIn(lang string) words.Words {
	w := words.In(lang)
	for _, part := range []string{"", "watch.", "own.", "site."} {
		table, err := tables.ReadFile("words/" + part + w.Lang + ".txt")
		if err != nil {
			panic("words: " + err.Error()) // the file is embedded
		}
		w = w.With(string(table))
	}
	return w
}

// languageFlag is the flag that chooses a language.
const languageFlag = "lang"

// languageOf is the language that a command line asks for, else that of the environment.
// It is known before the command line is parsed, since help and errors are in it too.
func languageOf(args []string) string {
	lang := environmentLanguage()
	for i, arg := range args {
		if arg == "--" {
			break
		}
		value, ok := strings.CutPrefix(arg, "--"+languageFlag+"=")
		if arg == "--"+languageFlag && i+1 < len(args) {
			value, ok = args[i+1], true
		}
		if ok && slices.Contains(reports.Languages(), value) {
			lang = value
		}
	}
	return lang
}

// environmentLanguage is the language of messages that a person has set, in the order
// in which POSIX asks for it.
func environmentLanguage() string {
	set := cmp.Or(os.Getenv("LC_ALL"), os.Getenv("LC_MESSAGES"), os.Getenv("LANG"))
	if strings.HasPrefix(strings.ToLower(set), "zh") {
		return "zh"
	}
	return "en"
}

// checkLanguage makes sure that there is the language that was asked for.
func checkLanguage(cmd *cobra.Command, w words.Words) error {
	lang, err := cmd.Flags().GetString(languageFlag)
	if err != nil || slices.Contains(reports.Languages(), lang) {
		return err
	}
	return usage(failure(w, nil, "error.lang", "lang", lang, "languages", strings.Join(reports.Languages(), ", ")))
}

// forMachines are the words of what machines read: English, whatever the environment
// says, unless another language was asked for.
func forMachines(cmd *cobra.Command, w words.Words) words.Words {
	if cmd.Flags().Changed(languageFlag) {
		return w
	}
	return wordsIn("en")
}

// saidError is an error in the words of the reader.
type saidError struct {
	text  string
	cause error // nil if there is none besides
}

func (e *saidError) Error() string { return e.text }

func (e *saidError) Unwrap() error { return e.cause }

// failure is an error whose text is that of a key, with its gaps filled; {error} is
// the cause.
func failure(w words.Words, cause error, key string, pairs ...string) error {
	if cause != nil {
		pairs = append(pairs, "error", told(w, cause))
	}
	return &saidError{text: w.Say(key, pairs...), cause: cause}
}

// told is an error as people read it. What others say is English: in another language it
// is marked as the original.
func told(w words.Words, err error) string {
	if parts, ok := joined(err); ok {
		lines := make([]string, len(parts))
		for i, part := range parts {
			lines[i] = told(w, part)
		}
		return strings.Join(lines, "\n")
	}
	text := err.Error()
	if unfit, ok := errors.AsType[*conf.UnfitError](err); ok && w.Lang != "en" {
		if own, err := conf.Words(w.Lang); err == nil {
			return unfit.Lines(own)
		}
	}
	if w.Lang == "en" || isChinese(text) {
		return text
	}
	text = foreign(w, w.Name(phrase.Of(err)))
	switch {
	case errors.Is(err, container.ErrNoEngine):
		return w.Say("error.no-engine", "error", text)
	case errors.Is(err, local.ErrMissing):
		return w.Say("error.cannot-run-here", "error", text)
	}
	return text
}

// foreign marks what others say in English, if the reader's language is another one.
func foreign(w words.Words, text string) string {
	if isChinese(text) {
		return text
	}
	return w.Say("error.foreign", "error", text)
}

// joined are the errors that were joined without words between them.
func joined(err error) ([]error, bool) {
	many, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return nil, false
	}
	parts := many.Unwrap()
	return parts, err.Error() == errors.Join(parts...).Error()
}

// isChinese reports whether a text has a Chinese character in it.
func isChinese(text string) bool {
	return strings.ContainsFunc(text, func(r rune) bool { return unicode.Is(unicode.Han, r) })
}
