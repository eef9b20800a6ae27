// Package iris carries out the runbooks of InterSystems IRIS mirroring.
package iris

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"drillbook/fixtures/iris"
	"drillbook/fixtures/iris/conf"
	standin "drillbook/fixtures/iris/image"
	"drillbook/harness/drill"
	"drillbook/harness/driver"
	"drillbook/harness/host"
	"drillbook/harness/phrase"
	"drillbook/scenarios/dsl"
)

// Product is InterSystems IRIS.
func Product() dsl.Product {
	return dsl.Product{
		Name: "iris", Title: "InterSystems IRIS mirror", Images: []host.Image{standin.StandIn()}, Probe: probe(),
		ImageVariable: imageEnv,
		Scenarios: []dsl.Scenario{
			PlannedSwitch(), LostPrimary(), NetworkCut(), Prepare(),
			CreateMirror(), AddNewDatabase(), AddExistingDatabase(),
			AsyncPromote(), Maintenance(), RebuildMember(), KnownErrors(), RemoveMirror(),
		},
	}
}

// probe is what a web server of one instance bears: every attempt is a request of HTTP.
func probe() drill.Probe {
	return drill.Probe{
		Writes: 50, Reads: 20, Connects: 5, Direct: 10, Connect: 250 * time.Millisecond, Reply: 500 * time.Millisecond,
	}
}

// scenario is the usual cluster of two failover members and, as it is configured, an
// arbiter.
func scenario(runbook, tier string, body func(*story)) dsl.Scenario {
	return scenarioOf(runbook, tier, false, body)
}

// scenarioOf is scenario, also for members beside the pair that hold nothing when it begins.
func scenarioOf(runbook, tier string, pair bool, body func(*story)) dsl.Scenario {
	return dsl.Scenario{
		Runbook: runbook, Tier: tier, Members: []string{"server01", "server02"},
		Needs: dsl.Always(dsl.ClientsBeside), // of a virtual address nobody publishes a port
		Driver: func(params map[string]string) (driver.Driver, error) {
			cfg, err := config()
			if err != nil {
				return nil, err
			}
			cfg.Default = params["commit"] == "default"
			cfg.NoArbiter = params["arbiter"] == "no"
			cfg.TLS = params["tls"] == "yes"
			cfg.Pair = pair
			if cfg.QoS, err = qos(params); err != nil {
				return nil, err
			}
			if err := bearable(cfg); err != nil {
				return nil, err
			}
			return iris.New(cfg), nil
		},
		Body: func(d *dsl.Drill) { body(&story{d: d}) },
	}
}

// The QoS timeouts that a drill may have: shorter ones end with every pause of a machine,
// and a step must have time for several longer ones.
const (
	shortestQoS = time.Second
	longestQoS  = 2 * time.Minute
)

// qos is the QoS timeout that the parameters ask for; 0 is the product's.
func qos(params map[string]string) (time.Duration, error) {
	text, asked := params["qos"]
	if !asked {
		return 0, nil
	}
	d, err := time.ParseDuration(text)
	if err != nil || d < shortestQoS || d > longestQoS || d%time.Millisecond != 0 {
		return 0, phrase.Errorf("qos=%s is no QoS timeout: it may be a duration of %s to %s in whole milliseconds, "+
			"such as 8s", text, shortestQoS, longestQoS)
	}
	return d, nil
}

// shortest is for how long what a page is about must last at least: a drill that has it last for
// no time would still lose what the mirror and the drill need time for, and seem to say that
// nothing brings that about.
const shortest = time.Second

// shows refuses lengths, by the names of their parameters, with which a drill would show nothing.
func shows(params map[string]string, names ...string) error {
	if err := dsl.Durations(params, names...); err != nil {
		return err
	}
	var errs []error
	for _, name := range names {
		if d, err := time.ParseDuration(params[name]); err != nil || d < shortest {
			errs = append(errs, phrase.Errorf("%s=%s is too short to show anything: it must be %s or longer", name,
				params[name], shortest))
		}
	}
	return errors.Join(errs...)
}

// briefest is the shortest QoS timeout that members which share a machine bear: in a shorter one
// they take its own pauses for the loss of each other.
const briefest = 200 * time.Millisecond

// bearable refuses clocks that are too fast for a QoS timeout: a mirror would not even form.
func bearable(cfg iris.Config) error {
	timeout := cmp.Or(cfg.QoS, conf.DefaultQoS)
	lasts := time.Duration(float64(timeout) / max(cfg.Faster, 1))
	if cfg.StandIn.Text == "" || lasts >= briefest {
		return nil
	}
	return fmt.Errorf("with %s=%g a QoS timeout of %s lasts %s, and members would take every pause of this machine "+
		"for a loss: it must be %s or longer; set %[1]s to %[6]g or less, or give a longer qos",
		speedEnv, cfg.Faster, timeout, lasts, briefest, float64(timeout/briefest))
}

// story is a drill with what its steps share: the members by their first roles.
type story struct {
	d    *dsl.Drill
	a, b driver.Member
}

// iris is the adapter, with what only it can do.
func (s *story) iris() *iris.Driver {
	GinkgoHelper()
	drv, ok := s.d.Cluster.Driver.(*iris.Driver)
	Expect(ok).To(BeTrue(), "the driver is that of IRIS")
	return drv
}

// step declares the It of a step.
func (s *story) step(title string, do func(ctx SpecContext)) {
	It(s.d.Step(title), do, SpecTimeout(dsl.StepLimit))
}

// works fails the step with an error.
func (s *story) works(err error) {
	GinkgoHelper()
	Expect(err).To(s.d.Succeed())
}

// healthy is the first step of most pages.
func (s *story) healthy() {
	s.step("Confirm that the mirror is healthy", func(ctx SpecContext) { s.confirmHealthy(ctx) })
}

func (s *story) confirmHealthy(ctx context.Context) {
	GinkgoHelper()
	s.a, s.b = s.d.Pair(ctx)
	s.d.Confirm("the mirror")(s.iris().AwaitHealthy(ctx))
	s.d.ConfirmInSync(ctx, s.b, s.a)
}

// expect records how long the mirror's own timers let the outage last.
func (s *story) expect(e conf.Event) {
	o := s.iris().Expected(e)
	s.d.RecordExpected(string(o.Event), o.Most, o.Sum())
}

// final makes sure of the roles, and that the standby has everything.
func (s *story) final(ctx context.Context, primary, standby driver.Member) {
	GinkgoHelper()
	s.works(s.iris().WaitHealthy(ctx))
	s.d.ConfirmRole(ctx, primary, driver.Primary)
	s.d.ConfirmRole(ctx, standby, driver.Standby)
	s.d.ConfirmInSync(ctx, standby, primary)
	s.d.ConfirmServed(ctx)
}
