// Package dm8 carries out the runbooks of Dameng DM8 Data Watch.
package dm8

import (
	"context"
	"os"
	"strconv"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"drillbook/fixtures/dm8"
	"drillbook/fixtures/dm8/conf"
	standin "drillbook/fixtures/dm8/image"
	"drillbook/harness/drill"
	"drillbook/harness/driver"
	"drillbook/harness/host"
	"drillbook/harness/phrase"
	"drillbook/scenarios/dsl"
)

// Product is Dameng DM8.
func Product() dsl.Product {
	return dsl.Product{
		Name: "dm8", Title: "Dameng DM8 Data Watch", Images: []host.Image{standin.StandIn()}, Probe: probe(),
		ImageVariable: imageEnv, Own: adopt,
		Scenarios: []dsl.Scenario{
			Switchover(), Takeover(), SyncCheck(), SplitBrain(), RebuildStandby(), OrderedShutdown(), ServiceName(),
			AutoTakeover(), BuildGroup(),
		},
	}
}

// probe is what consoles bear: every attempt is a line typed into disql and
// read back, so it takes longer than a driver's, and there are fewer.
func probe() drill.Probe {
	return drill.Probe{
		Writes: 25, Reads: 10, Connects: 2, Direct: 5, Connect: 250 * time.Millisecond, Reply: 500 * time.Millisecond,
	}
}

// scenario is the usual cluster of a primary and a realtime standby, or of two where the
// runbook's parameter standbys says so.
func scenario(runbook, tier string, mode conf.Mode, body func(*story)) dsl.Scenario {
	return dsl.Scenario{
		Runbook: runbook, Tier: tier, Members: []string{"dm1", "dm2"}, More: secondStandby,
		Driver: func(params map[string]string) (driver.Driver, error) {
			cfg, err := config(mode)
			if err != nil {
				return nil, err
			}
			cfg.Async = params["feed"] == "async"
			cfg.Separate = separate(params)
			if cfg.Async && len(secondStandby(params)) > 0 {
				return nil, phrase.Errorf(
					"standbys=2 is about two realtime standbys: leave out feed=async, or standbys",
				)
			}
			return dm8.New(cfg), nil
		},
		Body: func(d *dsl.Drill) { body(&story{d: d}) },
	}
}

// separate is where clients read, as the runbook's parameter reads says.
func separate(params map[string]string) conf.RWSeparate {
	switch params["reads"] {
	case "split":
		return conf.AtTimely
	case "listed":
		return conf.AtListed
	}
	return conf.AtPrimary
}

// secondStandby is the member that a group of two standbys has besides.
func secondStandby(params map[string]string) []string {
	if params["standbys"] == "2" {
		return []string{"dm3"}
	}
	return nil
}

// patternsEnv names a file of wordings for builds that speak otherwise.
const patternsEnv = "DM8_PATTERNS"

// config is a group of the image that the user named, or of the stand-in.
func config(mode conf.Mode) (dm8.Config, error) {
	cfg := dm8.Config{Mode: mode}
	if err := image(&cfg); err != nil {
		return cfg, err
	}
	path := os.Getenv(patternsEnv)
	if path == "" {
		return cfg, nil
	}
	text, err := os.ReadFile(path) //nolint:gosec // the user's own file
	if err != nil {
		return cfg, phrase.Errorf("%s: %w", patternsEnv, err)
	}
	cfg.Patterns, err = dm8.Patterns(string(text))
	if err != nil {
		return cfg, phrase.Errorf("%s: %w", patternsEnv, err)
	}
	return cfg, nil
}

// speed reads by how much the clocks of the group run faster.
func speed(text string) (float64, error) {
	n, err := strconv.ParseFloat(text, 64)
	if err != nil || n < 1 {
		return 0, phrase.Errorf("%q is no speed such as 1 or 10", text)
	}
	return n, nil
}

// story is a drill with what its steps share: the members by their first
// roles. others are the standbys besides b, which stay what they are.
type story struct {
	d      *dsl.Drill
	a, b   driver.Member
	others []driver.Member
}

// dm is the adapter, with what only it can do.
func (s *story) dm() *dm8.Driver {
	GinkgoHelper()
	dm, ok := s.d.Cluster.Driver.(*dm8.Driver)
	Expect(ok).To(BeTrue(), "the driver is that of DM8")
	return dm
}

// step declares the It of a step.
func (s *story) step(title string, do func(ctx SpecContext)) {
	It(s.d.Step(title), do, SpecTimeout(dsl.StepLimit))
}

// healthy is the first step of most pages.
func (s *story) healthy() {
	s.step("Confirm that the group is healthy", func(ctx SpecContext) {
		var standbys []driver.Member
		s.a, standbys = s.d.Group(ctx)
		s.b, s.others = standbys[0], standbys[1:]
		s.d.Confirm("show")(s.dm().CheckHealthy(ctx))
		for _, m := range standbys {
			s.d.ConfirmInSync(ctx, m, s.a)
		}
	})
}

// expect notes how long the group's own timers let the outage last.
func (s *story) expect(e conf.Event) {
	o := s.dm().Expected(e)
	s.d.RecordExpected(string(o.Event), o.Most, o.Sum())
}

// both makes sure of the roles and that the standby, and every other one, has
// everything.
func (s *story) both(ctx context.Context, primary, standby driver.Member) {
	GinkgoHelper()
	s.d.ConfirmRole(ctx, primary, driver.Primary)
	for _, m := range append([]driver.Member{standby}, s.others...) {
		s.d.ConfirmRole(ctx, m, driver.Standby)
		s.d.ConfirmInSync(ctx, m, primary)
	}
}

// works fails the step with an error.
func (s *story) works(err error) {
	GinkgoHelper()
	Expect(err).To(s.d.Succeed())
}
