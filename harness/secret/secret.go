// Package secret keeps what nobody may read: passwords. A [Text] prints as its
// mask however it is printed or encoded, so that a line that is formatted with
// one may be shown and recorded; only who types the line fills the mask in, at the
// last moment, and whatever comes back is hidden again before anybody has it.
package secret

import (
	"encoding/json"
	"fmt"
	"html"
	"io"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// Text is a secret. The zero Text hides nothing.
type Text struct {
	name string
	// value is behind a function: what prints a field that is not exported asks
	// no method, but follows whatever it points to.
	value func() string
}

// New makes a secret of a value. The name says whose it is and is shown in its
// place.
func New(name, value string) Text { return Text{name: name, value: func() string { return value }} }

// Reveal is the value itself, for the one who must have it.
func (t Text) Reveal() string {
	if t.value == nil {
		return ""
	}
	return t.value()
}

// String is the mask that is shown in place of the value.
func (t Text) String() string {
	if t.name == "" {
		return "‹secret›"
	}
	return "‹" + t.name + "›"
}

// Format prints the mask, whatever the verb.
func (t Text) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, t.String()) } // as fmt itself does

// MarshalText is the mask: JSON and the like encode that.
func (t Text) MarshalText() ([]byte, error) { return []byte(t.String()), nil }

// Fill puts the value of each secret where its mask stands in a text.
func Fill(text string, secrets ...Text) string {
	for _, t := range secrets {
		if t.value != nil {
			text = strings.ReplaceAll(text, t.String(), t.value())
		}
	}
	return text
}

// Hide puts the mask of each secret where its value stands in a text, also in
// the ways in which programs quote it.
func Hide(text string, secrets ...Text) string {
	for _, t := range secrets {
		for _, form := range t.forms() {
			text = strings.ReplaceAll(text, form, t.String())
		}
	}
	return text
}

// forms are the value as it is, as it is quoted in Go, in JSON, in HTML and in an
// address, and as it is encoded, the longest first.
func (t Text) forms() []string {
	v := t.Reveal()
	if v == "" {
		return nil
	}
	quoted := strconv.Quote(v)
	all := []string{v, quoted[1 : len(quoted)-1], html.EscapeString(v)}
	query := url.QueryEscape(v)
	for _, escaped := range []string{query, strings.ReplaceAll(query, "+", "%20"), url.PathEscape(v)} {
		all = append(all, escaped, lowerEscapes(escaped))
	}
	if b, err := json.Marshal(v); err == nil {
		all = append(all, string(b[1:len(b)-1]))
	}
	all = append(all, encoded(v)...)
	slices.SortFunc(all, func(a, b string) int {
		if d := len(b) - len(a); d != 0 {
			return d
		}
		return strings.Compare(a, b)
	})
	return slices.Compact(all)
}
