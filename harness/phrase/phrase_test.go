package phrase_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"testing"

	"drillbook/harness/phrase"
)

func text(s string) phrase.Phrase { return phrase.Phrase{Text: s} }

func TestSay(t *testing.T) {
	who := phrase.Say("host of %s", "a")
	for _, tt := range []struct {
		name string
		got  phrase.Phrase
		want phrase.Phrase
	}{
		{"no gap", phrase.Say("all is well"), phrase.Phrase{Code: "all is well", Text: "all is well"}},
		{
			"verbs", phrase.Say("disk of %s %d %% full, %q, %.1f", "a", 91, "x y", 0.25),
			phrase.Phrase{
				Code: "disk of {1} {2} % full, {3}, {4}",
				Args: []phrase.Phrase{text("a"), text("91"), text(`"x y"`), text("0.2")},
				Text: `disk of a 91 % full, "x y", 0.2`,
			},
		},
		{
			"an argument twice", phrase.Say("%s, or %[1]s and %s", "a", "b"),
			phrase.Phrase{
				Code: "{1}, or {2} and {3}", Args: []phrase.Phrase{text("a"), text("a"), text("b")},
				Text: "a, or a and b",
			},
		},
		{
			"a phrase in it", phrase.Say("%s is lost", who),
			phrase.Phrase{Code: "{1} is lost", Args: []phrase.Phrase{who}, Text: "host of a is lost"},
		},
		{
			"quoted", phrase.Quote("ERROR: no"),
			phrase.Phrase{Code: "{1}", Args: []phrase.Phrase{text("ERROR: no")}, Text: "ERROR: no"},
		},
		{"nothing quoted", phrase.Quote(""), phrase.Phrase{}},
		{
			"joined", phrase.Join([]phrase.Phrase{who, {}, phrase.Quote("x")}, "; "),
			phrase.Phrase{Code: "{1}; {2}", Args: []phrase.Phrase{who, phrase.Quote("x")}, Text: "host of a; x"},
		},
		{"one joined", phrase.Join([]phrase.Phrase{{}, who}, "; "), who},
		{"none joined", phrase.Join(nil, "; "), phrase.Phrase{}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if !reflect.DeepEqual(tt.got, tt.want) {
				t.Errorf("got %+v\nwant %+v", tt.got, tt.want)
			}
		})
	}
}

type typed struct{ error }

// TestOf: an error keeps what it was made of through all that wraps it, and is what
// [fmt.Errorf] makes for everybody else.
func TestOf(t *testing.T) {
	inner := phrase.Errorf("%s does not answer: %w", "b", io.EOF)
	outer := phrase.Errorf("promote %s: %w", "b", inner)
	if !errors.Is(outer, io.EOF) || outer.Error() != "promote b: b does not answer: EOF" {
		t.Errorf("the error is %q, and wraps %v", outer, errors.Unwrap(outer))
	}
	innerPhrase := phrase.Phrase{
		Code: "{1} does not answer: {2}", Args: []phrase.Phrase{text("b"), text("EOF")}, Text: "b does not answer: EOF",
	}
	outerPhrase := phrase.Phrase{
		Code: "promote {1}: {2}", Args: []phrase.Phrase{text("b"), innerPhrase}, Text: outer.Error(),
	}
	for _, tt := range []struct {
		name string
		err  error
		want phrase.Phrase
	}{
		{"none", nil, phrase.Phrase{}},
		{"of a library", io.EOF, text("EOF")},
		{"one in another", outer, outerPhrase},
		{"of a type that adds nothing", typed{outer}, text(outer.Error())},
		{"made by others around it", fmt.Errorf("late: %w", inner), text("late: b does not answer: EOF")},
		{
			"joined", errors.Join(inner, nil, io.EOF),
			phrase.Phrase{
				Code: "{1}\n{2}", Args: []phrase.Phrase{innerPhrase, text("EOF")}, Text: inner.Error() + "\nEOF",
			},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := phrase.Of(tt.err); !reflect.DeepEqual(got, tt.want) {
				t.Errorf("got %+v\nwant %+v", got, tt.want)
			}
		})
	}
}

func TestKeepsWhatItIsMadeOf(t *testing.T) {
	p := phrase.Of(phrase.Errorf("disk of %s: %w", "a", phrase.Errorf("%d %% full", 91)))
	text, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	var back phrase.Phrase
	if err := json.Unmarshal(text, &back); err != nil || !reflect.DeepEqual(back, p) {
		t.Errorf("%s is read as %+v, %v; want %+v", text, back, err, p)
	}
}

func TestCode(t *testing.T) {
	if got, want := phrase.Code("%s: %d %% of %[1]s"), "{1}: {2} % of {3}"; got != want {
		t.Errorf("Code = %q, want %q", got, want)
	}
}
