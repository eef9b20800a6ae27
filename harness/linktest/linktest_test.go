package linktest_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"drillbook/harness/link"
	"drillbook/harness/linktest"
	"drillbook/harness/phrase"
)

// fake is a network of one link, with defects that can be switched on.
type fake struct {
	imposed                                          link.Kind
	new, nameless, moves, lies, stays, can, notTwice bool
	closed                                           int
}

func (f *fake) Link(context.Context, link.Route) (link.Link, error) {
	if f.new {
		return &fake{}, nil
	}
	return f, nil
}

func (f *fake) Close(context.Context) error {
	f.closed++
	if f.notTwice && f.closed > 1 {
		return errors.New("closed already")
	}
	return nil
}

func (f *fake) String() string {
	if f.nameless {
		return ""
	}
	return "a to b"
}

func (f *fake) Phrase() phrase.Phrase { return phrase.Quote(f.String()) }

func (f *fake) Mechanism() phrase.Phrase { return phrase.Quote("pretence") }

func (f *fake) Addr() string {
	if f.moves && f.imposed != "" {
		return "127.0.0.1:2"
	}
	return "127.0.0.1:1"
}

func (f *fake) Impose(_ context.Context, c link.Condition) error {
	if c.Kind != link.Drop && !f.can {
		return fmt.Errorf("impose %s: %w", c, link.ErrUnsupported)
	}
	f.imposed = c.Kind
	return nil
}

func (f *fake) Confirm(context.Context) (phrase.Phrase, error) {
	if f.imposed == "" && !f.lies {
		return phrase.Phrase{}, errors.New("nothing is imposed")
	}
	return phrase.Quote("it is so"), nil
}

func (f *fake) Clear(context.Context) error {
	if !f.stays {
		f.imposed = ""
	}
	return nil
}

func (f *fake) Cleared(context.Context) (phrase.Phrase, error) {
	if f.imposed != "" {
		return phrase.Phrase{}, errors.New("something is imposed")
	}
	return phrase.Quote("all clear"), nil
}

func TestCheck(t *testing.T) {
	for _, tt := range []struct {
		name string
		fake fake
		want string // in the error; empty: no error
	}{
		{"keeps all promises", fake{}, ""},
		{"another link each time", fake{new: true}, "got another one"},
		{"no name", fake{nameless: true}, "want names"},
		{"address that moves", fake{moves: true, stays: true}, "changed the address"},
		{"confirms what is not", fake{lies: true}, "confirm before anything is imposed"},
		{"does not clear", fake{stays: true}, "after drop was cleared"},
		{"makes what it cannot", fake{can: true}, "want an error that wraps ErrUnsupported"},
		{"cannot be closed twice", fake{notTwice: true}, "closed already"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			err := linktest.Check(t.Context(), &tt.fake, linktest.Case{
				Route:      link.Route{From: "a", To: "b", Port: 1},
				Can:        []link.Condition{{Kind: link.Drop}},
				CannotDo:   []link.Kind{link.Latency},
				WantWithin: 50 * time.Millisecond,
			})
			switch {
			case tt.want == "" && err != nil:
				t.Errorf("Check = %v, want no error", err)
			case tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)):
				t.Errorf("Check = %v, want %q in it", err, tt.want)
			}
		})
	}
}
