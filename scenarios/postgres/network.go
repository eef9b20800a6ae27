package postgres

import (
	"strconv"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"drillbook/fixtures/postgres"
	"drillbook/harness/driver"
	"drillbook/harness/fault"
	"drillbook/harness/link"
	"drillbook/harness/phrase"
	"drillbook/scenarios/dsl"
)

// HalfOpen carries out runbooks/postgres/half-open.md.
func HalfOpen() dsl.Scenario {
	return dsl.Scenario{
		Runbook: "postgres/half-open",
		Tier:    dsl.Nightly,
		Members: pair(),
		Relay:   true,
		Driver:  byModeAnd("hold"),
		Body: func(d *dsl.Drill) {
			s := &network{d: d}
			s.inSync()
			s.halfOpen()
			s.reset()
			s.asBefore("Confirm that the pair is in sync")
		},
	}
}

// SlowNetwork carries out runbooks/postgres/slow-network.md.
func SlowNetwork() dsl.Scenario {
	return dsl.Scenario{
		Runbook: "postgres/slow-network",
		Tier:    dsl.Nightly,
		Members: pair(),
		Relay:   true,
		Driver: func(params map[string]string) (driver.Driver, error) {
			if _, err := rate(params); err != nil {
				return nil, err
			}
			return byModeAnd("delay", "jitter", "hold")(params)
		},
		Body: func(d *dsl.Drill) {
			s := &network{d: d}
			s.inSync()
			s.slow()
			s.narrow()
			s.asBefore("Confirm that clients are served and the pair is in sync")
		},
	}
}

// rate is the parameter of that name, in kilobytes a second.
func rate(params map[string]string) (int64, error) {
	r, err := strconv.ParseInt(params["rate"], 10, 64)
	if err != nil || r < 1 {
		return 0, phrase.Errorf("rate=%s is no number of kilobytes a second such as 300", params["rate"])
	}
	return r, nil
}

// network holds what the steps of both share.
type network struct {
	d       *dsl.Drill
	a, b    driver.Member
	trouble fault.Fault // in force
}

func (s *network) inSync() {
	It(s.d.Step("Confirm that the standby is in sync"), func(ctx SpecContext) {
		s.a, s.b = s.d.PairInSync(ctx)
	}, SpecTimeout(dsl.StepLimit))
}

// impair spoils what the standby opens to the primary.
func (s *network) impair(ctx SpecContext, c link.Condition) {
	s.trouble = s.d.Impair(ctx, s.b, s.a, s.d.Cluster.Driver.Product().Port, c)
}

// look notes how replication stands, as the primary says.
func (s *network) look(ctx SpecContext) postgres.Stream {
	stream, err := postgres.LookAtStream(ctx, s.d.Cluster.Driver, s.a, s.b)
	s.d.Confirm("replication, as a says")(stream.Phrase(), err)
	return stream
}

func (s *network) halfOpen() {
	d := s.d
	It(d.Step("Check the timeouts"), func(ctx SpecContext) {
		d.Confirm("timeouts")(postgres.CheckTimeouts(ctx, s.a))
		d.Confirm("timeouts")(postgres.CheckTimeouts(ctx, s.b))
	}, SpecTimeout(dsl.StepLimit))

	It(d.Step("The connection of replication goes half-open"), func(ctx SpecContext) {
		s.impair(ctx, link.Condition{Kind: link.HalfOpen})
	}, SpecTimeout(dsl.StepLimit))

	It(d.Step("See what both sides say"), func(ctx SpecContext) {
		before := s.look(ctx)
		d.Confirm("replication, as b says")(postgres.LookAtReceiver(ctx, s.b))
		d.Hold(ctx, "the connection to have been half-open")
		after := s.look(ctx)
		d.Confirm("replication, as b says")(postgres.LookAtReceiver(ctx, s.b))
		var err error
		if after.Behind <= before.Behind && d.Params["mode"] == "async" {
			err = phrase.Errorf("the standby fell behind by %d bytes and then by %d: the way is not shut",
				before.Behind,
				after.Behind)
		}
		d.Confirm("the standby falls behind")(phrase.Say("by %d bytes, then by %d, while a says %q",
			before.Behind, after.Behind, after.State), err)
	}, SpecTimeout(dsl.StepLimit))

	It(d.Step("The network carries again"), func(ctx SpecContext) {
		d.HealFault(ctx, s.trouble)
	}, SpecTimeout(dsl.StepLimit))

	s.served("Confirm that clients are served and the standby has caught up")
}

func (s *network) reset() {
	d := s.d
	It(d.Step("The connection of replication is reset"), func(ctx SpecContext) {
		s.impair(ctx, link.Condition{Kind: link.Reset})
		d.Hold(ctx, "connections to have been reset")
		s.look(ctx)
	}, SpecTimeout(dsl.StepLimit))

	It(d.Step("Connections last again"), func(ctx SpecContext) {
		d.HealFault(ctx, s.trouble)
	}, SpecTimeout(dsl.StepLimit))
}

func (s *network) slow() {
	d := s.d
	It(d.Step("See how long replication takes when all is well"), func(ctx SpecContext) {
		s.look(ctx)
	}, SpecTimeout(dsl.StepLimit))

	It(d.Step("The network of replication becomes slow"), func(ctx SpecContext) {
		c := link.Condition{Kind: link.Latency}
		var err error
		c.Delay, err = time.ParseDuration(d.Params["delay"])
		Expect(err).To(s.d.Succeed())
		c.Jitter, err = time.ParseDuration(d.Params["jitter"])
		Expect(err).To(s.d.Succeed())
		s.impair(ctx, c)
	}, SpecTimeout(dsl.StepLimit))

	It(d.Step("See what it does to commits and to the standby"), func(ctx SpecContext) {
		d.Hold(ctx, "the network to have been slow")
		s.look(ctx)
	}, SpecTimeout(dsl.StepLimit))

	It(d.Step("The network is as fast as before"), func(ctx SpecContext) {
		d.HealFault(ctx, s.trouble)
		d.ConfirmServed(ctx)
		s.look(ctx)
	}, SpecTimeout(dsl.StepLimit))
}

func (s *network) narrow() {
	d := s.d
	It(d.Step("The network of replication becomes narrow"), func(ctx SpecContext) {
		r, err := rate(d.Params)
		Expect(err).To(s.d.Succeed())
		s.impair(ctx, link.Condition{Kind: link.Bandwidth, Rate: r})
	}, SpecTimeout(dsl.StepLimit))

	It(d.Step("See whether the standby still keeps up"), func(ctx SpecContext) {
		before := s.look(ctx)
		d.Hold(ctx, "the network to have been narrow")
		after := s.look(ctx)
		d.Confirm("whether it keeps up")(phrase.Say("it was %d bytes behind, and then %d",
			before.Behind, after.Behind), nil)
	}, SpecTimeout(dsl.StepLimit))

	It(d.Step("The network is as wide as before"), func(ctx SpecContext) {
		d.HealFault(ctx, s.trouble)
	}, SpecTimeout(dsl.StepLimit))
}

// apart is how long clients must have been served between two troubles for
// their outages not to count as one.
const apart = 1200 * time.Millisecond

// served waits until clients are served and the standby has caught up.
func (s *network) served(title string) {
	It(s.d.Step(title), func(ctx SpecContext) {
		s.d.ConfirmInSync(ctx, s.b, s.a)
		Expect(s.d.WaitServed(ctx, apart, s.d.Book.RTO+apart)).To(s.d.Succeed())
		s.d.ConfirmServed(ctx)
	}, SpecTimeout(dsl.StepLimit))
}

// asBefore makes sure that nothing is left of the trouble, and nobody has
// another role.
func (s *network) asBefore(title string) {
	It(s.d.Step(title), func(ctx SpecContext) {
		s.d.ConfirmServed(ctx)
		s.d.ConfirmRole(ctx, s.a, driver.Primary)
		s.d.ConfirmRole(ctx, s.b, driver.Standby)
		s.d.ConfirmInSync(ctx, s.b, s.a)
	}, SpecTimeout(dsl.StepLimit))
}
