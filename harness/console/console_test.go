package console_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"drillbook/harness/console"
	"drillbook/harness/host"
	"drillbook/harness/secret"
)

// program is a console whose answers are made by a function.
type program struct {
	*io.PipeReader // what it prints
	in             *io.PipeWriter
	done           chan struct{}
}

// play is a conversation with a program that answers each line until it is told
// to end; it prints hello first.
func play(hello string, answer func(line string, say func(string))) *console.Talk {
	r, out := io.Pipe()
	typed, in := io.Pipe()
	p := &program{PipeReader: r, in: in, done: make(chan struct{})}
	say := func(s string) { _, _ = io.WriteString(out, s) }
	go func() {
		defer close(p.done)
		say(hello)
		lines := bufio.NewScanner(typed)
		for lines.Scan() && lines.Text() != "exit" {
			answer(lines.Text(), say)
		}
		_, _ = out.Close(), typed.Close()
	}()
	return console.NewTalk(p)
}

func (p *program) Write(b []byte) (int, error) { return p.in.Write(b) }

func (p *program) Close() error {
	_ = p.in.Close()
	_ = p.PipeReader.Close()
	<-p.done
	return nil
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// till is where a word ends in a text.
func till(word string) func(string) int {
	return func(text string) int {
		if at := strings.Index(text, word); at >= 0 {
			return at + len(word)
		}
		return -1
	}
}

// TestTalk: text comes in whole characters and lines however it was cut, is taken
// once, and is left when it was not waited for to its end.
func TestTalk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		talk := play("", func(_ string, say func(string)) {
			for _, b := range []byte("一\r\n二\r三") { // one at a time
				say(string([]byte{b}))
			}
		})
		must(t, talk.Send("go"))
		if got, err := talk.Until(t.Context(), till("二")); err != nil || got != "一\n二" {
			t.Errorf("Until = %q, %v", got, err)
		}
		ctx, cancel := context.WithTimeoutCause(t.Context(), time.Minute, errors.New("it took too long"))
		defer cancel()
		if got, err := talk.Until(ctx, till("四")); err == nil || got != "" || err.Error() != "it took too long" {
			t.Errorf("Until what does not come = %q, %v, want the reason of its context", got, err)
		}
		if got := talk.Take(); got != "\r三" {
			t.Errorf("left is %q", got)
		}
		if got := talk.Take(); got != "" {
			t.Errorf("taken twice: %q", got)
		}
		must(t, talk.Close())
	})
}

// TestTalkAfterTheEnd: what was said before the end can be taken after it.
func TestTalkAfterTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		talk := play("", func(_ string, say func(string)) { say("last words") })
		must(t, talk.Send("go"))
		must(t, talk.Send("exit"))
		synctest.Wait()
		for _, nothing := range []error{
			talk.Send("anybody"),
			talk.Quiet(t.Context(), console.Silence{For: time.Hour}, func(string) bool { return false }),
			second(talk.Until(t.Context(), till("more"))),
		} {
			if !errors.Is(nothing, console.ErrEnded) {
				t.Errorf("after the end = %v, want %v", nothing, console.ErrEnded)
			}
		}
		if got, err := talk.Until(t.Context(), till("words")); err != nil || got != "last words" {
			t.Errorf("what was said last = %q, %v", got, err)
		}
		must(t, talk.Close())
	})
}

func second(_ string, err error) error { return err }

// TestSilence: it begins with what has come or was typed last, and is cut short by
// what suffices; one that does not come names its length and its reason.
func TestSilence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		talk := play("", func(line string, say func(string)) {
			for range strings.Count(line, ".") {
				time.Sleep(time.Second)
				say("word ")
			}
		})
		quiet := console.Silence{For: 3 * time.Second, Why: "it thinks for two"}
		for _, tt := range []struct {
			line   string
			enough string
			want   time.Duration
		}{
			{"", "none", 3 * time.Second},
			{"..", "none", 5 * time.Second},
			{"...", "word word ", 2 * time.Second},
		} {
			must(t, talk.Send(tt.line))
			began := time.Now()
			err := talk.Quiet(t.Context(), quiet, func(text string) bool { return strings.Contains(text, tt.enough) })
			if took := time.Since(began); err != nil || took != tt.want {
				t.Errorf("after %q silent in %s, %v, want %s", tt.line, took, err, tt.want)
			}
			time.Sleep(time.Minute)
			talk.Take()
		}
		must(t, talk.Send(strings.Repeat(".", 60)))
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		err := talk.Quiet(ctx, quiet, func(string) bool { return false })
		if !errors.Is(err, context.DeadlineExceeded) ||
			!strings.Contains(err.Error(), "3s of silence (it thinks for two)") {
			t.Errorf("one that goes on = %v, want for what silence was waited", err)
		}
		must(t, talk.Close())
	})
}

// prompts are those of a program with namespaces, and with menus that ask.
func prompts() []*regexp.Regexp {
	return []*regexp.Regexp{regexp.MustCompile(`(?:^|\n)%?[A-Z]+>`), regexp.MustCompile(`(?:^|\n)[A-Z][a-z ]+\? `)}
}

// menu is a program with two kinds of prompts.
func menu(line string, say func(string)) {
	switch line {
	case "mirror":
		say(" 1) Status\n 2) Force\n\nOption? ")
	case "2":
		say("It is dangerous.\nSure really? ")
	case "yes":
		say("done\n\n%SYS>")
	case "hang":
		time.Sleep(time.Hour)
		say("late\nUSER>")
	default:
		say(line + " said\nUSER>")
	}
}

func TestREPL(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, err := console.StartREPL(t.Context(), play("Welcome\n\nUSER>", menu), prompts()...)
		must(t, err)
		for _, tt := range []struct{ line, text, prompt string }{
			{"mirror", "1) Status\n 2) Force", "\nOption? "},
			{"2", "It is dangerous.", "\nSure really? "},
			{"yes", "done", "\n%SYS>"},
			{"x", "x said", "\nUSER>"},
		} {
			got, err := r.Ask(t.Context(), tt.line)
			if err != nil || got != (console.Answer{Text: tt.text, Prompt: tt.prompt}) {
				t.Errorf("%s = %q, %v, want %q", tt.line, got, err, tt)
			}
		}
		several, err := r.Run(t.Context(), []string{"a", "mirror", "c"})
		if err != nil || len(several) != 3 || several[0].Text != "a said" || several[2].Text != "c said" {
			t.Errorf("typed at once = %q, %v", several, err)
		}
		must(t, r.Close())
	})
}

// TestPromptsInTheirOrder: of several prompts that have come at once the first ends
// the first answer, whichever expression it fits.
func TestPromptsInTheirOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, late := range []string{"a\nUSER>b\nOption? ", "a\nOption? b\nUSER>"} {
			r, err := console.StartREPL(t.Context(), play("USER>", func(line string, say func(string)) {
				if line == "two" {
					say(late)
				}
			}), prompts()...)
			must(t, err)
			said, err := r.Run(t.Context(), []string{"one", "two"})
			if err != nil || len(said) != 2 || said[0].Text != "a" || said[1].Text != "b" {
				t.Errorf("%q is read as %q, %v", late, said, err)
			}
			must(t, r.Close())
		}
	})
}

// TestREPLThatOwesAnAnswer: after an answer that was not waited for nothing may be
// asked any more: the next answer would be the one before.
func TestREPLThatOwesAnAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, err := console.StartREPL(t.Context(), play("USER>", menu), prompts()...)
		must(t, err)
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		said, err := r.Run(ctx, []string{"a", "hang", "b"})
		if !errors.Is(err, context.DeadlineExceeded) || len(said) != 1 || said[0].Text != "a said" {
			t.Errorf("a line without an answer = %q, %v", said, err)
		}
		time.Sleep(time.Hour) // until it has come
		if got, err := r.Ask(t.Context(), "x"); !errors.Is(err, console.ErrOutOfStep) {
			t.Errorf("the next line is answered with %q, %v, want %v", got.Text, err, console.ErrOutOfStep)
		}
		must(t, r.Close())
	})
}

// TestREPLThatDoesNotAsk: a program that never asks, or ends, is closed.
func TestREPLThatDoesNotAsk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		talk := play("no licence\n", func(string, func(string)) {})
		if _, err := console.StartREPL(ctx, talk, prompts()...); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("StartREPL = %v, want the deadline's error", err)
		}
		if err := talk.Send("x"); !errors.Is(err, console.ErrEnded) {
			t.Errorf("it was left open: %v", err)
		}
	})
}

// TestTypedSecretsAreHidden: a console may print what is typed into it, whole or
// within an error; nobody gets to see it.
func TestTypedSecretsAreHidden(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		password := secret.New("password of u", "Chestnut7")
		var typed []string
		r, err := console.StartREPL(t.Context(), play("USER>", func(line string, say func(string)) {
			typed = append(typed, line)
			say(line[:len(line)/2]) // in the middle of what is secret
			say(line[len(line)/2:] + "\nnot " + line + "\nUSER>")
		}), prompts()...)
		must(t, err)
		first, err := r.Ask(t.Context(), "login u/"+password.String(), password)
		must(t, err)
		later, err := r.Ask(t.Context(), "create user Chestnut7")
		must(t, err)
		if want := "login u/Chestnut7"; !slices.Contains(typed, want) {
			t.Errorf("typed %q, want %q among it", typed, want)
		}
		shown := fmt.Sprintf("%v %q", first, later)
		if strings.Contains(shown, "Chestnut7") || !strings.Contains(shown, "not login u/‹password of u›") ||
			!strings.Contains(shown, `Prompt:"\nUSER>"`) && !strings.Contains(shown, `"\nUSER>"`) {
			t.Errorf("it can be read: %s", shown)
		}
		must(t, r.Close())
	})
}

// mute is a node that no command can be attached to.
type mute struct{ host.Node }

func (mute) Name() string { return "n1" }

// attached is one on which a program can be talked to.
type attached struct {
	mute
	with host.Command
	err  error
}

func (n *attached) Attach(_ context.Context, c host.Command) (host.Console, error) {
	n.with = c
	r, w := io.Pipe()
	_ = w.Close()
	return &program{PipeReader: r, in: w, done: closed()}, n.err
}

func closed() chan struct{} {
	c := make(chan struct{})
	close(c)
	return c
}

func TestAttach(t *testing.T) {
	if _, err := console.Attach(t.Context(), mute{}, host.Command{}); !errors.Is(err, host.ErrUnsupported) ||
		!strings.Contains(err.Error(), "attach to n1") {
		t.Errorf("Attach where it cannot = %v, want %v and where", err, host.ErrUnsupported)
	}
	n := &attached{}
	talk, err := console.Attach(t.Context(), n, host.Command{Argv: []string{"session"}})
	if err != nil || !slices.Equal(n.with.Argv, []string{"session"}) {
		t.Fatalf("Attach = %v with %v", err, n.with)
	}
	must(t, talk.Close())
	n.err = errors.New("it is down")
	if _, err := console.Attach(t.Context(), n, host.Command{}); !errors.Is(err, n.err) {
		t.Errorf("Attach = %v, want %v", err, n.err)
	}
}
