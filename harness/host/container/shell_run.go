package container

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strconv"
	"strings"

	"github.com/docker/docker/api/types"
	"github.com/docker/docker/pkg/stdcopy"

	"drillbook/harness/host"
	"drillbook/harness/phrase"
)

// shellLimit is how large a command may be that a shell reads, in bytes.
const shellLimit = 64 << 10

// signalled is what shells, and the engine, add to the number of the signal that ended a program.
const signalled = 128

// carryOut is what a shell knows: m carries out a command, says when it begins and ends, on both
// streams, and waits as an engine does until nobody holds the command's output open any more. The
// mark tells what it says from what the command prints. A shell whose printf is a program of its
// own ends at once: what is typed would stand in the list of processes.
const carryOut = `case $(command -v printf) in /*) exit; esac; exec 3>&1 4>&2
m() {
	mark=$1; shift; printf '%s\n' "$mark" >&3
	code=$( { { { (exec "$@" 3>&- 4>&- 8>&- 2>&9 9>&-); echo $? >&8; } 2>/dev/null | cat >&3; } 9>&1 | cat >&4; } 8>&1 )
	printf '%s %s\n' "$mark" "$code" >&3; printf '%s\n' "$mark" >&4
}
`

// taken reports whether shells take a command.
func taken(c host.Command) bool {
	size, zero := len(c.Input()), strings.Contains(c.Input(), "\x00")
	for _, word := range c.Argv {
		size, zero = size+len(word), zero || strings.Contains(word, "\x00")
	}
	return len(c.Argv) > 0 && size <= shellLimit && !zero
}

// shell is one shell in a container. It carries out one command at a time.
type shell struct {
	id      string // of its exec instance
	streams types.HijackedResponse
	mark    string // no command knows it
}

func (s *shell) close() { s.streams.Close() }

// asked is a command as the shell reads it. What is typed into it stands in no list of processes.
func (s *shell) asked(c host.Command) string {
	call := "m " + s.mark + " " + host.Quoted(c.Argv...)
	if input := c.Input(); input != "" {
		return "printf %s " + host.Quoted(input) + " 2>/dev/null | " + call + "\n"
	}
	return call + " </dev/null\n"
}

// errNotBegun is a command of which nothing was done.
var errNotBegun = errors.New("the shell has not begun")

// run carries out a command. When ctx ends first, it returns at once and the command goes on. Its
// error is [errNotBegun] if nothing was done; behind any error the shell is of no use.
func (s *shell) run(ctx context.Context, e *engine, c host.Command) (host.Answer, error) {
	stop := context.AfterFunc(ctx, s.streams.Close)
	_, err := io.WriteString(s.streams.Conn, s.asked(c))
	said := transcript{mark: s.mark}
	if err == nil {
		_, err = stdcopy.StdCopy(stdout{&said}, stderr{&said}, s.streams.Reader)
	}
	stop()
	switch {
	case ctx.Err() != nil:
		return host.Answer{}, context.Cause(ctx)
	case errors.Is(err, errEnded):
		return said.answer()
	case !said.begun():
		return host.Answer{}, errNotBegun
	}
	// The shell was killed, and the command with it: by its node's end, as a rule. It begins
	// nothing any more. One that ended by itself could start no process, and its code is not
	// that of the command.
	code, err := e.exitCode(ctx, s.id)
	if err == nil && code < signalled {
		return host.Answer{}, phrase.Errorf("the shell in the container ended with code %d: %s", code,
			strings.TrimSpace(said.diag.String()))
	}
	return host.Answer{Stdout: said.out.String()[len(s.mark)+1:], Stderr: said.diag.String(), Code: code}, err
}

// errEnded ends the reading of a shell's streams.
var errEnded = errors.New("the command has ended")

// transcript is what a shell prints from a command's begin to its end.
type transcript struct {
	mark      string
	out, diag bytes.Buffer
}

// begun reports whether the command was begun.
func (t *transcript) begun() bool { return bytes.HasPrefix(t.out.Bytes(), []byte(t.mark+"\n")) }

// code is what the command has ended with, and at is where its output ends.
func (t *transcript) code() (code string, at int, ok bool) {
	const longest = len(" 255\n")
	all := t.out.Bytes()
	from := max(len(t.mark)+1, len(all)-len(t.mark)-longest)
	if from >= len(all) || all[len(all)-1] != '\n' {
		return "", 0, false
	}
	i := bytes.Index(all[from:], []byte(t.mark+" "))
	if i < 0 {
		return "", 0, false
	}
	at = from + i
	return string(all[at+len(t.mark)+1 : len(all)-1]), at, true
}

// ended is [errEnded] once both streams have said so.
func (t *transcript) ended() error {
	if _, _, ok := t.code(); !ok || !bytes.HasSuffix(t.diag.Bytes(), []byte(t.mark+"\n")) {
		return nil
	}
	return errEnded
}

// answer is what the command printed and ended with.
func (t *transcript) answer() (host.Answer, error) {
	text, at, _ := t.code()
	code, err := strconv.Atoi(text)
	if err != nil {
		return host.Answer{}, phrase.Errorf("the shell says that the command has ended with %q", text)
	}
	diag := t.diag.String()
	return host.Answer{
		Stdout: string(t.out.Bytes()[len(t.mark)+1 : at]), Stderr: diag[:len(diag)-len(t.mark)-1], Code: code,
	}, nil
}

// stdout and stderr are the streams of a transcript.
type (
	stdout struct{ *transcript }
	stderr struct{ *transcript }
)

func (s stdout) Write(p []byte) (int, error) {
	_, _ = s.out.Write(p) // a buffer's never fails
	return len(p), s.ended()
}

func (s stderr) Write(p []byte) (int, error) {
	_, _ = s.diag.Write(p)
	return len(p), s.ended()
}
