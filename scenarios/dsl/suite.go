package dsl

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"runtime/debug"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/onsi/ginkgo/v2"

	"drillbook/harness/drill"
	"drillbook/harness/driver"
	"drillbook/harness/fault"
	"drillbook/harness/host"
	"drillbook/harness/link"
	"drillbook/harness/phrase"
	"drillbook/harness/probe"
	"drillbook/harness/record"
	"drillbook/reports"
	"drillbook/runbooks"
)

// Place is where members run.
type Place struct {
	Name string
	// Undo says how what a killed drill did there is undone, and Heal does so for all
	// runs that are dead, and for those that cannot be told to be if also says so of
	// them; nil: it never does.
	Undo string
	Heal func(ctx context.Context, also func(host.Leftover) bool, say func(line string)) (host.CleanedUp, error)
	// Undoes, if set, carries out what undoes a fault where members stay when their
	// drill ends, and confirms it. Such a place has no Heal.
	Undoes func(ctx context.Context, u host.Undo) error
	// Open makes a host for one cluster of the driver's product, and the
	// network of its links. What takes long, it says.
	Open func(ctx context.Context, run string, d driver.Driver, say func(line string)) (host.Host, link.Network, error)
	// Relay makes the network of links that a relay spoils, for scenarios that
	// want one between their members; nil where there is none.
	Relay func(ctx context.Context, h host.Host, members []string, say func(line string)) (link.Network, error)
	// Lacks is what the place cannot do, and why. Scenarios that need it are
	// skipped.
	Lacks map[Need]string
	// Look, if set, finds out what it lacks besides; it takes a moment.
	Look func(ctx context.Context) (map[Need]string, error)
	// Stays says that the cluster is there already and stays: before a step people are asked
	// for each of its faults too. Listens are ports that may be open there besides the
	// product's; nil: nobody has said.
	Stays   bool
	Listens []int
	// Machines are those of a cluster that stays, as reports name them.
	Machines string
	// Instead is what to do where the place lacks something: "run it …".
	Instead string
}

// View is told how a run goes, while it goes. Its methods must not block.
type View interface {
	// DrillBegins comes first; health is how the clients' writes fare, once
	// they are made.
	DrillBegins(head record.Head, health func() (h probe.Health, now time.Duration, ok bool))
	Say(line string)
	Event(e record.Event, said ...phrase.Phrase)
	DrillEnds(d reports.Drill)
}

// Options are what all drills of a run share. Library, Place, Out, Trials and
// View must be set.
type Options struct {
	Library runbooks.Library
	Place   Place
	Out     string            // folder of the run
	Params  map[string]string // for every runbook that has them
	Tier    string            // that is run as a whole, for the defaults of parameters; "": none is
	Trials  int
	Probe   drill.Probe
	Harness string // version of the harness
	View    View
	// Consent, if set, is asked before every step whose runbook wants it, and where members
	// stay before every step with faults, which it is told.
	Consent func(ctx context.Context, step runbooks.Step, faults []fault.Fault) error
	// Next, if set, is asked before every step but the first for which Consent is not asked. An
	// error ends the drill.
	Next func(ctx context.Context, step runbooks.Step) error
	// Operator is who carries the drills out, and is asked, by name.
	Operator string
	// Stop, if set, is closed when the run is to end: what is under way is told
	// so, its drill is healed, saved and taken down, and no other begins.
	Stop <-chan struct{}
	// Plan is the digest of what people have agreed to, where the cluster stays.
	Plan string
	// StopIf are conditions on which StopNow is called, which must close Stop.
	StopIf  drill.StopIf
	StopNow func()
	// OnBegin, if set, is called before the first drill begins. Ginkgo listens to
	// signals by then, and a caller that wants them alone can take them.
	OnBegin func()
}

// Suite is a run of scenarios.
type Suite struct {
	opts    Options
	drills  []*Drill
	skipped []reports.Skipped
	begun   sync.Once                     // guards the call of Options.OnBegin
	overrun atomic.Pointer[phrase.Phrase] // why StopNow was called
}

// NewSuite returns a suite without scenarios.
func NewSuite(o Options) *Suite { return &Suite{opts: o} }

// Declare adds all trials of the scenarios that the place can carry out, in
// their order. It must be called once, before Check or Run and outside of any Ginkgo node.
func (s *Suite) Declare(scenarios ...Scenario) error {
	if err := s.CheckOptions(scenarios...); err != nil {
		return err
	}
	for trial := 1; trial <= s.opts.Trials; trial++ {
		for _, sc := range scenarios {
			d, err := s.newDrill(sc, trial)
			if err != nil {
				return err
			}
			if why := s.opts.Place.whyNot(sc, d.Params); why != "" {
				if trial == 1 {
					s.skipped = append(s.skipped, reports.Skipped{
						Runbook: sc.Runbook, Product: d.head.Product, Host: d.head.Host, Params: d.Params,
						Found: time.Now(), Why: why,
					})
				}
				continue
			}
			s.drills = append(s.drills, d)
		}
	}
	// One container, since only within one Ginkgo keeps to the order.
	ginkgo.Describe("drills", ginkgo.AroundNode(s.untilStopped), func() {
		for _, d := range s.drills {
			d.declare()
		}
	})
	return nil
}

// CheckOptions reports which options do not fit the scenarios. It does not need
// the place.
func (s *Suite) CheckOptions(scenarios ...Scenario) error {
	if err := s.unknownParams(scenarios); err != nil {
		return err
	}
	for _, sc := range scenarios {
		if _, err := s.newDrill(sc, 1); err != nil {
			return err
		}
	}
	return nil
}

// unknownParams reports parameters that none of the runbooks has.
func (s *Suite) unknownParams(scenarios []Scenario) error {
	known := map[string]bool{}
	for _, sc := range scenarios {
		b, err := s.opts.Library.Get(sc.Runbook)
		if err != nil {
			return err
		}
		for _, p := range slices.Concat(b.Params, sc.Common) {
			known[p.Name] = true
		}
	}
	for name := range s.opts.Params {
		if !known[name] {
			return phrase.Errorf(
				"none of the runbooks has a parameter %q; `drillbook show RUNBOOK` lists what it has",
				name,
			)
		}
	}
	return nil
}

// Check builds the tree without running it and reports where scenarios and
// runbooks do not agree.
func (s *Suite) Check() error {
	ginkgo.PreviewSpecs("check")
	var wrong []error
	seen := map[string]bool{}
	for _, d := range s.drills {
		if !seen[d.Book.Name] {
			seen[d.Book.Name] = true
			wrong = append(wrong, d.check())
		}
	}
	return errors.Join(wrong...)
}

// Run runs the suite. It can be done once in a process.
func (s *Suite) Run(t ginkgo.GinkgoTestingT, args ...any) {
	if err := reports.WriteSkipped(s.opts.Out, s.skipped); err != nil { // first: whoever is killed has said it
		s.opts.View.Say(err.Error())
		t.Fail()
	}
	if len(s.drills) > 0 {
		config, reporter := ginkgo.GinkgoConfiguration()
		config.Timeout = 0 // every step has its limit, and how many drills there are is up to people
		ginkgo.RunSpecs(t, "drillbook", append([]any{config, reporter}, args...)...)
	}
	// After an interrupt between two specs Ginkgo runs neither the rest nor
	// AfterAll, and the drill is still there.
	for _, d := range s.drills {
		ctx := context.Background() //nolint:forbidigo // the suite has ended, and its contexts with it
		if err := d.takeDown(ctx); err != nil {
			s.opts.View.Say(fmt.Sprintf("%s: %v", d.Book.Name, err))
			t.Fail()
		}
	}
	if err := reports.WriteBroken(s.opts.Out, s.Report().Broken); err != nil {
		s.opts.View.Say(err.Error())
		t.Fail()
	}
}

// Report is what the drills of the suite have left, once it has run.
func (s *Suite) Report() reports.Run {
	run := reports.Run{Generator: s.opts.Harness, Skipped: s.skipped}
	for _, d := range s.drills {
		if d.outcome != nil {
			run.Drills = append(run.Drills, *d.outcome)
		}
		run.Broken = append(run.Broken, d.breakages()...)
	}
	return run
}

// Imposed says which of a person's own settings the drills have otherwise, and why, each once.
func (s *Suite) Imposed() []phrase.Phrase {
	var all []phrase.Phrase
	for _, d := range s.drills {
		for _, p := range d.imposed {
			if !slices.ContainsFunc(all, func(q phrase.Phrase) bool { return q.Text == p.Text }) {
				all = append(all, p)
			}
		}
	}
	return all
}

// Broken returns the errors of drills that could not begin, go on or be taken
// down because of the place.
func (s *Suite) Broken() error {
	errs := make([]error, 0, 2*len(s.drills))
	for _, d := range s.drills {
		errs = append(errs, d.broken, d.leftBehind)
	}
	return errors.Join(errs...)
}

// Interrupted reports whether a drill was stopped by a signal.
func (s *Suite) Interrupted() bool {
	return slices.ContainsFunc(s.drills, func(d *Drill) bool { return d.stopped })
}

// head is what is known of a drill before it begins.
func (s *Suite) head(b runbooks.Runbook, p driver.Description, params map[string]string, trial int) record.Head {
	h := record.Head{
		Runbook: b.Name, Title: record.Text(b.Title),
		Source: b.Source.In("en"), Sources: record.Text(b.Source),
		Product: p.Name, System: p.Title.Text, StandIn: p.StandIn.Text,
		Host: s.opts.Place.Name, Harness: s.opts.Harness,
		Machine: s.opts.Place.machine(), Stays: s.opts.Place.Machines,
		Trial: trial, Trials: s.opts.Trials,
		Params: params, Operator: s.opts.Operator, Zone: time.Now().Format("MST -07:00"), Sums: b.Sums,
		Promise: record.Promise{
			RTO: b.RTO, RPO: b.RPO, SplitBrain: b.ExpectsSplit(params), StaleReads: b.Stale,
		},
	}
	h.Revision, h.Modified = built()
	for _, st := range b.Steps {
		h.Steps = append(h.Steps, newStep(st))
	}
	return h
}

// machine is where the members are, if they stay, and where drillbook runs.
func (p Place) machine() string {
	own := fmt.Sprintf("%s/%s, %d processors", runtime.GOOS, runtime.GOARCH, runtime.NumCPU())
	if p.Machines == "" {
		return own
	}
	return p.Machines + "; drillbook: " + own
}

// built is the commit that this program was built from, and whether there were changes
// beside it; "" if the program does not know.
func built() (revision string, modified bool) {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "", false
	}
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			revision = s.Value
		case "vcs.modified":
			modified = s.Value == "true"
		}
	}
	return revision, modified
}

func newStep(s runbooks.Step) record.Step {
	out := record.Step{
		Number: s.Number, Title: record.Text(s.Title), Comment: record.Text(s.Comment),
		Planned: s.Planned, Allowed: s.Allowed, Blank: s.Blank,
	}
	if s.Group != nil {
		out.Group = &record.Group{Title: record.Text(s.Group.Title), Comment: record.Text(s.Group.Comment)}
	}
	for _, r := range s.Rows {
		out.Rows = append(out.Rows, record.Row{Title: record.Text(r.Title), Comment: record.Text(r.Comment)})
	}
	return out
}

// newRun names a drill uniquely, on this machine and on every other.
func newRun(began time.Time) string {
	suffix := rand.Uint32() & 0xffffff //nolint:gosec // part of a name, no secret
	return fmt.Sprintf("%s-%06x", began.UTC().Format("20060102-150405"), suffix)
}
