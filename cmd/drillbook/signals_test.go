package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"drillbook/harness/host"
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

// Where lines were lost, the command has not done what it should.
func TestLostLines(t *testing.T) {
	full := failing{&os.PathError{Op: "write", Path: "/dev/stdout", Err: syscall.ENOSPC}}
	closed := failing{&os.PathError{Op: "write", Path: "/dev/stdout", Err: syscall.EPIPE}}
	dir := t.TempDir()
	must(t, os.WriteFile(filepath.Join(dir, "report.md"), nil, 0o600))
	for _, args := range [][]string{{"list"}, {"show", "postgres/lost-primary"}, {"leaks", dir}, {"faults", "--json"}} {
		for _, tt := range []struct {
			out  io.Writer
			code int
			said string
		}{{full, exitEnvironment, "drillbook: lines are missing above: "}, {closed, 0, ""}} {
			var said strings.Builder
			code := run(t.Context(), args, tt.out, &said)
			if code != tt.code || !strings.HasPrefix(said.String(), tt.said) || tt.said == "" && said.Len() > 0 {
				t.Errorf("%q = %d, %q, want %d, %q", args, code, said.String(), tt.code, tt.said)
			}
		}
	}
}

// A yes to what nobody could read is none.
func TestUnreadQuestions(t *testing.T) {
	out := question(screen{lastingOutput(failing{&os.PathError{Op: "write", Err: syscall.EPIPE}})})
	if confirmRemoval(t.Context(), strings.NewReader("y\n"), out, false, wordsIn("en"))(host.Leftover{Run: "r1"}) {
		t.Error("heal removes what it could not ask about")
	}
	ask := asker(answersFrom(strings.NewReader("y\n")), out, 0, wordsIn("en"))
	if err := ask(t.Context(), runbooks.Step{}, nil); !errors.Is(err, syscall.EPIPE) {
		t.Errorf("a step goes ahead that could not be asked about: %v", err)
	}
}

// Whoever is asked and says nothing does not keep the run from ending.
func TestAskerEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		in, person := io.Pipe()
		ask := asker(answersFrom(in), io.Discard, 0, wordsIn("en"))
		ctx, cancel := context.WithTimeoutCause(t.Context(), time.Minute, errors.New("enough"))
		defer cancel()
		if err := ask(ctx, runbooks.Step{}, nil); err == nil || !strings.Contains(err.Error(), "enough") {
			t.Errorf("ask = %v, want the context's cause", err)
		}
		if err := errors.Join(person.Close(), in.Close()); err != nil {
			t.Fatal(err)
		}
	})
}

func TestAsker(t *testing.T) {
	ask := asker(answersFrom(strings.NewReader("y\nno\n")), io.Discard, 0, wordsIn("en"))
	for i, want := range []string{"", "was not given", "nobody answered"} {
		err := ask(t.Context(), runbooks.Step{}, nil)
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("answer %d = %v, want %q", i, err, want)
		}
	}
}
