// Package phrase has texts that can be said in another language: what checks find,
// what is wrong, what a fault is. A [Phrase] is the English text with a code and
// arguments, from which reports say the same in their own language.
//
// The code is the English text with its gaps numbered: "{1} cannot connect to {2}".
// Whoever writes or reads the code of a check sees its words, and the table of a
// language has one entry for each of them. What others said, a command's answer or
// the error of a library, is an argument or a [Quote], and stays as it is.
package phrase

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Phrase is a text. Without a code it can be said in no other language.
type Phrase struct {
	Code string   `json:"code,omitempty"`
	Args []Phrase `json:"args,omitempty"`
	Text string   `json:"text"` // in English
	// Said is the text in other languages, by their codes, where whoever made it has it.
	Said map[string]string `json:"said,omitempty"`
}

// String is the English text.
func (p Phrase) String() string { return p.Text }

// Phraser is what has a text of its own that can be said in other languages. As an
// argument it is said in the language of what it stands in.
type Phraser interface{ Phrase() Phrase }

// Named is what has a name: String is it in English.
type Named interface {
	fmt.Stringer
	Phraser
}

// Phrase is the phrase itself.
func (p Phrase) Phrase() Phrase { return p }

// Say makes a phrase as [fmt.Sprintf] makes a string. The format must be a literal,
// since that is how a test finds what has to be translated.
func Say(format string, args ...any) Phrase {
	return from(fmt.Sprintf(format, args...), format, args)
}

// quoted is the code of what is the same in every language.
const quoted = "{1}"

// Quote is what somebody else said, or a name: it is the same in every language.
func Quote(text string) Phrase {
	if text == "" {
		return Phrase{}
	}
	return Phrase{Code: quoted, Args: []Phrase{{Text: text}}, Text: text}
}

// Both is a text whose Chinese is known where it is made, such as that of a table in both
// languages.
func Both(english, chinese string) Phrase {
	return Phrase{Text: english, Said: map[string]string{"zh": chinese}}
}

// Join puts phrases behind one another. It leaves out empty ones.
func Join(parts []Phrase, separator string) Phrase {
	var p Phrase
	var code, text []string
	for _, part := range parts {
		if part.Text == "" {
			continue
		}
		p.Args = append(p.Args, part)
		code, text = append(code, gap(len(p.Args))), append(text, part.Text)
	}
	if len(p.Args) == 1 {
		return p.Args[0]
	}
	p.Code, p.Text = strings.Join(code, separator), strings.Join(text, separator)
	return p
}

func gap(n int) string { return "{" + strconv.Itoa(n) + "}" }

// Errorf makes an error as [fmt.Errorf] does, and keeps what it was made of for [Of].
func Errorf(format string, args ...any) error {
	return &made{fmt.Errorf(format, args...), format, args}
}

// made is an error with what it was made of. It is put together only when somebody
// asks, since most errors are never shown.
type made struct {
	error

	format string
	args   []any
}

func (e *made) Phrase() Phrase { return from(e.Error(), e.format, e.args) }

// Unwrap hands on what the error itself wraps.
func (e *made) Unwrap() error { return e.error }

// Of is the text of an error; empty for none. An error that was not made here is a text
// without a code.
func Of(err error) Phrase {
	switch e := err.(type) { //nolint:errorlint // what it is made of, not what it wraps
	case nil:
		return Phrase{}
	case Phraser:
		return e.Phrase()
	case interface{ Unwrap() []error }:
		all := e.Unwrap()
		parts := make([]Phrase, len(all))
		for i, one := range all {
			parts[i] = Of(one)
		}
		if p := Join(parts, "\n"); p.Text == err.Error() { // as errors.Join does
			return p
		}
	}
	if inner := errors.Unwrap(err); inner != nil && inner.Error() == err.Error() {
		return Of(inner)
	}
	return Phrase{Text: err.Error()}
}

// from takes a format apart. text is what it comes to.
func from(text, format string, args []any) Phrase {
	p := Phrase{Text: text}
	var code strings.Builder
	next := 0
	for _, piece := range pieces(format) {
		if piece.verb == "" {
			code.WriteString(piece.text)
			continue
		}
		if piece.index > 0 {
			next = piece.index - 1
		}
		if next >= len(args) {
			return Phrase{Text: text} // a mistake, of which vet tells
		}
		p.Args = append(p.Args, argument(piece.verb, args[next]))
		code.WriteString(gap(len(p.Args)))
		next++
	}
	p.Code = code.String()
	return p
}

// argument is what stands in a gap.
func argument(verb string, arg any) Phrase {
	switch verb {
	case "%s", "%v", "%w":
		switch a := arg.(type) {
		case Phraser:
			return a.Phrase()
		case error:
			return Of(a)
		}
		verb = "%v"
	}
	return Phrase{Text: fmt.Sprintf(verb, arg)}
}

// piece is a part of a format: text, or a verb and which argument it is for.
type piece struct {
	text, verb string
	index      int // from 1; 0: the next one
}

// pieces cuts a format apart. Widths that are arguments themselves are not known.
func pieces(format string) []piece {
	var all []piece
	for format != "" {
		text, rest, found := strings.Cut(format, "%")
		if text != "" {
			all = append(all, piece{text: text})
		}
		if !found || rest == "" {
			break
		}
		if rest[0] == '%' {
			all, format = append(all, piece{text: "%"}), rest[1:]
			continue
		}
		n := strings.IndexFunc(rest, func(r rune) bool { return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' })
		if n < 0 {
			break
		}
		flags, index := rest[:n], 0
		if open, shut := strings.Index(flags, "["), strings.Index(flags, "]"); open >= 0 && open < shut {
			index, _ = strconv.Atoi(flags[open+1 : shut])
			flags = flags[:open] + flags[shut+1:]
		}
		all, format = append(all, piece{verb: "%" + flags + rest[n:n+1], index: index}), rest[n+1:]
	}
	return all
}

// Code is the code of what is made with a format.
func Code(format string) string {
	var code strings.Builder
	n := 0
	for _, piece := range pieces(format) {
		if piece.verb != "" {
			n++
			piece.text = gap(n)
		}
		code.WriteString(piece.text)
	}
	return code.String()
}
