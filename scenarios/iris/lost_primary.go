package iris

import (
	"context"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"drillbook/fixtures/iris/conf"
	"drillbook/fixtures/iris/console"
	"drillbook/harness/driver"
	"drillbook/harness/fault"
	"drillbook/harness/link"
	"drillbook/harness/phrase"
	"drillbook/harness/wait"
	"drillbook/scenarios/dsl"
)

// LostPrimary carries out runbooks/iris/lost-primary.md.
func LostPrimary() dsl.Scenario {
	sc := scenario("iris/lost-primary", dsl.Smoke, lostPrimary)
	sc.Needs = func(params map[string]string) []dsl.Need {
		if params["backup"] == "behind" { // which it is made by cutting it off
			return []dsl.Need{dsl.ClientsBeside, dsl.Cuts}
		}
		return []dsl.Need{dsl.ClientsBeside}
	}
	return sc
}

func lostPrimary(s *story) {
	var cut, lost fault.Fault
	taken := false // over by the backup
	s.step("Confirm that the mirror is healthy", func(ctx SpecContext) {
		s.confirmHealthy(ctx)
		if s.behind() {
			cut = s.cut(ctx, link.Route{From: s.b.Name, To: s.a.Name}) // on the one that stays
			s.works(s.d.Inject(ctx, cut))
			s.works(s.waitBehind(ctx))
			s.works(s.d.WaitServed(ctx, apart, s.d.Book.RTO)) // else its outage and that of the loss are one
		}
	})
	s.step("The primary is lost", func(ctx SpecContext) {
		s.expectLoss()
		lost = s.loss()
		s.works(s.d.Inject(ctx, lost))
	})
	s.step("See whether the backup takes over", func(ctx SpecContext) {
		if taken = s.takesOver(); taken {
			s.works(s.iris().WaitTakenOver(ctx, s.b))
			s.d.Confirm("the backup")(phrase.Say("it has taken over by itself"), nil)
			return
		}
		s.d.Confirm("the backup")(s.staysBackup(ctx))
	})
	s.step("Force the backup to take over", func(ctx SpecContext) {
		switch {
		case taken:
			s.d.NothingToDo(phrase.Say("the backup has taken over by itself"))
		case s.behind():
			s.d.NothingToDo(phrase.Say("not forced: the backup does not have all that was acknowledged"))
		default:
			s.works(s.d.Promote(ctx, s.b))
		}
	})
	s.step("Confirm that the clients follow", func(ctx SpecContext) { s.followed(ctx, s.d.ConfirmServed) })
	s.step("Check that the application works", func(ctx SpecContext) {
		s.followed(ctx, func(ctx context.Context) { s.applicationWorks(ctx, s.b) })
	})
	s.step("Bring the old primary back", func(ctx SpecContext) {
		if cut != nil {
			s.works(s.d.Heal(ctx, cut))
		}
		s.works(s.d.Heal(ctx, lost))
		if s.behind() { // now the backup may get what it lacks from the agent, and take over
			s.works(s.iris().StartServer(ctx, s.a))
			s.works(s.iris().WaitHealthy(ctx))
			s.d.ConfirmServed(ctx)
			primary, _ := s.d.Pair(ctx) // steps 5 and 6 were left for now
			s.applicationWorks(ctx, primary)
			return
		}
		s.works(s.d.Rejoin(ctx, s.a, s.b, driver.Rewind))
	})
	s.step("Confirm the final state", func(ctx SpecContext) {
		primary, standby := s.d.Pair(ctx)
		s.final(ctx, primary, standby)
	})
}

// apart is for how long clients must be served between two outages that are told apart.
const apart = 1200 * time.Millisecond

// applicationWorks makes sure that a primary is of use to clients.
func (s *story) applicationWorks(ctx context.Context, primary driver.Member) {
	GinkgoHelper()
	s.d.Confirm("productions")(s.iris().WaitProductions(ctx, primary))
	s.d.Confirm("functional check")(s.iris().CheckFunction(ctx, primary))
}

// behind: the backup is not active when the primary is lost.
func (s *story) behind() bool { return s.d.Params["backup"] == "behind" }

// takesOver: the product promises that the backup takes over by itself. Of a host that is
// lost, only an arbiter can tell that it is.
func (s *story) takesOver() bool {
	return !s.behind() && (s.d.Params["what"] != "host" || s.d.Params["arbiter"] == "yes")
}

// expectLoss records what the mirror's timers let the loss cost.
func (s *story) expectLoss() {
	switch {
	case !s.takesOver(): // nothing ends it by itself
		s.d.RecordFinding(phrase.Say("expected"), phrase.Say("nobody takes over by itself: the outage lasts "+
			"until a person ends it"), nil)
	case s.d.Params["what"] == "host":
		s.expect(conf.HostLost)
	default:
		s.expect(conf.InstanceLost)
	}
}

// loss is what the drill is about.
func (s *story) loss() fault.Fault {
	switch s.d.Params["what"] {
	case "host":
		return fault.HostLoss(s.a)
	case "hang":
		return fault.HangServer(s.iris(), s.a)
	}
	return fault.KillServer(s.iris(), s.a)
}

// followed does what only makes sense once somebody serves.
func (s *story) followed(ctx context.Context, do func(context.Context)) {
	GinkgoHelper()
	if s.behind() {
		s.d.NothingToDo(phrase.Say("nobody serves before the old primary is back: see the next steps"))
		return
	}
	do(ctx)
}

// waitBehind waits until the primary goes on without the backup.
func (s *story) waitBehind(ctx context.Context) error {
	limit := 2*s.iris().Expected(conf.Cut4).Most + 20*time.Second
	return wait.For(ctx, phrase.Say("the backup to be behind"), limit, func(ctx context.Context) error {
		own, err := s.iris().State(ctx, s.b)
		if err == nil && own.Journal.Is == console.Active {
			err = phrase.Errorf("it is %s", own)
		}
		return err
	})
}

// staysBackup makes sure that the backup does not take over, for as long as it would
// have to.
func (s *story) staysBackup(ctx context.Context) (phrase.Phrase, error) {
	GinkgoHelper()
	Expect(wait.Duration(ctx, s.iris().Expected(conf.HostLost).Most)).To(s.d.Succeed(), "wait for a takeover")
	own, err := s.iris().State(ctx, s.b)
	if err == nil && own.Role() == driver.Primary {
		err = phrase.Errorf("%s has taken over, and nobody can tell whether the other one is down", s.b.Name)
	}
	return phrase.Say("%s: %s", s.b.Name, own.String()), err
}
