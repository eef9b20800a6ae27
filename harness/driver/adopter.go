package driver

import (
	"context"

	"drillbook/harness/host"
	"drillbook/harness/phrase"
)

// Fact is something about a cluster that is there already: it was read, nobody has chosen it.
type Fact struct {
	Member string        // "": of the whole cluster
	What   phrase.Phrase // "system identifier"; the same whenever it is read
	Value  phrase.Phrase
	// Moves says that it changes by itself, as lag does: a plan holds whatever it is.
	Moves bool
}

// Facts are what a cluster that is there already is like.
type Facts struct {
	All []Fact
	// Wrong is why it cannot be drilled, each with what to do about it.
	Wrong []error
}

// Adopter is a driver of a cluster that is there already and stays when its drill ends.
type Adopter interface {
	// Adopt looks at the hosts and servers of the members, and at the auxiliaries that the
	// driver has planned, and changes nothing there. Needs are the abilities that the runbook
	// needs, which may ask more of the cluster. An error is that it could not look.
	Adopt(ctx context.Context, env Env, needs []string) (Facts, error)
	// UndoPrepare is how a member is rid of what Prepare has made. On a member that takes
	// no writes there is nothing to do: it follows.
	UndoPrepare(ctx context.Context, m Member) (host.Undo, error)
}

// Borrower is an [Adopter] that changes for a while what the owner of a cluster has set, and
// sets it again once a standby follows. A drill that does not get there leaves it to this.
type Borrower interface {
	// Borrowed says what is changed.
	Borrowed() phrase.Phrase
	// UndoBorrowed sets a member's settings again as they were when Adopt looked. It fails,
	// and says so, where that would do harm as the cluster stands.
	UndoBorrowed(ctx context.Context, m Member) (host.Undo, error)
}
