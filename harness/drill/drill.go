// Package drill carries out one runbook on one cluster and records it.
//
// A [Drill] owns everything that runs meanwhile: cluster, probe, observer,
// journal and the active faults. It does not judge: package measure finds the
// verdict from the record that End leaves.
package drill

import (
	"cmp"
	"context"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"time"

	"drillbook/harness/calibrate"
	"drillbook/harness/cluster"
	"drillbook/harness/driver"
	"drillbook/harness/fault"
	"drillbook/harness/host"
	"drillbook/harness/link"
	"drillbook/harness/observe"
	"drillbook/harness/phrase"
	"drillbook/harness/probe"
	"drillbook/harness/record"
)

// ErrEnvironment is wrapped when a drill could not begin because of the place
// where it runs, not because of the cluster.
var ErrEnvironment = phrase.Errorf("the drill could not begin")

// RecordName is the file of a drill's record in its folder.
const RecordName = "record.jsonl"

// Config says what to drill and how. Head, Driver, Host, Members and Dir must
// be set; without a Host the members are there already, at the addresses that they are
// named by, and are only watched.
type Config struct {
	// Head describes the drill. Begin fills in members, streams, settings and the
	// time.
	Head    record.Head
	Driver  driver.Driver
	Host    host.Host
	Members []string               // the first starts as the primary
	Kinds   map[string]driver.Kind // of members, by name, where that matters
	Alone   bool                   // only the first serves at the start, see [driver.Env]
	// Adopt, if set, says that the cluster is on the host's nodes already and stays.
	Adopt *Adoption
	Links link.Network // if set, what replication goes through
	Probe Probe
	// UsualRate is the rate of the probe's writes, per second, that the product is
	// known to bear; 0: 200.
	UsualRate float64
	// DirectNetwork, if set, is the network over which the observer and the
	// streams to single members dial them. It differs from the network of the
	// clients, so that a member is still reached when it is cut off from those.
	// If "", both use the same network.
	DirectNetwork host.Network
	Dir           string // of this drill alone; made if missing
	// Ledger, if set, keeps the active faults on disk.
	Ledger *fault.Ledger
	// Allow, if set, is asked before a fault is injected in a step, and says why it must not
	// be.
	Allow func(step int, f fault.Fault) error
	// Calibrate, if set, has the probe measure outages of known length before
	// the drill begins, as [calibrate.Quick] does, which takes real time and
	// sockets.
	Calibrate func(ctx context.Context, s calibrate.Settings, bound time.Duration) ([]calibrate.Trial, error)
	// OnEvent, if set, is called with every event at once, and with how those of its texts
	// that are new can be said in other languages. It must not block.
	OnEvent func(e record.Event, said ...phrase.Phrase)
}

// Probe sets the probe of a drill. The zero Probe is the default.
type Probe struct {
	Writes   float64 // a second, on the clients' path; 0: 200
	Reads    float64 // 0: 50
	Connects float64 // 0: 10
	Direct   float64 // writes straight to each member; 0: 50
	// Registers is how many puts and how many gets of a register are made a
	// second, where the product's sessions keep one; 0: 20.
	Registers float64
	// Connect and Reply are the deadlines of one attempt; Connect is per
	// member that has to be tried. 0: 100 ms and 250 ms.
	Connect, Reply time.Duration
	// Roles is how often a second every member is asked for its role; 0: 20.
	Roles float64
	// ReadOnly leaves out all writes; so nothing is to be read back, either.
	ReadOnly bool
}

// Deadlines of what is not measured.
const (
	readyWithin   = 60 * time.Second
	healthyWithin = 20 * time.Second
	confirmWithin = 5 * time.Second
	heldWithin    = 5 * time.Second
	undoWithin    = 2 * time.Minute // a server that starts may have much to recover
	bootWithin    = 15 * time.Minute
	healWithin    = 60 * time.Second
	syncWithin    = 60 * time.Second
	copyWithin    = 30 * time.Second
	settledWithin = 5 * time.Second
	agreeWithin   = 10 * time.Second
	agreeEvery    = 500 * time.Millisecond
)

// The rules of measuring, as they are recorded.
const (
	settle   = time.Second
	baseline = time.Second
	// watchedBaseline is that of a cluster of whose service nothing is known, and which is
	// tried at a low rate.
	watchedBaseline = 5 * time.Second
)

// activeFault is a fault that was injected, perhaps only in part, and not healed.
type activeFault struct {
	fault.Fault

	confirmed   bool
	holdChecked bool // whether it held until it was to be healed

	leaseMu sync.Mutex // guards the leaseholder once the fault is injected
	leaseholder
}

// Drill is a running drill. Its methods are called by one goroutine at a time.
type Drill struct {
	Cluster *cluster.Cluster

	cfg        Config
	began      time.Time
	file       *os.File
	journal    *record.Writer
	probe      *probe.Probe
	observer   *observe.Observer
	nodes      *observe.Nodes
	faultsMu   sync.Mutex     // guards faults, which the watch of nodes reads
	faults     []*activeFault // in the order of injection
	lagWatches []*LagWatch

	renewing     sync.WaitGroup // the goroutine that renews leases
	stopRenewing context.CancelFunc
	// disturbed is the time of the last action that clients may notice.
	disturbed time.Duration
	step      int
	stepMu    sync.Mutex    // guards step, which is read by commands of other goroutines, and needless
	needless  phrase.Phrase // why there is nothing to do in the step
	standing  phrase.Phrase // of the members in the end
	loans     []Loan        // of an adopted cluster
	failed    bool          // a step has, or was not carried out
	stuck     bool          // a step cannot be carried out, for a reason that is not the service's
	ended     bool
}

// Begin starts the cluster and the clients, and waits until the clients are
// served without failures. Its error wraps ErrEnvironment; then only the host is
// left running, and the record says why.
func Begin(ctx context.Context, cfg Config) (*Drill, error) {
	d := &Drill{cfg: cfg, began: time.Now()}
	if err := d.openJournal(); err != nil {
		return nil, phrase.Errorf("%w: %w", ErrEnvironment, err)
	}
	if err := d.start(ctx); err != nil {
		err = phrase.Errorf("%w: %w", ErrEnvironment, err)
		d.stopAll(context.WithoutCancel(ctx))
		said := phrase.Of(err)
		d.journal.Phrase(said)
		tail := record.Tail{Err: said.Text, Blame: cmp.Or(BlameOf(err), record.BlamePlace)}
		return nil, errors.Join(err, d.closeJournal(tail))
	}
	return d, nil
}

func (d *Drill) openJournal() error {
	d.cfg.Head.Began = d.began
	if err := cluster.Check(d.cfg.Driver.Product(), d.cfg.Members, d.cfg.Kinds); err != nil {
		return err
	}
	d.cfg.Head.Members, d.cfg.Head.Kinds = d.cfg.Members, kindNames(d.cfg.Kinds)
	plans, err := cluster.Auxiliaries(d.cfg.Driver, d.cfg.Members)
	if err != nil {
		return err
	}
	d.cfg.Head.Auxiliaries = auxiliaries(plans)
	if p, ok := d.cfg.Host.(host.Publisher); ok {
		d.cfg.Head.Published = p.Published()
	}
	d.cfg.Head.Settings = record.Settings{Settle: settle, Baseline: d.baseline(), Usual: interval(d.cfg.UsualRate)}
	if d.cfg.Calibrate != nil {
		d.cfg.Head.Settings.Bound = calibrate.Bound(d.cfg.Probe.Calibration(), d.cfg.Head.Promise.RTO)
	}
	holders := driver.Holders(d.cfg.Members, d.cfg.Kinds)
	d.cfg.Head.Streams = d.cfg.Probe.Streams(holders, d.cfg.Driver.Product().Registers)
	if err := os.MkdirAll(d.cfg.Dir, 0o755); err != nil { //nolint:gosec // reports are for everyone
		return phrase.Errorf("make the folder of the record: %w", err)
	}
	f, err := os.Create(filepath.Join(d.cfg.Dir, RecordName))
	if err != nil {
		return phrase.Errorf("make the record: %w", err)
	}
	d.file = f
	d.journal, err = record.NewWriter(f, d.cfg.Head)
	if err != nil {
		return errors.Join(err, f.Close())
	}
	product := d.cfg.Driver.Product()
	d.journal.Phrase(product.Title)
	d.journal.Phrase(product.StandIn)
	for _, p := range plans {
		d.journal.Phrase(p.Duty)
	}
	return nil
}

// kindNames returns the kinds of members as the record has them.
func kindNames(all map[string]driver.Kind) map[string]string {
	names := map[string]string{}
	for m, kind := range all {
		if kind != "" {
			names[m] = string(kind)
		}
	}
	return names
}

// startCluster starts the members and makes them ready for the probe, or takes those
// that are there as they are.
func (d *Drill) startCluster(ctx context.Context) (err error) {
	if d.cfg.Host == nil {
		d.Cluster, err = cluster.Remote(d.cfg.Driver, d.cfg.Members)
		return err
	}
	if d.cfg.Adopt != nil {
		return d.adopt(ctx)
	}
	began := d.now()
	d.Cluster, err = cluster.Start(ctx, cluster.Spec{
		Driver: d.cfg.Driver, Host: d.cfg.Host, Members: d.cfg.Members, Kinds: d.cfg.Kinds,
		Replication: d.cfg.Links, Within: readyWithin, Alone: d.cfg.Alone, OnCommand: d.recordCommand,
	})
	if err != nil {
		return phrase.Errorf("start the cluster: %w", err)
	}
	d.event(record.Event{Kind: record.Ready, Took: d.now() - began})
	primary, err := d.Cluster.Primary(ctx)
	if err != nil {
		return err
	}
	if err := d.cfg.Driver.Prepare(ctx, primary); err != nil {
		return phrase.Errorf("prepare %s for the probe's writes: %w", primary.Name, err)
	}
	return d.preflight(ctx)
}

// start starts the parts of the drill in order.
func (d *Drill) start(ctx context.Context) error {
	if err := d.startCluster(ctx); err != nil {
		return err
	}
	if err := d.checkDirect(ctx); err != nil {
		return err
	}
	c := d.Cluster
	every, within := d.cfg.Probe.askRoles()
	d.observer = observe.Start(context.WithoutCancel(ctx), observe.Config{
		Began: d.began, Driver: d.cfg.Driver, Members: d.direct(c.Members...),
		Every: every, Within: within, Event: d.observed,
	})
	d.watchAuxiliaries(ctx)
	d.startRenewing(ctx)
	var err error
	d.probe, err = probe.Start(context.WithoutCancel(ctx), probe.Config{
		Run: d.cfg.Head.Run, Began: d.began, Members: d.cfg.Members,
		Streams: d.probeStreams(), Journal: d.journal,
	})
	if err != nil {
		return phrase.Errorf("start the probe: %w", err)
	}
	if err := d.calibrate(ctx); err != nil {
		return phrase.Errorf("calibrate the probe: %w", err)
	}
	if err := d.WaitServed(ctx, d.baseline(), healthyWithin); err != nil {
		return errors.Join(phrase.Errorf("the clients are not served before the drill has begun: %w", err),
			c.CheckAuxiliaries(ctx))
	}
	if err := c.CheckAuxiliaries(ctx); err != nil { // a redundant one too: the drill is of a whole cluster
		return err
	}
	d.event(record.Event{Kind: record.Healthy})
	return nil
}

// Dir is the folder of the drill's record and other files.
func (d *Drill) Dir() string { return d.cfg.Dir }

// now is the time since the drill began.
func (d *Drill) now() time.Duration { return time.Since(d.began) }

// event records an event at the present time, in the current step, and how its texts can
// be said in other languages.
func (d *Drill) event(e record.Event, said ...phrase.Phrase) {
	for _, p := range said {
		d.journal.Phrase(p)
	}
	e.At = d.now()
	if e.Step == 0 {
		d.stepMu.Lock()
		e.Step = d.step
		d.stepMu.Unlock()
	}
	d.emit(e, said...)
}

// observed records what an observer saw, at its own time.
func (d *Drill) observed(e record.Event) { d.emit(e) }

func (d *Drill) emit(e record.Event, said ...phrase.Phrase) {
	d.journal.Event(e)
	if d.cfg.OnEvent != nil {
		d.cfg.OnEvent(e, said...)
	}
}

// recordCommand records a command that was run in a member.
func (d *Drill) recordCommand(r driver.CommandRun) {
	e := record.Event{
		Kind: record.Command, Member: r.Member, Took: r.Took,
		What: d.hide(r.Command.Line()), Answer: d.hide(r.Answer.Stdout + r.Answer.Stderr),
	}
	if r.Err != nil {
		e.Err = d.hide(r.Err.Error())
	}
	d.event(e)
}
