package driver

import "context"

// Promoter can make a member the primary, whatever the others say: a takeover.
// It returns once the member has agreed to be one.
type Promoter interface {
	Promote(ctx context.Context, m Member) error
}

// Switcher can change roles while both members are well, without loss.
type Switcher interface {
	Switchover(ctx context.Context, from, to Member) error
}

// Way is how a former primary is brought back as a standby.
type Way string

// The ways of bringing a member back.
const (
	Rewind  Way = "rewind"  // keep its data, undo what diverged
	Rebuild Way = "rebuild" // copy everything anew
)

// Rejoiner can bring a member back as a standby of the primary. The member's
// node runs, its database does not.
type Rejoiner interface {
	Rejoin(ctx context.Context, m, primary Member, way Way) error
}

// Lag says how far a standby is behind.
type Lag struct {
	Streaming bool   // replication runs
	Sync      bool   // commits wait for it
	Bytes     int64  // not yet applied
	Detail    string // for people
}

// Lagger can tell how far a standby is behind its primary.
type Lagger interface {
	Lag(ctx context.Context, standby, primary Member) (Lag, error)
}

// Versioner can tell the versions of what a member runs, by name.
type Versioner interface {
	Versions(ctx context.Context, m Member) (map[string]string, error)
}
