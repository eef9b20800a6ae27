package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"drillbook/runbooks"
)

func TestSignals(t *testing.T) {
	for _, tt := range []struct {
		name string
		at   []time.Duration // of the signals
		want []string
	}{
		{"none", nil, nil},
		{"one", []time.Duration{0}, []string{"first at 0s"}},
		{"two at once", []time.Duration{0, 0}, []string{"first at 0s"}},
		{
			"those of timeout and make",
			[]time.Duration{time.Second, time.Second + 300*time.Microsecond, 1900 * time.Millisecond},
			[]string{"first at 1s"},
		},
		{"a second person", []time.Duration{0, time.Second}, []string{"first at 0s", "again at 1s"}},
		{
			"an impatient one",
			[]time.Duration{0, time.Millisecond, 3 * time.Second},
			[]string{"first at 0s", "again at 3s"},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancel(t.Context())
				signals, heeded := make(chan os.Signal), make(chan struct{})
				began := time.Now()
				var got []string
				say := func(what string) func() {
					return func() { got = append(got, what+" at "+time.Since(began).String()) }
				}
				go func() {
					defer close(heeded)
					handleSignals(ctx, signals, say("first"), say("again"))
				}()
				for _, at := range tt.at {
					time.Sleep(at - time.Since(began)) // of virtual time
					select {
					case signals <- syscall.SIGTERM:
					case <-heeded:
					}
				}
				synctest.Wait()
				cancel()
				<-heeded
				if !slices.Equal(got, tt.want) {
					t.Errorf("heeded %q, want %q", got, tt.want)
				}
			})
		})
	}
}

// failing is an output that takes nothing.
type failing struct{ err error }

func (f failing) Write([]byte) (int, error) { return 0, f.err }

// A reader that goes away costs the lines; that they did not fit is said.
func TestOutput(t *testing.T) {
	var kept bytes.Buffer
	for _, tt := range []struct {
		name string
		w    io.Writer
		want error
	}{
		{"all is well", &kept, nil},
		{"a closed pipe", failing{&os.PathError{Op: "write", Err: syscall.EPIPE}}, nil},
		{"a closed terminal", failing{&os.PathError{Op: "write", Err: syscall.EIO}}, nil},
		{"a full disk", failing{&os.PathError{Op: "write", Err: syscall.ENOSPC}}, syscall.ENOSPC},
	} {
		o := lastingOutput(tt.w)
		for range 2 {
			if n, err := o.Write([]byte("line\n")); n != 5 || err != nil {
				t.Errorf("%s: Write = %d, %v, want 5, nil", tt.name, n, err)
			}
		}
		if err := o.lost(); !errors.Is(err, tt.want) {
			t.Errorf("%s: lost = %v, want %v", tt.name, err, tt.want)
		}
	}
	if kept.String() != "line\nline\n" {
		t.Errorf("kept %q, want both lines", kept.String())
	}
}

// Whoever is asked and says nothing does not keep the run from ending.
func TestAskerEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		in, person := io.Pipe()
		ask := asker(in, io.Discard, "en")
		ctx, cancel := context.WithTimeoutCause(t.Context(), time.Minute, errors.New("enough"))
		defer cancel()
		if err := ask(ctx, runbooks.Step{}); err == nil || !strings.Contains(err.Error(), "enough") {
			t.Errorf("ask = %v, want the context's cause", err)
		}
		if err := errors.Join(person.Close(), in.Close()); err != nil {
			t.Fatal(err)
		}
	})
}

func TestAsker(t *testing.T) {
	ask := asker(strings.NewReader("y\nno\n"), io.Discard, "en")
	for i, want := range []string{"", "was not given", "nobody answered"} {
		err := ask(t.Context(), runbooks.Step{})
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("answer %d = %v, want %q", i, err, want)
		}
	}
}
