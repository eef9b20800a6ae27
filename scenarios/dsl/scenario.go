// Package dsl makes Ginkgo suites of scenarios.
//
// A [Scenario] is a value: the name of a runbook and the body that carries it
// out. A [Suite] builds scenarios into Ginkgo's tree, once for each trial, runs
// them, and gathers their records. Both `go test` and the command use it.
package dsl

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/onsi/ginkgo/v2"

	"drillbook/harness/cluster"
	"drillbook/harness/drill"
	"drillbook/harness/driver"
	"drillbook/harness/fault"
	"drillbook/harness/link"
	"drillbook/harness/phrase"
	"drillbook/harness/record"
	"drillbook/reports"
	"drillbook/runbooks"
)

// The tiers of scenarios, by how often they are worth running.
const (
	Smoke   = runbooks.Smoke
	Nightly = runbooks.Nightly
)

const (
	// StepLimit is the longest that one step of any scenario may take. It only
	// bounds what hangs: a step has time for all that its parameters and the
	// promise may have it wait for.
	StepLimit = 10 * time.Minute
	// LongestWait is the longest that a parameter may have a step wait.
	LongestWait = 4 * time.Minute
)

// Scenario is a runbook with the body that carries it out. Runbook, Tier,
// Members, Driver and Body must be set.
type Scenario struct {
	Runbook string // its name: "postgres/lost-primary"
	Tier    string
	Members []string // the first starts as the primary
	// More are members besides, where the values of the runbook's parameters want them.
	More func(params map[string]string) []string
	// Kinds are those of members, by name, where that matters; a pair needs none.
	Kinds map[string]driver.Kind
	// Alone says that only the first member serves when the drill begins; the
	// runbook brings in the others.
	Alone bool
	// Probe is what the product needs otherwise than [drill.Probe] has it; what
	// a run is told to do outweighs it.
	Probe drill.Probe
	// DirectOverPrivate has the harness dial single members over the private
	// network, see [drill.Config.DirectNetwork].
	DirectOverPrivate bool
	// Driver makes the driver for the values of the runbook's parameters.
	Driver func(params map[string]string) (driver.Driver, error)
	// Common are parameters that it has besides those of its runbook: its product's.
	Common []runbooks.Param
	// PageUser is whom commands of the page are run as, see [Product.PageUser].
	PageUser string
	// Params are parameters of the runbook that differ from its defaults; what a
	// run is told to do outweighs them.
	Params map[string]string
	// Relay has replication go through a relay that [Drill.Impair] can spoil.
	Relay bool
	// Needs, if set, is what it asks of the place.
	Needs func(params map[string]string) []Need
	// Faults, if set, are all that its steps inject: then a step can inject no other. Where a
	// cluster stays, it must be set.
	Faults func(ctx context.Context, f Foreseen) ([]StepFault, error)
	// Body declares one It per step of the runbook, in its order, each named
	// by [Drill.Step].
	Body func(d *Drill)
}

// Product is the folder of the runbook.
func (s Scenario) Product() string {
	product, _, _ := strings.Cut(s.Runbook, "/")
	return product
}

// DefaultDriver is the driver for the defaults of the runbook's parameters.
func (s Scenario) DefaultDriver(lib runbooks.Library) (driver.Driver, error) {
	book, err := lib.Get(s.Runbook)
	if err != nil {
		return nil, err
	}
	params, err := book.ResolveParams(nil, "")
	if err != nil {
		return nil, err
	}
	drv, err := s.Driver(params)
	if err != nil {
		return nil, phrase.Errorf("scenario %s: %w", s.Runbook, err)
	}
	return drv, nil
}

// Adopting is the scenario on a cluster of these members that is there already, with the
// driver of it. What people say of clusters that drills make does not hold for it.
func (s Scenario) Adopting(members []string, drv func(map[string]string) (driver.Driver, error)) Scenario {
	made := s.Driver
	s.Members, s.More, s.Kinds, s.Common = members, nil, nil, nil
	s.Driver = func(params map[string]string) (driver.Driver, error) {
		if _, err := made(params); err != nil { // which knows the values that parameters may have
			return nil, err
		}
		return drv(params)
	}
	return s
}

// Drill is one drill of a scenario, as its body sees it. What the harness'
// drill can do it can do too, once the first It runs.
type Drill struct {
	*drill.Drill

	Book   runbooks.Runbook
	Params map[string]string
	Links  link.Network // between the members; may be spoiled

	relay      link.Network    // nil if the scenario has none
	imposed    []phrase.Phrase // what of a person's own settings it has otherwise
	scenario   Scenario
	suite      *Suite
	head       record.Head
	dir        string
	foreseen   map[int][]fault.Fault // by the number of the step
	declared   []string              // titles of the steps that the body has named
	rows       []Row                 // that the body has named
	unknown    []error
	closePlace func() error // closes host and links
	unwatch    func()       // ends the watch for conditions to stop
	ended      bool
	outcome    *reports.Drill
	broken     error         // why the drill could not begin, or not go on
	recordLost error         // why nothing that was recorded can be read
	leftBehind error         // why what it ran on could not be removed
	at         int           // the step that began last
	inStep     bool          // a step has begun and not ended
	cause      error         // what failed the current step, if Succeed has seen it
	looked     phrase.Phrase // what the last check of [Drill.Confirm] looked at
	failed     bool          // a step, or what is around the steps
	stopped    bool          // by an interrupt
	takeDownMu sync.Mutex    // held while it is taken down
}

// newDrill prepares trial number trial of a scenario.
func (s *Suite) newDrill(sc Scenario, trial int) (*Drill, error) {
	book, err := s.opts.Library.Get(sc.Runbook)
	if err != nil {
		return nil, err
	}
	params, err := book.ResolveParams(s.givenParams(sc, book), s.opts.Tier)
	if err != nil {
		return nil, err
	}
	if err := s.addCommon(params, sc); err != nil {
		return nil, err
	}
	if sc.More != nil {
		sc.Members = slices.Concat(sc.Members, sc.More(params))
	}
	d := &Drill{Book: book, Params: params, scenario: sc, suite: s}
	if err := d.checkPage(); err != nil {
		return nil, err
	}
	d.dir = filepath.Join(s.opts.Out, d.folder(trial))
	drv, err := sc.Driver(params)
	if err != nil {
		return nil, phrase.Errorf("scenario %s: %w", sc.Runbook, err)
	}
	if err := checkAbilities(drv, book); err != nil {
		return nil, err
	}
	if err := cluster.Check(drv.Product(), sc.Members, sc.Kinds); err != nil {
		return nil, phrase.Errorf("scenario %s: %w", sc.Runbook, err)
	}
	if _, err := cluster.Auxiliaries(drv, sc.Members); err != nil {
		return nil, phrase.Errorf("scenario %s: %w", sc.Runbook, err)
	}
	holders := driver.Holders(sc.Members, sc.Kinds)
	if err := s.opts.Probe.Or(sc.Probe).Check(holders, drv.Product()); err != nil {
		return nil, phrase.Errorf("scenario %s: %w", sc.Runbook, err)
	}
	if err := s.opts.StopIf.Check(drv, s.opts.Probe, len(holders)); err != nil {
		return nil, phrase.Errorf("stop condition of %s: %w", sc.Runbook, err)
	}
	d.head = s.head(book, drv.Product(), params, trial)
	d.imposed = drv.Product().Imposed
	return d, nil
}

// givenParams are the parameters of the scenario, and those that were set and that the
// runbook has. One that was set and that no runbook of the suite has is an error of
// Declare.
func (s *Suite) givenParams(sc Scenario, book runbooks.Runbook) map[string]string {
	given := map[string]string{}
	maps.Copy(given, sc.Params)
	for name, value := range s.opts.Params {
		if slices.ContainsFunc(book.Params, func(p runbooks.Param) bool { return p.Name == name }) {
			given[name] = value
		}
	}
	return given
}

// addCommon adds the parameters that were set of those that all runbooks of the product have.
func (s *Suite) addCommon(params map[string]string, sc Scenario) error {
	for _, p := range sc.Common {
		value, set := s.opts.Params[p.Name]
		if !set {
			continue
		}
		if len(p.Allowed) > 0 && !slices.Contains(p.Allowed, value) {
			return phrase.Errorf("%s=%s: it may be %s", p.Name, value, strings.Join(p.Allowed, ", "))
		}
		params[p.Name] = value
	}
	return nil
}

func (d *Drill) folder(trial int) string {
	name := strings.ReplaceAll(d.Book.Name, "/", "-")
	if d.suite.opts.Trials > 1 {
		name = fmt.Sprintf("%s.%0*d", name, len(strconv.Itoa(d.suite.opts.Trials)), trial)
	}
	return name
}

// checkAbilities reports which abilities of the runbook's needs the driver lacks.
func checkAbilities(drv driver.Driver, book runbooks.Runbook) error {
	if lacking := driver.Lacking(drv, book.Needs); len(lacking) > 0 {
		return phrase.Errorf("runbook %s needs the abilities %q, which %s lacks: give its driver the interfaces that "+
			"harness/driver/abilities.go names so", book.Name, lacking, drv.Product().Title)
	}
	return nil
}

// Step is the text of the spec that carries out the step of that title:
// "3. Promote the standby". A title that the runbook lacks stops the suite
// before anything is started.
func (d *Drill) Step(title string) string {
	s, err := d.Book.Step(title)
	if err != nil {
		d.unknown = append(d.unknown, err)
		return title
	}
	d.pageSteps(s.Number)
	if len(s.Commands) > 0 {
		d.unknown = append(d.unknown, phrase.Errorf("%s: step %q is carried out by the scenario, which does not run "+
			"these commands: give them a step of their own", s.Commands[0].Where, s.Text("en")))
	}
	d.declared = append(d.declared, title)
	return s.Text("en")
}

// check reports steps that the body leaves out, doubles or takes in another
// order, and rows of the form that it does not name.
func (d *Drill) check() error {
	wrong := slices.Clone(d.unknown)
	for i, s := range d.Book.Steps {
		title := s.Title.In("en")
		switch n := slices.Index(d.declared, title); {
		case n < 0:
			wrong = append(wrong,
				phrase.Errorf("%s: step %q is carried out by no It of the scenario", s.Where.In("en"), s.Text("en")))
		case n != i && len(d.unknown) == 0 && len(d.declared) == len(d.Book.Steps):
			wrong = append(
				wrong,
				phrase.Errorf("%s: step %q is carried out in another place than the runbook has it", s.Where.In("en"),
					s.Text("en")),
			)
		case slices.Contains(d.declared[n+1:], title):
			wrong = append(wrong, phrase.Errorf("%s: step %q is carried out twice", s.Where.In("en"), s.Text("en")))
		}
	}
	return errors.Join(append(wrong, d.checkRows()...)...)
}

// declare builds the drill into Ginkgo's tree.
func (d *Drill) declare() {
	ginkgo.Describe(d.Book.Name, ginkgo.Ordered, ginkgo.Label(d.scenario.Product(), d.scenario.Tier), func() {
		d.declared, d.rows, d.unknown = nil, nil, nil
		ginkgo.BeforeAll(d.begin, ginkgo.NodeTimeout(beginWithin))
		ginkgo.BeforeEach(d.stepBegins)
		ginkgo.AfterEach(d.stepEnds)
		ginkgo.AfterAll(d.finish, ginkgo.NodeTimeout(d.finishWithin()))
		d.scenario.Body(d)
		d.pageSteps(len(d.Book.Steps) + 1)
		ginkgo.It(promise(d.Book), d.keepsPromise, ginkgo.NodeTimeout(d.finishWithin()))
	})
}

func promise(b runbooks.Runbook) string {
	return fmt.Sprintf("keeps its promise: no outage of writes over %s, no more than %d acknowledged writes lost",
		b.RTO, b.RPO)
}
