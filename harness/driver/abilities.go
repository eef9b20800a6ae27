package driver

import (
	"context"
	"io"

	"drillbook/harness/host"
	"drillbook/harness/secret"
)

// SecretKeeper knows secrets. None of them may be found in what a drill leaves or
// shows.
type SecretKeeper interface {
	Secrets() []secret.Text
}

// Promoter can make a member the primary, whatever the others say: a takeover.
// Only a product that is [Description.Guarded] refuses it while a primary lives.
// It returns once the member has agreed to be one.
type Promoter interface {
	Promote(ctx context.Context, m Member) error
}

// Switcher can change roles while both members are well, without loss.
type Switcher interface {
	Switchover(ctx context.Context, from, to Member) error
}

// RejoinMethod is how a former primary is brought back as a standby.
type RejoinMethod string

// The ways of bringing a member back.
const (
	Rewind  RejoinMethod = "rewind"  // keep its data, undo what diverged
	Rebuild RejoinMethod = "rebuild" // copy everything anew
)

// Rejoiner can bring a member back as a standby of the primary. The member's
// node runs, its database does not.
type Rejoiner interface {
	Rejoin(ctx context.Context, m, primary Member, way RejoinMethod) error
}

// Lag says where a standby stands against its primary.
type Lag struct {
	Streaming bool   // replication runs
	Sync      bool   // commits wait for it
	Written   uint64 // position up to which the primary has written
	Applied   uint64 // position up to which the standby has applied
	Detail    string // for people
}

// Behind is how much the standby has not applied yet, in the product's unit,
// usually bytes.
func (l Lag) Behind() uint64 {
	if l.Applied >= l.Written {
		return 0
	}
	return l.Written - l.Applied
}

// LagReporter can tell where a standby stands. Both members are asked, the primary
// first, so that Behind never understates.
type LagReporter interface {
	Lag(ctx context.Context, standby, primary Member) (Lag, error)
}

// Versioner can tell the versions of what a member runs, by name, or an auxiliary
// node: of that, nothing need be known.
type Versioner interface {
	Versions(ctx context.Context, m Member) (map[string]string, error)
}

// Setting is one that the driver has written into the configuration of a
// member, or of what belongs to it.
type Setting struct {
	Name string
	Want string // as it was written
	// Got is what is in force. Where that means the same, it is Want, letter for
	// letter.
	Got string
}

// SettingsReporter can tell what has become of the settings that it has written: a
// server may round one, read it from elsewhere, or wait for a restart.
type SettingsReporter interface {
	// Settings asks for every setting that the driver has written for the member
	// that was launched in the seat, where it can be asked for.
	Settings(ctx context.Context, m Member, seat Seat) ([]Setting, error)
}

// Env is what a cluster is bootstrapped in.
type Env struct {
	Host        host.Host
	Members     []Member // launched; the first one is to be the primary
	Auxiliaries []Member // launched; in the order in which the driver has planned them
	// Alone says that only the first member is to serve, by itself; the others
	// are left as they were launched.
	Alone bool
}

// Bootstrapper creates a cluster from nodes that run and have no databases yet, those
// of the members and those that the driver has planned besides. A driver with this
// ability drives one cluster.
type Bootstrapper interface {
	Bootstrap(ctx context.Context, g Env) error
}

// ClusterCloser runs something for a cluster besides its members, such as consoles
// that it keeps.
type ClusterCloser interface {
	// CloseCluster ends that, and returns once it has ended. No session can be
	// opened afterwards. It may be called again, and before there is a cluster;
	// the members are left as they are.
	CloseCluster(ctx context.Context) error
}

// Salvaged is what was saved of a member.
type Salvaged struct {
	Rows   int
	Tables map[string]int // rows of each table of which any were saved
}

// Salvager can save what only one member holds, before it is brought back as a
// standby and loses that.
type Salvager interface {
	// Salvage writes every row that m holds and primary does not, or not in the
	// same form, to w, as text that people can read and tools can load. Both
	// run, and m takes no writes any more. It changes nothing in either's data.
	Salvage(ctx context.Context, m, primary Member, w io.Writer) (Salvaged, error)
	// Saved finds the tokens of a run in what Salvage has written.
	Saved(r io.Reader, run string) ([]Stored, error)
}
