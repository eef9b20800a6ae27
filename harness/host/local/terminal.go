package local

import (
	"bufio"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"sync"
	"syscall"

	"github.com/creack/pty"

	"drillbook/harness/host"
	"drillbook/harness/phrase"
)

// Terminal starts programs of this machine on terminals of their own, as the person who runs
// drillbook would: in their environment and as their user. It is a [host.Attacher].
type Terminal struct {
	Env []string // of the programs
}

var _ host.Attacher = Terminal{}

// onTerminal makes the terminal mute and wide. The empty line that is printed first says that
// this is done.
const onTerminal = `stty -echo -onlcr cols 1000 2>/dev/null; echo; exec "$@"`

// Attach starts a command on a terminal.
func (t Terminal) Attach(ctx context.Context, c host.Command) (host.Console, error) {
	s, err := t.attach(ctx, c)
	if err != nil {
		return nil, phrase.Errorf("run %q on a terminal: %w", c.Argv, err)
	}
	return s, nil
}

func (t Terminal) attach(ctx context.Context, c host.Command) (*onePty, error) {
	if len(c.Argv) == 0 {
		return nil, phrase.Errorf("the command is empty")
	}
	if c.User != "" {
		return nil, phrase.Errorf("as user %s: %w", c.User, host.ErrUnsupported)
	}
	argv := append([]string{"-c", onTerminal, "sh"}, c.Argv...)
	cmd := exec.Command("/bin/sh", argv...) //nolint:gosec,noctx // it lives until it is closed
	cmd.Env = t.Env
	opened, err := pty.Start(cmd)
	if err != nil {
		return nil, err
	}
	tty, err := pollable(opened)
	if err != nil {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) // it may have ended
		return nil, errors.Join(err, cmd.Wait())
	}
	s := &onePty{tty: tty, out: bufio.NewReader(tty), cmd: cmd}
	stop := context.AfterFunc(ctx, s.kill) // which ends the reading
	_, err = s.out.ReadString('\n')
	if err == nil {
		_, err = io.WriteString(s, c.Input())
	}
	if !stop() {
		err = context.Cause(ctx)
	}
	if err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// pollable takes the place of a terminal whose reads block: each would keep a processor from the
// rest of the program for up to ten milliseconds, which is as if the harness stood still.
func pollable(blocking *os.File) (*os.File, error) {
	defer func() { _ = blocking.Close() }()
	syscall.ForkLock.RLock() // or another program that starts just now would keep it open
	fd, err := syscall.Dup(int(blocking.Fd()))
	if err == nil {
		syscall.CloseOnExec(fd)
	}
	syscall.ForkLock.RUnlock()
	if err != nil {
		return nil, phrase.Errorf("open a terminal: %w", err)
	}
	if err := syscall.SetNonblock(fd, true); err != nil {
		return nil, errors.Join(phrase.Errorf("open a terminal: %w", err), syscall.Close(fd))
	}
	return os.NewFile(uintptr(fd), blocking.Name()), nil
}

// onePty is a command on a terminal, which is the first process of its session.
type onePty struct {
	tty  *os.File
	out  *bufio.Reader
	cmd  *exec.Cmd
	once sync.Once
	err  error // of closing
}

// Read gives what is printed. That nobody has the terminal open any more is its end.
func (s *onePty) Read(p []byte) (int, error) {
	n, err := s.out.Read(p)
	if errors.Is(err, syscall.EIO) || errors.Is(err, os.ErrClosed) {
		err = io.EOF
	}
	return n, err
}

func (s *onePty) Write(p []byte) (int, error) { return s.tty.Write(p) }

// kill ends the command and what it has started on the terminal.
func (s *onePty) kill() { _ = syscall.Kill(-s.cmd.Process.Pid, syscall.SIGKILL) } // it may have ended

// Close ends the command.
func (s *onePty) Close() error {
	s.once.Do(func() {
		s.kill()
		s.err = s.tty.Close()
		_ = s.cmd.Wait() // it was killed
	})
	return s.err
}
