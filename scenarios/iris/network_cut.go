package iris

import (
	"context"
	"errors"
	"strconv"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"drillbook/fixtures/iris/conf"
	"drillbook/harness/driver"
	"drillbook/harness/fault"
	"drillbook/harness/host"
	"drillbook/harness/link"
	"drillbook/harness/phrase"
	"drillbook/harness/wait"
	"drillbook/scenarios/dsl"
)

// NetworkCut carries out runbooks/iris/network-cut.md.
func NetworkCut() dsl.Scenario {
	sc := scenario("iris/network-cut", dsl.Smoke, networkCut)
	sc.DirectOverPrivate = true // who takes writes is seen of a member that clients do not reach
	sc.Needs = dsl.Always(dsl.ClientsBeside, dsl.Cuts)
	return sc
}

// cutCase is a row of the product's table of links that are lost.
type cutCase struct {
	number int
	step   string
	event  conf.Event
	// The links that are lost: between primary and backup, primary and arbiter, backup
	// and arbiter.
	pb, pa, ba bool
	writes     writer
}

// writer is who takes writes while the links are lost.
type writer int

const (
	thePrimary writer = iota
	theBackup         // which has become the primary
	nobody
	aPerson // has the primary go on, once the backup is down
)

func cutCases() []cutCase {
	return []cutCase{
		{1, "Case 1: nothing is cut", conf.Cut1, false, false, false, thePrimary},
		{2, "Case 2: backup and arbiter lose each other", conf.Cut2, false, false, true, thePrimary},
		{3, "Case 3: primary and arbiter lose each other", conf.Cut3, false, true, false, thePrimary},
		{4, "Case 4: primary and backup lose each other", conf.Cut4, true, false, false, thePrimary},
		{5, "Case 5: the arbiter is lost", conf.Cut5, false, true, true, thePrimary},
		{6, "Case 6: the backup is isolated", conf.Cut6, true, false, true, thePrimary},
		{7, "Case 7: the primary is isolated", conf.Cut7, true, true, false, theBackup},
		{8, "Case 8: all three lose each other", conf.Cut8, true, true, true, nobody},
		{9, "Case 9: a person ends the trouble state", conf.Cut8, true, true, true, aPerson},
	}
}

func networkCut(s *story) {
	s.healthy()
	for _, c := range cutCases() {
		s.step(c.step, func(ctx SpecContext) {
			want := s.d.Params["case"]
			if want != strconv.Itoa(c.number) && (want != "all" || c.writes == aPerson) {
				s.d.NothingToDo(phrase.Say("this drill is of case %s", want))
				return
			}
			if c.writes == aPerson {
				s.playPerson(ctx, c)
				return
			}
			s.play(ctx, c)
		})
	}
	s.step("Confirm the final state", func(ctx SpecContext) {
		a, b := s.d.Pair(ctx)
		s.final(ctx, a, b)
	})
}

// play cuts the links of a case, sees who takes writes, and brings the pair back.
func (s *story) play(ctx context.Context, c cutCase) {
	GinkgoHelper()
	s.works(s.iris().WaitHealthy(ctx))
	p, b := s.d.Pair(ctx)
	o := s.iris().Expected(c.event)
	if !o.Open {
		s.expect(c.event)
	}
	began := time.Now()
	cuts := s.cutLinks(ctx, c, p, b)
	s.settle(ctx, c, o, b)
	s.d.Confirm("who takes writes")(s.whoWrites(ctx, c, p, b))
	s.d.RecordFinding(phrase.Say("links were lost"), phrase.Say("%s", time.Since(began).Round(time.Millisecond)), nil)
	s.mendLinks(ctx, c, cuts)
	if c.writes == theBackup {
		s.forcedDown(ctx, p, b)
	}
	s.works(s.iris().WaitHealthy(ctx))
	s.d.ConfirmServed(ctx)
}

// playPerson loses all links, has a person stop the backup and let the primary go on, and
// brings the pair back.
func (s *story) playPerson(ctx context.Context, c cutCase) {
	GinkgoHelper()
	s.works(s.iris().WaitHealthy(ctx))
	p, b := s.d.Pair(ctx)
	takeovers, err := s.iris().Takeovers(ctx, b)
	s.works(err)
	cuts := s.cutLinks(ctx, c, p, b)
	s.works(wait.Duration(ctx, s.iris().Expected(conf.Cut7).Most))
	s.d.Confirm("who takes writes in trouble")(s.whoWrites(ctx, c, p, b))
	now, err := s.iris().Takeovers(ctx, b)
	s.works(err)
	Expect(now).To(Equal(takeovers), "the backup has taken over")
	s.works(s.iris().StopInstance(ctx, b))
	s.d.Confirm("the backup")(s.iris().Down(ctx, b))
	s.d.Confirm("resumed by")(s.iris().EndTrouble(ctx, p, b, takeovers))
	s.d.ConfirmServed(ctx)
	resumed := c
	resumed.writes = thePrimary
	s.d.Confirm("who takes writes then")(s.whoWrites(ctx, resumed, p, b))
	for _, f := range cuts {
		s.works(s.d.Heal(ctx, f))
	}
	s.works(s.d.Rejoin(ctx, b, p, driver.Rewind))
	s.works(s.iris().WaitHealthy(ctx))
	s.d.ConfirmServed(ctx)
}

// settle waits until a case has come to what it comes to.
func (s *story) settle(ctx context.Context, c cutCase, o conf.Outage, b driver.Member) {
	GinkgoHelper()
	switch c.writes {
	case theBackup:
		s.works(s.iris().WaitTakenOver(ctx, b))
		s.d.ConfirmServed(ctx)
	case nobody, aPerson: // for longer than any timer of the mirror runs
		s.works(wait.Duration(ctx, s.iris().Expected(conf.Cut7).Most))
	case thePrimary:
		s.works(wait.Duration(ctx, o.Most))
		s.d.ConfirmServed(ctx)
	}
}

// watched is how long who takes writes is looked at.
const watched = time.Second

// whoWrites counts who acknowledges writes that are sent straight to the members.
func (s *story) whoWrites(ctx context.Context, c cutCase, p, b driver.Member) (phrase.Phrase, error) {
	counts, err := s.d.CountDirectWrites(ctx, watched)
	if err != nil {
		return phrase.Phrase{}, err
	}
	found := phrase.Say("in %s, %s acknowledged %d writes and %s %d", watched, p.Name, counts[p.Name], b.Name,
		counts[b.Name])
	for _, m := range []struct {
		of    driver.Member
		takes bool
	}{{p, c.writes == thePrimary}, {b, c.writes == theBackup}} {
		switch n := counts[m.of.Name]; {
		case m.takes && n == 0:
			err = errors.Join(err, phrase.Errorf("%s takes no writes", m.of.Name))
		case !m.takes && n > 0:
			err = errors.Join(err, phrase.Errorf("%s takes writes", m.of.Name))
		}
	}
	return found, err
}

// forcedDown makes sure that the new primary has ended the old one now that it reaches it,
// and starts that as the backup.
func (s *story) forcedDown(ctx context.Context, p, b driver.Member) {
	GinkgoHelper()
	var found phrase.Phrase
	until := phrase.Say("%s to be forced down", p.Name)
	err := wait.For(ctx, until, time.Minute, func(ctx context.Context) (err error) {
		found, err = s.iris().Down(ctx, p)
		return err
	})
	s.d.Confirm("the old primary")(found, err)
	s.works(s.d.Rejoin(ctx, p, b, driver.Rewind))
}

// arbiter is the name of the arbiter's host.
func (s *story) arbiter() string {
	for _, m := range s.d.Cluster.Auxiliaries {
		return m.Name
	}
	return ""
}

// cutLinks cuts the links of a case at once, that between primary and backup as the first.
// An isolated primary is cut off from clients, too.
func (s *story) cutLinks(ctx context.Context, c cutCase, p, b driver.Member) []fault.Fault {
	GinkgoHelper()
	var cuts []fault.Fault
	for _, l := range []struct {
		lost  bool
		route link.Route
	}{
		{c.pb, link.Route{From: p.Name, To: b.Name}},
		{c.pa, link.Route{From: p.Name, To: s.arbiter()}},
		{c.ba, link.Route{From: b.Name, To: s.arbiter()}},
		{c.writes == theBackup, link.Route{To: p.Name, Over: host.Public, Port: s.iris().Product().Port}},
	} {
		if l.lost {
			cuts = append(cuts, s.cut(ctx, l.route))
		}
	}
	if len(cuts) > 0 {
		s.works(s.d.InjectTogether(ctx, cuts...))
	}
	return cuts
}

// mendLinks mends what cutLinks has cut, in that order. Where nobody takes writes, the first
// link that is back decides who goes on: it is the one between the members, and the primary
// goes on before the backup, which could still take over, reaches the arbiter again.
func (s *story) mendLinks(ctx context.Context, c cutCase, cuts []fault.Fault) {
	GinkgoHelper()
	for i, f := range cuts {
		s.works(s.d.Heal(ctx, f))
		if i == 0 && c.writes == nobody {
			s.d.ConfirmServed(ctx)
		}
	}
}

// cut is the loss of all that goes by a route.
func (s *story) cut(ctx context.Context, r link.Route) fault.Fault {
	GinkgoHelper()
	l, err := s.d.Links.Link(ctx, r)
	s.works(err)
	return fault.Impair(l, link.Condition{Kind: link.Drop})
}
