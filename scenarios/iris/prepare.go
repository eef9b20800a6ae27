package iris

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"drillbook/fixtures/iris"
	"drillbook/fixtures/iris/conf"
	"drillbook/harness/driver"
	"drillbook/harness/phrase"
	"drillbook/scenarios/dsl"
)

// Prepare carries out runbooks/iris/prepare.md: an instance in use, and the hosts of the
// mirror that it will be in. No mirror is made, so server02 is not a member yet: it holds
// nothing that could be compared.
func Prepare() dsl.Scenario {
	sc := scenario("iris/prepare", dsl.Nightly, prepare)
	sc.Alone, sc.Members = true, []string{"server01"}
	sc.Driver = func(params map[string]string) (driver.Driver, error) {
		cfg, err := config()
		if err != nil {
			return nil, err
		}
		cfg.Prepared = []string{laterMember}
		cfg.TLS = params["tls"] == "yes"
		return iris.New(cfg), bearable(cfg)
	}
	return sc
}

const laterMember = "server02"

// heapJobs is for how many parallel jobs of dejournaling the page raises gmheap.
const heapJobs = 4

func prepare(s *story) {
	s.step("Read the plan", func(ctx SpecContext) {
		var there bool
		s.a = s.d.Cluster.Members[0]
		s.b, there = s.d.Cluster.Auxiliary(laterMember)
		Expect(there).To(BeTrue(), laterMember)
		promise := conf.Promise{RTO: s.d.Book.RTO, NoLoss: s.d.Book.RPO == 0}
		s.d.Confirm("plan")(s.iris().CheckPlan(ctx, promise))
	})
	s.step("Start ISCAgent and the instances", func(ctx SpecContext) {
		for _, m := range []driver.Member{s.a, s.b} {
			s.works(s.iris().StartAgent(ctx, m))
			s.works(s.iris().StartInstance(ctx, m))
			i, err := s.iris().ListInstance(ctx, m)
			s.d.Confirm("instance of %s", m.Name)(phrase.Quote(i.Up.Said), err)
		}
	})
	s.step("Install the arbiter", func(ctx SpecContext) { s.works(s.iris().StartArbiter(ctx)) })
	s.step("Reach every port from every side", func(ctx SpecContext) {
		s.d.Confirm("ports")(s.iris().CheckPorts(ctx))
	})
	s.step("Check the certificates", func(ctx SpecContext) {
		for _, m := range []driver.Member{s.a, s.b} {
			s.d.Confirm("certificate of %s", m.Name)(s.iris().InstallCertificate(ctx, m))
		}
		s.d.Confirm("certificates")(s.iris().CheckCertificates(ctx))
	})
	s.step("Raise gmheap", func(ctx SpecContext) {
		for _, m := range []driver.Member{s.b, s.a} { // the one in use comes last
			s.d.Confirm("gmheap of %s", m.Name)(s.iris().RaiseHeap(ctx, m, heapJobs))
		}
		s.d.ConfirmServed(ctx)
	})
	s.step("Look for what members share", func(ctx SpecContext) {
		s.d.Confirm("what members share")(s.iris().CheckShared(ctx))
	})
}
