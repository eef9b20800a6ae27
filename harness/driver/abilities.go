package driver

import (
	"context"
	"io"
	"reflect"
	"slices"

	"drillbook/harness/host"
	"drillbook/harness/phrase"
	"drillbook/harness/secret"
)

// Ability is something that only some products can do: an interface that a driver has
// beside [Driver].
type Ability struct {
	Name      string // as a runbook says that it needs it
	Interface string // of this package
	Has       func(Driver) bool
}

// Abilities are all that there are.
func Abilities() []Ability {
	return []Ability{
		ability[Adopter]("adopt"),
		ability[AlertReader]("alerts"),
		ability[AuxiliaryPlanner]("auxiliaries"),
		ability[Bootstrapper]("form"),
		ability[Borrower]("borrow"),
		ability[SettingsReporter]("settings"),
		ability[ClusterCloser]("close"),
		ability[Gate]("turn-away"),
		ability[SecretKeeper]("secrets"),
		ability[LagReporter]("lag"),
		ability[LogKeeper]("logs"),
		ability[Promoter]("promote"),
		ability[Rejoiner]("rejoin"),
		ability[Salvager]("salvage"),
		ability[Server]("stop"),
		ability[Switcher]("switchover"),
		ability[Undoer]("undo"),
		ability[Versioner]("versions"),
	}
}

func ability[I any](name string) Ability {
	return Ability{name, reflect.TypeFor[I]().Name(), func(d Driver) bool {
		_, ok := d.(I)
		return ok
	}}
}

// Lacking are those of the named abilities that a driver does not have. One that no
// interface stands for is lacking, too.
func Lacking(d Driver, names []string) []string {
	var lacking []string
	for _, name := range names {
		if !slices.ContainsFunc(Abilities(), func(a Ability) bool { return a.Name == name && a.Has(d) }) {
			lacking = append(lacking, name)
		}
	}
	return lacking
}

// SecretKeeper is a driver that knows secrets. None of them may appear in what a
// drill saves or shows.
type SecretKeeper interface {
	Secrets() []secret.Text
}

// Promoter can make a member the primary, whatever the other members say: a
// takeover. It returns once the member agrees that it is the primary. Only a
// product that is [Description.Guarded] refuses this while a primary lives.
type Promoter interface {
	Promote(ctx context.Context, m Member) error
}

// Switcher can move the role of the primary without loss, while both members are
// healthy.
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

// Lag is the position of a standby relative to its primary.
type Lag struct {
	Streaming bool          // replication runs
	Sync      bool          // commits wait for it
	Written   uint64        // position up to which the primary has written
	Applied   uint64        // position up to which the standby has applied
	Detail    phrase.Phrase // for people
}

// Behind is how much the standby has not applied yet, in the product's unit,
// usually bytes.
func (l Lag) Behind() uint64 {
	if l.Applied >= l.Written {
		return 0
	}
	return l.Written - l.Applied
}

// LagReporter reports the lag of a standby. It asks the primary first, so that
// Behind never understates.
type LagReporter interface {
	Lag(ctx context.Context, standby, primary Member) (Lag, error)
}

// Versioner reports the versions of the software of a member, by name.
type Versioner interface {
	Versions(ctx context.Context, m Member) (map[string]string, error)
}

// Setting is a setting that the driver has written into the configuration of a
// member or of an auxiliary.
type Setting struct {
	Name string
	Want string // as it was written
	// Got is what is in force. Where that means the same, it is Want, letter for
	// letter.
	Got string
}

// SettingsReporter reports which of the settings that it has written are in
// force: a server may round a value, read it from another file, or wait for a
// restart.
type SettingsReporter interface {
	// Settings asks for every setting that the driver has written for the member
	// that was launched in the seat, where it can be asked for.
	Settings(ctx context.Context, m Member, seat Seat) ([]Setting, error)
}

// Env is what a cluster is bootstrapped in, or adopted from.
type Env struct {
	Host        host.Host
	Members     []Member // that are launched or there; the first launched one is to be the primary
	Auxiliaries []Member // that are, too; in the order in which the driver has planned them
	// Alone says that only the first member is to serve, by itself; the others
	// are left as they were launched.
	Alone bool
}

// Bootstrapper creates a cluster from nodes that run and have no databases yet, those
// of the members and those that the driver has planned besides. A driver with this
// ability drives one cluster.
type Bootstrapper interface {
	Bootstrap(ctx context.Context, env Env) error
}

// ClusterCloser is a driver that runs something for a cluster besides its
// members, such as consoles that it keeps open.
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

// Salvager can save the rows that only one member holds, before that member is
// brought back as a standby and loses them.
type Salvager interface {
	// Salvage writes every row that m holds and primary does not, or not in the
	// same form, to w, as text that people can read and tools can load. Both
	// run, and m takes no writes any more. It changes nothing in either's data.
	Salvage(ctx context.Context, m, primary Member, w io.Writer) (Salvaged, error)
	// Saved finds the tokens of a run in what Salvage has written.
	Saved(r io.Reader, run string) ([]Stored, error)
}
