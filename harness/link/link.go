// Package link is the network between the nodes of a cluster, as far as the
// harness can spoil it.
//
// A link is directed: it stands for the connections that one node opens to
// another, with all packets of those connections in either direction.
// Connections that the other node opens are another link.
package link

import (
	"context"
	"fmt"
	"time"

	"drillbook/harness/host"
	"drillbook/harness/phrase"
)

// ErrUnsupported is wrapped when a network cannot make a condition.
var ErrUnsupported = phrase.Errorf("condition not supported by this kind of link")

// Route is what a link leads from and to.
type Route struct {
	From, To string       // names of nodes
	Over     host.Network // which network; a cut of the empty network cuts both
	Port     int          // the port dialled at To
}

// Name is what a link of the route is called.
func Name(r Route) phrase.Phrase {
	way := phrase.Say("%s to %s", r.From, r.To)
	if r.From == "" {
		way = phrase.Say("clients to %s", r.To)
	}
	if r.Over != "" {
		way = phrase.Say("%s, %s", way, string(r.Over))
	}
	return way
}

// Network makes links between the nodes of one host.
type Network interface {
	// Link returns the link of a route. Asking twice gives the same link.
	Link(ctx context.Context, r Route) (Link, error)
	// Close clears and removes every link of the network.
	Close(ctx context.Context) error
}

// Link is one directed TCP path.
type Link interface {
	phrase.Named // such as [Name]: "b to a"
	// Mechanism is how conditions are really made on it.
	Mechanism() phrase.Phrase
	// Addr is the host:port that the near end dials to use the link. It
	// never changes.
	Addr() string
	// Impose brings about a condition in place of the one before.
	Impose(ctx context.Context, c Condition) error
	// Confirm returns evidence that the imposed condition holds, or an error
	// while there is none.
	Confirm(ctx context.Context) (evidence phrase.Phrase, err error)
	// Clear undoes what was imposed. It is idempotent.
	Clear(ctx context.Context) error
	// Cleared returns evidence that nothing is imposed, or an error while
	// something is.
	Cleared(ctx context.Context) (evidence phrase.Phrase, err error)
}

// Undoer is a link whose conditions can be cleared by who has nothing but data. Each of
// its links is one where nodes stay.
type Undoer interface {
	// Undo is asked for before a condition is imposed. It changes nothing.
	Undo(ctx context.Context) (host.Undo, error)
}

// Kind is what goes wrong on a link.
type Kind string

// The kinds of condition. What each imitates, and what it does not, is
// documented where it is made: link/cut and link/toxi.
const (
	Drop      Kind = "drop"       // packets vanish, nobody is told
	Refuse    Kind = "refuse"     // connecting is refused at once
	Reset     Kind = "reset"      // connections are reset
	HalfOpen  Kind = "half-open"  // connections stay open, bytes vanish
	Latency   Kind = "latency"    // bytes arrive late
	Bandwidth Kind = "bandwidth"  // bytes arrive slowly
	SlowClose Kind = "slow-close" // closing takes long
)

// Condition is what to impose.
type Condition struct {
	Kind   Kind
	Delay  time.Duration // for Latency and SlowClose; for Reset, the time until it
	Jitter time.Duration // for Latency: plus or minus this
	Rate   int64         // for Bandwidth: kilobytes per second
}

func (c Condition) String() string {
	switch c.Kind {
	case Latency:
		return fmt.Sprintf("%s %s±%s", c.Kind, c.Delay, c.Jitter)
	case Bandwidth:
		return fmt.Sprintf("%s %d kB/s", c.Kind, c.Rate)
	case SlowClose, Reset:
		return fmt.Sprintf("%s after %s", c.Kind, c.Delay)
	case Drop, Refuse, HalfOpen:
	}
	return string(c.Kind)
}
