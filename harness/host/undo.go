package host

import (
	"context"
	"strings"
	"time"

	"drillbook/harness/phrase"
	"drillbook/harness/secret"
)

// Undo is how something that was done to a node is taken back, as data: whoever
// carries it out need not be the one who did it, and knows nothing else.
type Undo struct {
	Node  string   `json:"node"`            // in which it is run
	Reach string   `json:"reach,omitempty"` // how its host is told to reach the node again, see [Leaser.Reach]
	Argv  []string `json:"argv"`            // it may be run again, and when there is nothing to take back
	User  string   `json:"user,omitempty"`  // empty: the node's own
	Stdin string   `json:"stdin,omitempty"` // what Argv reads
	// Asks, if set, names a secret that Argv and Done read first, on a line of its own. It is
	// kept nowhere but where From says.
	Asks string        `json:"asks,omitempty"`
	From secret.Source `json:"from,omitzero"`
	// Done is a command that ends with 0 once nothing is left to take back. It
	// changes nothing.
	Done []string `json:"done"`
	// Renew, if set, is what Argv reads to keep in force what the node's kernel
	// takes back by itself after a term. It fails once that has happened.
	Renew string `json:"renew,omitempty"`
	// Attended says that somebody must judge what comes of it, so that no lease
	// carries it out: the start of a server may make a second primary.
	Attended bool `json:"attended,omitempty"`
	// Local says that Argv and Done are run on the machine of whoever carries it out, and not
	// in the node, which may be down. User and Stdin are empty then.
	Local bool `json:"local,omitempty"`
}

// Restorer is a node that can say how it is started again after a Kill by somebody who has
// nothing but data.
type Restorer interface {
	// Restore is not known for every node.
	Restore() (u Undo, ok bool)
}

// Command takes back what was done. What it reads is recorded with it; where it asks for a
// secret, it has the mask of that.
func (u Undo) Command() Command {
	return u.command(u.Argv, u.Stdin)
}

func (u Undo) command(argv []string, reads string) Command {
	if u.Asks != "" {
		reads = secret.New(u.Asks, "").String() + "\n" + reads
	}
	return Command{Argv: argv, User: u.User, Typed: reads}
}

// Answered is a command of the undo with the secret whose mask it has.
func (u Undo) Answered(ctx context.Context, c Command) (Command, error) {
	if u.Asks == "" {
		return c, nil
	}
	s, err := u.From.Resolve(ctx, u.Asks)
	if err != nil {
		return c, err
	}
	c.Secrets = []secret.Text{s}
	return c, nil
}

// Run takes back what was done, and returns once that is confirmed.
func (u Undo) Run(ctx context.Context, n Node) error {
	c, err := u.Answered(ctx, u.Command())
	if err == nil {
		err = runWhole(ctx, n, c)
	}
	if err != nil {
		return phrase.Errorf("undo on %s: %w", u.Node, err)
	}
	return u.Confirm(ctx, n)
}

// Confirm reports what is left to take back.
func (u Undo) Confirm(ctx context.Context, n Node) error {
	c, err := u.Answered(ctx, u.command(u.Done, ""))
	if err == nil {
		err = runWhole(ctx, n, c)
	}
	if err != nil {
		return phrase.Errorf("something is left to undo on %s: %w", u.Node, err)
	}
	return nil
}

// Keep has the kernel of the node keep for another term what it would take back by
// itself; see [Undo.Renew]. Its error wraps [ErrLapsed] if the command has failed,
// for whatever reason: then nobody keeps it.
func (u Undo) Keep(ctx context.Context, n Node) error {
	c := Command{Argv: u.Argv, User: u.User, Stdin: u.Renew}
	answer, err := n.Exec(ctx, c)
	if err == nil && answer.Code != 0 {
		said, _, _ := strings.Cut(strings.TrimSpace(answer.Stderr), "\n") // more lines show where in the input it is
		err = phrase.Errorf("keep it in force on %s: %w: %s", u.Node, ErrLapsed, said)
	}
	return err
}

// runWhole runs a command that must end with 0.
func runWhole(ctx context.Context, n Node, c Command) error {
	answer, err := n.Exec(ctx, c)
	if err == nil && answer.Code != 0 {
		err = phrase.Errorf("%s ended with code %d: %s", c.Called(), answer.Code,
			strings.TrimSpace(answer.Stderr+answer.Stdout))
	}
	return err
}

// Leaser is a host whose nodes take back by themselves what is done to them, if
// nobody renews it: the harness may die, and the nodes stay.
type Leaser interface {
	// Term is how long a lease lasts without being renewed.
	Term() time.Duration
	// Reach is how a process that knows nothing else of the host reaches the node.
	Reach(node string) string
	// Spared are the ports of a node that no cut may close, since the harness itself
	// gets to it by them.
	Spared(node string) []int
	// Lease has the node carry out the undo by itself once the lease was not renewed
	// for a term. What it takes back may be done afterwards.
	Lease(ctx context.Context, u Undo) (Lease, error)
}

// Lease is the time for which something may stay in force on a node.
type Lease interface {
	// Renew begins another term. Its error wraps [ErrLapsed] if the lease has
	// ended; any other error leaves that unknown.
	Renew(ctx context.Context) error
	// Release gives up a lease of what was taken back. Nothing is carried out.
	Release(ctx context.Context) error
}

// ErrLapsed is wrapped when a lease has ended and its undo was carried out.
var ErrLapsed = phrase.Errorf("its lease has ended, and it was undone")
