package postgres

import (
	"context"
	"slices"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"drillbook/fixtures/postgres"
	"drillbook/harness/driver"
	"drillbook/harness/fault"
	"drillbook/scenarios/dsl"
)

// LostPrimary carries out runbooks/postgres/lost-primary.md.
func LostPrimary() dsl.Scenario {
	return dsl.Scenario{
		Runbook: "postgres/lost-primary",
		Tier:    dsl.Smoke,
		Members: pair(),
		More:    third,
		Driver:  byModeAnd("hold"),
		Needs: func(params map[string]string) []dsl.Need {
			if isHeld(params) {
				return []dsl.Need{dsl.Power, dsl.Cuts}
			}
			return []dsl.Need{dsl.Power}
		},
		Faults: lossFaults,
		Body:   lostPrimary,
	}
}

// isHeld: replication is held up before the loss, which a cut does.
func isHeld(params map[string]string) bool {
	hold, err := time.ParseDuration(params["hold"])
	return err == nil && hold > 0
}

// lossFaults are the faults of a drill in which the primary's host is lost.
func lossFaults(ctx context.Context, f dsl.Foreseen) ([]dsl.StepFault, error) {
	const step = "The primary's host is lost"
	var all []dsl.StepFault
	if isHeld(f.Params) {
		for _, m := range f.Standbys {
			held, err := f.Held(ctx, m, f.Primary)
			if err != nil {
				return nil, err
			}
			all = append(all, dsl.StepFault{Step: step, Fault: held})
		}
	}
	return append(all, dsl.StepFault{Step: step, Fault: fault.HostLoss(f.Primary)}), nil
}

// lost holds what the steps share.
type lost struct {
	d        *dsl.Drill
	a, b     driver.Member
	standbys []driver.Member // but for b, once that was chosen
	away     fault.Fault
	held     []fault.Fault // replication to each standby
}

func lostPrimary(d *dsl.Drill) {
	l := &lost{d: d}
	It(d.Step("Confirm that the standby is in sync"), func(ctx SpecContext) {
		l.a, l.standbys = d.Group(ctx)
		for _, m := range l.standbys {
			d.ConfirmInSync(ctx, m, l.a)
		}
	}, SpecTimeout(dsl.StepLimit))

	It(d.Step("The primary's host is lost"), l.lose, SpecTimeout(dsl.StepLimit))

	It(d.Step("Promote the standby"), l.promote, SpecTimeout(dsl.StepLimit))

	It(d.Step("Confirm that the clients follow"), func(ctx SpecContext) {
		d.ConfirmServed(ctx)
		d.Confirm("where clients are led")(client(d).CheckPath(ctx, l.b, l.b, d.Cluster.Members))
	}, SpecTimeout(dsl.StepLimit))

	It(d.Step("Check that the application works"), func(ctx SpecContext) {
		d.Confirm("functional check")(client(d).CheckFunction(ctx, l.b, d.Cluster.Members))
	}, SpecTimeout(dsl.StepLimit))

	It(d.Step("Rejoin the old primary as a standby"), func(ctx SpecContext) {
		for _, f := range l.held {
			d.HealFault(ctx, f)
		}
		d.HealFault(ctx, l.away)
		Expect(d.Rejoin(ctx, l.a, l.b, driver.Rewind)).To(d.Succeed())
	}, SpecTimeout(dsl.StepLimit))

	It(d.Step("Confirm that the pair is in sync"), func(ctx SpecContext) {
		d.ConfirmRole(ctx, l.b, driver.Primary)
		for _, m := range append(l.standbys, l.a) {
			d.ConfirmRole(ctx, m, driver.Standby)
			d.ConfirmInSync(ctx, m, l.b)
		}
	}, SpecTimeout(dsl.StepLimit))
}

func (l *lost) lose(ctx SpecContext) {
	hold, err := time.ParseDuration(l.d.Params["hold"])
	Expect(err).To(l.d.Succeed())
	for _, m := range l.standbys {
		if hold > 0 {
			l.held = append(l.held, l.d.HoldReplication(ctx, m, l.a, l.d.Cluster.Driver.Product().Port, hold))
		}
	}
	l.away = fault.HostLoss(l.a)
	Expect(l.d.Inject(ctx, l.away)).To(l.d.Succeed())
}

// promote promotes the standby that has received most, and has the others follow it.
func (l *lost) promote(ctx SpecContext) {
	d := l.d
	l.b = l.standbys[0]
	if len(l.standbys) > 1 {
		best, found, err := postgres.MostReceived(ctx, l.standbys)
		d.Confirm("what the standbys have received")(found, err)
		l.b = best
	}
	l.standbys = slices.DeleteFunc(l.standbys, func(m driver.Member) bool { return m.Name == l.b.Name })
	Expect(d.Promote(ctx, l.b)).To(d.Succeed())
	for _, m := range l.standbys {
		Expect(postgres.PointAt(ctx, d.Cluster.Driver, m, l.b)).To(d.Succeed())
	}
}
