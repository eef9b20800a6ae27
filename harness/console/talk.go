// Package console talks to programs at a prompt, as a person does at a terminal,
// and reads what they print. It knows the words of no product: that says what its
// prompts and headings look like and what its lines mean.
//
// [Talk] is a conversation with any program, [REPL] one with a program that asks
// for each line, and [Pool] keeps sessions that take long to start. [Patterns],
// [Table] and [Values] read lines, tables and values.
package console

import (
	"context"
	"io"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"drillbook/harness/host"
	"drillbook/harness/phrase"
	"drillbook/harness/secret"
	"drillbook/harness/wait"
)

// ErrEnded is wrapped when the program of a conversation has ended.
var ErrEnded = phrase.Errorf("the console has ended")

// limit is how much unread text a conversation keeps: more than any answer has,
// and less than a program prints by itself that nobody asks for months.
const limit = 64 << 20

// Talk is a conversation with a program. It reads all the time, so that the
// program never waits for its terminal.
type Talk struct {
	rw   io.ReadWriteCloser
	read chan struct{} // closed once nothing more will come

	more wait.Broadcast // has come

	mu    sync.Mutex // guards all below
	text  string     // not taken yet
	last  time.Time  // when something came, or was typed, last
	ended error
	// hidden are the secrets that have been typed: a program may print what it
	// is told.
	hidden map[string]secret.Text
}

// NewTalk begins a conversation, which Close ends.
func NewTalk(rw io.ReadWriteCloser) *Talk {
	t := &Talk{rw: rw, read: make(chan struct{}), last: time.Now(), hidden: map[string]secret.Text{}}
	go t.listen()
	return t
}

// Attach starts a command in a node and begins a conversation with it. The
// context bounds the start only.
func Attach(ctx context.Context, n host.Node, c host.Command) (*Talk, error) {
	a, ok := n.(host.Attacher)
	if !ok {
		return nil, phrase.Errorf("attach to %s: %w", n.Name(), host.ErrUnsupported)
	}
	rw, err := a.Attach(ctx, c)
	if err != nil {
		return nil, err
	}
	return NewTalk(rw), nil
}

func (t *Talk) listen() {
	defer close(t.read)
	buf := make([]byte, 4096)
	var part string // whose rest has not come yet
	for {
		n, err := t.rw.Read(buf)
		part += string(buf[:n])
		end := whole(part)
		if err != nil {
			end = len(part)
		}
		t.mu.Lock()
		t.text += strings.ReplaceAll(part[:end], "\r\n", "\n")
		if over := len(t.text) - limit; over > 0 {
			t.text = t.text[over:]
		}
		t.last = time.Now()
		if err != nil {
			t.ended = phrase.Errorf("%w: %w", ErrEnded, err)
		}
		t.mu.Unlock()
		t.more.Wake()
		if err != nil {
			return
		}
		part = part[end:]
	}
}

// whole is how much of a text ends with a whole character, and with no half of an
// end of line.
func whole(s string) int {
	for back := 1; back <= min(utf8.UTFMax-1, len(s)); back++ {
		if last := s[len(s)-back:]; utf8.RuneStart(last[0]) {
			if !utf8.FullRuneInString(last) || last == "\r" {
				return len(s) - back
			}
			break
		}
	}
	return len(s)
}

// Send types a line, with secrets in the place of their masks. They are hidden in
// whatever is taken from then on.
func (t *Talk) Send(line string, secrets ...secret.Text) error {
	t.mu.Lock()
	for _, s := range secrets {
		t.hidden[s.Reveal()] = s
	}
	t.mu.Unlock()
	_, err := io.WriteString(t.rw, secret.Fill(line, secrets...)+"\n")
	t.mu.Lock()
	t.last = time.Now()
	t.mu.Unlock()
	if err != nil {
		return phrase.Errorf("%w: %w", ErrEnded, err)
	}
	return nil
}

// Until waits until found says where in the text that was not taken yet the
// wanted part ends, -1 while it is not there, and takes everything up to it.
// It fails when ctx ends or the program does; the text is then left.
func (t *Talk) Until(ctx context.Context, found func(text string) int) (taken string, err error) {
	late := t.more.Until(ctx, func() bool {
		t.mu.Lock()
		defer t.mu.Unlock()
		if end := found(t.text); end >= 0 {
			taken, t.text = t.hide(t.text[:end]), t.text[end:]
			return true
		}
		err = t.ended
		return err != nil
	})
	if late != nil {
		return "", late
	}
	return taken, err
}

// Silence is how a program that marks no end is known to have said all: it prints
// nothing for so long, and why that is long enough.
type Silence struct {
	For time.Duration
	Why string
}

// Quiet waits for a silence, which begins when something has come or was typed
// last, or until enough says that the text that was not taken yet suffices. It
// takes nothing.
func (t *Talk) Quiet(ctx context.Context, s Silence, enough func(text string) bool) error {
	for {
		more := t.more.Next()
		t.mu.Lock()
		done, ended, left := enough(t.text), t.ended, s.For-time.Since(t.last)
		t.mu.Unlock()
		switch {
		case ended != nil:
			return ended
		case done || left <= 0:
			return nil
		}
		timer := time.NewTimer(left)
		select {
		case <-ctx.Done():
			timer.Stop()
			return phrase.Errorf("wait for %s of silence (%s): %w", s.For, s.Why, context.Cause(ctx))
		case <-more:
			timer.Stop()
		case <-timer.C:
		}
	}
}

// Take returns what was not taken yet.
func (t *Talk) Take() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	text := t.hide(t.text)
	t.text = ""
	return text
}

// hide takes secrets out of a text. It is called with the lock held.
func (t *Talk) hide(text string) string {
	for _, s := range t.hidden {
		text = secret.Hide(text, s)
	}
	return text
}

// Close ends the program and the conversation.
func (t *Talk) Close() error {
	err := t.rw.Close()
	<-t.read
	return err
}
