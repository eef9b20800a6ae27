// Package driver defines what a database product implements to be drilled.
//
// A driver must implement [Driver] and its [Session]. Abilities that only some
// products have are the interfaces of abilities.go, asked for by type
// assertion. [drillbook/harness/drivertest] checks the promises made here.
package driver

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"drillbook/harness/host"
	"drillbook/harness/phrase"
)

// ErrRefused is wrapped by errors of [Session.Write] when the write certainly
// did not happen and never will. Any other error leaves its fate unknown.
var ErrRefused = phrase.Errorf("refused")

// ErrBroken is wrapped by errors of a [Session] when the session is of no
// further use and must be closed.
var ErrBroken = phrase.Errorf("session broken")

// ErrUnseen is wrapped by errors of checks that could not look at what they are
// about: nothing is known of it, neither that it is right nor that it is wrong.
var ErrUnseen = phrase.Errorf("not seen from here")

// ErrAccepted is wrapped by errors of checks that have found a product doing what it must refuse.
// No load of the machine explains that.
var ErrAccepted = phrase.Errorf("accepted what must be refused")

// Driver is the adapter for one product. Its methods may be called at the same
// time from several goroutines.
type Driver interface {
	// Product says what is driven.
	Product() Description
	// Plan says how to run the member that takes the seat.
	Plan(seat Seat) (host.Spec, error)
	// Prepare makes what sessions need to write, on a primary. It may be
	// called again.
	Prepare(ctx context.Context, primary Member) error
	// Open connects to the target. Opening changes nothing in the database.
	Open(ctx context.Context, t Target) (Session, error)
}

// Description says what a database product is, and what it needs of a drill.
type Description struct {
	Name  string        // as commands take it: "mydb"
	Title phrase.Phrase // as reports call it: "MyDB, synchronous standby"
	Port  int           // which clients dial
	// ReplicationPort is the port that one member dials at another to
	// replicate.
	ReplicationPort int
	// OtherPorts are what else its members listen on, for each other and for
	// those who watch them.
	OtherPorts []int
	// Sessions is how many sessions of clients a member takes at once, including
	// those being opened, besides the sessions of administrators; 0: no limit is
	// known.
	Sessions int
	// LagInBytes says that the positions of a [Lag] count bytes.
	LagInBytes bool
	// Registers says that its sessions are [Register]s.
	Registers bool
	// Kinds are those that its members can be of, besides none.
	Kinds []Kind
	// Guarded says that it refuses to promote a member while it sees a primary
	// that lives.
	Guarded bool
	// Oldest are the oldest major versions that can be driven, by the names that
	// a [Versioner] gives them. Of others, every version can.
	Oldest map[string]int
	// Imposed says which of a person's own settings its drills have otherwise, and why.
	Imposed []phrase.Phrase
	// StandIn says, if not empty, what really runs in the product's place.
	StandIn phrase.Phrase
}

// Member is a node that is part of a cluster: one that holds the data, or an
// [Auxiliary].
type Member struct {
	Name string
	Kind Kind
	Node host.Node
	Dial map[string]string // host:port at which it must dial each peer to replicate
	// Public is the host:port at which the other members reach what clients
	// dial, or the first port of an auxiliary; "" if it serves none. The harness
	// itself must ask the node.
	Public string
	// OnCommand, if set, is called with every command that [Member.Run] has run.
	OnCommand func(CommandRun)
}

// CommandRun is a command that was run in a member.
type CommandRun struct {
	Member  string
	Command host.Command
	Answer  host.Answer
	Took    time.Duration
	Err     error
}

// Run runs a command in the member, as the runbook says, and reports it to
// OnCommand, which records it. A code other than 0 is a [*CommandError].
func (m Member) Run(ctx context.Context, c host.Command) (host.Answer, error) {
	began := time.Now()
	answer, err := m.Node.Exec(ctx, c)
	if err == nil && answer.Code != 0 {
		err = &CommandError{Member: m.Name, Argv: c.Argv, Answer: answer}
	}
	if m.OnCommand != nil {
		m.OnCommand(CommandRun{Member: m.Name, Command: c, Answer: answer, Took: time.Since(began), Err: err})
	}
	return answer, err
}

// CommandError is a command that ended with a code other than 0.
type CommandError struct {
	Member string
	Argv   []string
	Answer host.Answer
}

func (e *CommandError) Error() string {
	said := strings.TrimSpace(e.Answer.Stderr)
	if said == "" {
		said = strings.TrimSpace(e.Answer.Stdout)
	}
	called := host.Command{Argv: e.Argv}.Called()
	return fmt.Sprintf("%s on %s ended with code %d: %s", called, e.Member, e.Answer.Code, said)
}

// Seat is a member's place in a cluster.
type Seat struct {
	Name  string
	Kind  Kind
	First bool              // it starts as the primary
	Peers []string          // the other members
	Dial  map[string]string // host:port at which it must dial each peer to replicate
	// Auxiliaries is the host:port of the first port of each auxiliary that serves any.
	Auxiliaries map[string]string
}

// Target says whom to open a session with.
type Target struct {
	Members []Member
	// Writable asks for the one that takes writes, found as the product's
	// applications find it; otherwise Members holds one member, which is
	// taken as it is. One that cannot be dialled, be it that its address is
	// not known, is passed over as applications pass over a host that does not
	// answer.
	Writable bool
	// Reached, if set, is called as soon as a server has accepted the
	// connection, before anything is asked of it, and before anything that
	// costs a server work where accepting cannot be told. An error ends the
	// opening. It is called again for every member that is tried.
	Reached func(ctx context.Context) error
}

// Addrs are where the harness dials a port of the members, in their order. A
// member whose address is not known is left out, as clients pass over a host
// that does not answer; that none is known is an error.
func (t Target) Addrs(ctx context.Context, port int) ([]string, error) {
	addrs := make([]string, 0, len(t.Members))
	var errs []error
	for _, m := range t.Members {
		addr, err := m.Node.Addr(ctx, port)
		if err != nil {
			errs = append(errs, phrase.Errorf("address of %s: %w", m.Name, err))
			continue
		}
		addrs = append(addrs, addr)
	}
	if len(addrs) == 0 {
		return nil, errors.Join(errs...)
	}
	return addrs, nil
}

// Session is a client's conversation with a member. It is used by one
// goroutine at a time. Every method returns within a second of its context's
// end.
type Session interface {
	// Write stores the token and returns once that is acknowledged.
	Write(ctx context.Context, t Token) (Ack, error)
	// Read returns what there is of the run and stream.
	Read(ctx context.Context, run string, stream int) (Seen, error)
	// Role is what the member takes itself to be.
	Role(ctx context.Context) (Role, error)
	// Tokens returns every stored token of a run, in any order, as often as
	// it is stored.
	Tokens(ctx context.Context, run string) ([]Stored, error)
	// Close ends the session. It may be called on a broken one.
	Close() error
}

// Token is what a client writes: unique, and made by the client.
type Token struct {
	Run    string
	Stream int
	Seq    uint32 // from 1
}

func (t Token) String() string { return fmt.Sprintf("%s/%d/%d", t.Run, t.Stream, t.Seq) }

// Ack says which member acknowledged a write, and in which epoch.
type Ack struct {
	Member string
	// Epoch grows with every change of primary; 0 if the product has none.
	Epoch uint32
}

// Seen is what a read shows.
type Seen struct {
	Seq uint32 // the highest sequence number, 0 if there is none
	// Member is who says so, "" if the answer does not tell. A session may lead to several
	// members, where reads are separated from writes.
	Member string
}

// Stored is one token as a member holds it.
type Stored struct {
	Stream int
	Seq    uint32
	Member string // which took it
}

// ParseStored reads a token that a product was made to print as stream/seq/member. The
// member is named as it was printed.
func ParseStored(printed string) (Stored, error) {
	parts := strings.Split(printed, "/")
	if len(parts) != 3 {
		return Stored{}, phrase.Errorf("a stored token reads %q", printed)
	}
	stream, err := strconv.Atoi(parts[0])
	if err != nil {
		return Stored{}, phrase.Errorf("a stored token reads %q: %w", printed, err)
	}
	seq, err := strconv.ParseUint(parts[1], 10, 32)
	if err != nil {
		return Stored{}, phrase.Errorf("a stored token reads %q: %w", printed, err)
	}
	return Stored{Stream: stream, Seq: uint32(seq), Member: parts[2]}, nil
}

// Role is the role that a member states.
type Role string

// The roles. A member that cannot be asked has no role, but an error.
const (
	Primary Role = "primary"
	Standby Role = "standby"
	// Neither is a member that is up but takes part in nothing: suspended,
	// mounted, split.
	Neither Role = "neither"
	Voter   Role = "voter" // a [Witness] that is up
)
