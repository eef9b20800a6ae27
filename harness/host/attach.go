package host

import (
	"context"
	"io"
)

// Attacher is a node in which a command can be run interactively, as at a
// terminal. The node must have a shell.
type Attacher interface {
	// Attach starts a command on a terminal of its own that does not echo,
	// and returns once it runs. The command's Input is typed first. The
	// context bounds the start only.
	Attach(ctx context.Context, c Command) (Console, error)
}

// Console is a command under way on a terminal. Reading gives what it prints,
// both streams together, and io.EOF once it has ended; writing types. Close
// ends the command if it has not ended by itself; it may be called at any time,
// also while a Read waits, and again.
//
// It prints what the program prints: who types a secret hides what comes back.
type Console interface {
	io.ReadWriteCloser
}
